/** An enforcement point's enrolment file. spec/enforcement.md. @module */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { jwkSchema } from '../../src/core/jwk.ts'
import { SERVERS_MAX } from '../../src/log/entry-bodies.ts'
import { GatewayError } from './errors.ts'

/** A key with its secret. */
export const privateJwkSchema = z.looseObject({ kty: z.enum(['OKP', 'EC']), d: z.string() })

/** Each costs a connection and as much work as the control plane's own stream. */
const SOURCES_MAX = 8

/** What enrolment wrote: the point's key, and whom it trusts. Mode 0600. */
export const pointFileSchema = z.strictObject({
  v: z.literal(1),
  point: z.string(),
  servers: z.array(z.string()).min(1).max(SERVERS_MAX),
  placement: z.enum(['in_process', 'gateway', 'tool_side']),
  control_plane: z.url(),
  key: privateJwkSchema,
  trust: z.strictObject({
    iss: z.string(),
    issuer_keys: z.array(jwkSchema).min(1),
    frame_key: jwkSchema,
    /** KIL-9. Absent: it is the first. */
    frame_key_seq: z.int().nonnegative().exactOptional(),
    frame_epoch: z.int().nonnegative().exactOptional(),
    rp_id: z.string(),
    origins: z.array(z.string()).min(1),
    /** KIL-7. Without it a point could not tell a true kill from a false one. */
    break_glass: jwkSchema,
    /** KIL-6: whether one person may be enough to lift. */
    separation: z.enum(['independent', 'after']).exactOptional(),
  }),
  bound_ms: z.int().positive(),
  /** Relays that it follows (REV-16). Without any, it follows the control plane itself. */
  sources: z.array(z.url()).min(1).max(SOURCES_MAX).exactOptional(),
})

export type PointFile = z.infer<typeof pointFileSchema>

/** @throws {GatewayError} `POINT_FILE_INVALID` */
export async function readPointFile(path: string): Promise<PointFile> {
  try {
    return pointFileSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const why = isMissing ? 'does not exist: check the name, or' : 'is not an enrolment file:'
    throw new GatewayError('POINT_FILE_INVALID', `${path} ${why} run "countersign point enroll"`, { cause })
  }
}
