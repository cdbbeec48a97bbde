/** Probes of the kill channel from the command line: made here, put into the log once there is one. spec/kill.md (KIL-28). @module */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { parseJson } from '../../src/core/json.ts'
import { signProbe } from '../../src/revoke/kill-rules.ts'
import { signedProbeSchema, type SignedProbe } from '../../src/revoke/statement.ts'
import { CliError } from './output.ts'
import { unreadable, type Profile } from './profile.ts'

/** A file of a round, in bytes: thousands of points. */
const ROUND_BYTES_MAX = 1024 * 1024

const roundSchema = z.strictObject({
  statement: signedProbeSchema,
  points: z.array(z.string()).min(1).exactOptional(),
})
/** Without points: of all that are in service an answer is wanted. */
export type ProbeRound = z.infer<typeof roundSchema>

/** By the break-glass key. @param iss the control plane's name, as enrolment files have it */
export function offlineProbe(breakGlass: Signer, iss: string): SignedProbe {
  const t = Date.now()
  return signProbe(breakGlass, 'break_glass', { v: 1, id: newId(nodeCrypto, 'prb', t), iss, t })
}

/** By the frame key. */
export async function askProbe(profile: Profile): Promise<SignedProbe> {
  return signedProbeSchema.parse(await profile.client.post('/v1/probes', {}))
}

/** @returns the points of which an answer is wanted. @throws {ApiError} */
export async function recordRound(profile: Profile, round: ProbeRound): Promise<string[]> {
  const answer = await profile.client.post('/v1/probes/sent', round)
  return z.object({ points: z.array(z.string()) }).parse(answer).points
}

/** @throws {CliError} `FILE_UNREADABLE`, `ARGUMENT_INVALID` */
export async function readRound(path: string): Promise<ProbeRound> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    return roundSchema.parse(parseJson(bytes, { bytes_max: ROUND_BYTES_MAX, depth_max: 8 }))
  } catch (cause) {
    const next = 'give the file that "countersign kill probe … -o FILE" wrote'
    throw new CliError('ARGUMENT_INVALID', `${path} holds no round of a probe: ${next}`, { cause })
  }
}
