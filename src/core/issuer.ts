/**
 * The record of an issuer, as points pin it and people trust it: name, relying party, keys, and where its revocations
 * come from. spec/keys.md (KEY-6, KEY-9).
 * @module
 */
import { z } from 'zod'
import { jwkSchema } from './jwk.ts'

/** Keys that an issuer may have in a trust list, retired ones whose tokens may still live included. */
export const ISSUER_KEYS_MAX = 16

// What people compare before they trust it is shown to them as it stands: nothing in it may move or hide the rest.
const name = z
  .string()
  .max(256)
  .regex(/^[!-~]+$/)
const host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9.-]+$/)
const origin = z
  .string()
  .max(512)
  .regex(/^https?:\/\/[!-.0-~]+$/)

/** KEY-6. The last two are there for issuers other than the list's own. */
export const issuerRecordSchema = z.strictObject({
  iss: name,
  rp_id: host,
  origins: z.array(origin).min(1).max(8),
  keys: z
    .array(z.strictObject({ jwk: jwkSchema, retired_at: z.int().exactOptional() }))
    .min(1)
    .max(ISSUER_KEYS_MAX),
  control_plane: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .exactOptional(),
  frame_key: jwkSchema.exactOptional(),
})

/** An issuer other than one's own. */
export const foreignIssuerSchema = z.strictObject({
  ...issuerRecordSchema.shape,
  control_plane: z.url({ protocol: /^https?$/ }).max(512),
  frame_key: jwkSchema,
})

export type IssuerRecord = z.infer<typeof issuerRecordSchema>
export type ForeignIssuer = z.infer<typeof foreignIssuerSchema>
