/**
 * The shape of a human's gesture, a WebAuthn assertion, as roots and log entries carry it.
 * spec/delegation.md, Gesture. `src/token/gesture.ts` verifies it.
 * @module
 */
import { z } from 'zod'
import { jwkSchema } from './jwk.ts'

export const gestureSchema = z.strictObject({
  /** Revocation handle of the person. */
  rev: z.string().max(64),
  role: z.enum(['principal', 'approver']),
  /** The public key of the person's passkey. */
  jwk: jwkSchema,
  /** Index of the log entry that registered that key. */
  registration: z.int().nonnegative(),
  /** base64url of clientDataJSON. */
  client_data: z.string().max(2048),
  /** base64url of authenticatorData. */
  authenticator_data: z.string().max(1024),
  /** base64url: DER for ES256, 64 bytes for Ed25519, as WebAuthn gives it. */
  signature: z.string().max(256),
})

export type Gesture = z.infer<typeof gestureSchema>
