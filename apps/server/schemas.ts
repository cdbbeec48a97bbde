/** What requests and answers look like, where several routes share it. spec/api.md. @module */
import { z } from '@hono/zod-openapi'
import { jwkSchema } from '../../src/core/jwk.ts'
import { REASON_CODE } from '../../src/log/erasure-bodies.ts'

export const idParam = z.strictObject({ id: z.string().min(1).max(64) })
export const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
export const name = z.string().min(1).max(128)
/** Why, as a code: it stands in frames and entries for ever. What needs words is a note (ERA-12). */
export const reason = z.string().regex(REASON_CODE)
export const jwk = jwkSchema

/** A gesture as the authenticator returns it, base64url. */
export const gestureParts = z.strictObject({
  client_data: z.string().min(1).max(2048),
  authenticator_data: z.string().min(1).max(1024),
  signature: z.string().min(1).max(256),
})

/** A registration as the authenticator returns it, base64url (PPL-1). */
export const attestation = z.strictObject({
  id: z.string().min(1).max(1366),
  client_data: z.string().min(1).max(2048),
  attestation_object: z.string().min(1).max(8192),
})

export const enrolled = z.object({
  person: z.string(),
  rev: z.string(),
  registration: z.int(),
  /** Thumbprint of the passkey: with `registration` what an endorser signs (PPL-5), to be compared with. */
  credential: z.string(),
  /** Nobody enrolled before: this person endorses themselves (PPL-6). */
  first: z.boolean(),
  /** Of a recovery: whether the person endorses themselves (PPL-13), or waits for somebody else. */
  recovers: z.enum(['alone', 'by_another']).exactOptional(),
})

export const reasonBody = z.strictObject({ reason })
export const ok = z.object({ ok: z.literal(true) })
export const framesAnswer = z.object({
  /** Numbers of the frames, new or earlier. */
  frames: z.array(z.int()),
  /** Milliseconds since 1970: the frames were durable then. */
  acknowledged_at: z.int(),
  head: z.int(),
})

const fault = z.object({ error: z.object({ code: z.string(), message: z.string() }) }).openapi('Fault', {
  description: 'A stable code and what to do. 400, 401, 403, 404, 409, 413, 422 or 503.',
})

/** The answers of a route: one good one, and the faults that every route shares. */
export function answers<S extends z.ZodType>(
  description: string,
  schema: S,
): {
  200: { description: string; content: { 'application/json': { schema: S } } }
  default: { description: string; content: { 'application/json': { schema: typeof fault } } }
} {
  return {
    200: { description, content: { 'application/json': { schema } } },
    default: { description: 'A fault', content: { 'application/json': { schema: fault } } },
  }
}

/** A JSON body that must be there. */
export function body<S extends z.ZodType>(
  schema: S,
): { required: true; content: { 'application/json': { schema: S } } } {
  return { required: true, content: { 'application/json': { schema } } }
}
