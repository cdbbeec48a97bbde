/** Bodies of entries about people and their passkeys. spec/people.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { jwkSchema } from '../core/jwk.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const reason = z.string().regex(REASON_CODE)
const index = z.int().nonnegative()

const credential = z.strictObject({
  jwk: jwkSchema,
  amr: z.array(z.string().max(16)).min(1).max(8),
  /** Model of the authenticator (WebAuthn AAGUID): what it says of itself, not attested. Not always an RFC 9562 UUID. */
  aaguid: z.guid().exactOptional(),
  /** Whether the passkey is synced between devices (flags BE and BS). */
  backed_up: z.boolean().exactOptional(),
})

export const personBodies = {
  'person.added': z.strictObject({}),
  /** Of somebody who never enrolled; others leave by the revocation of their handle. */
  'person.left': z.strictObject({ reason }),
  'person.enrolled': z.strictObject({ rev: id, credential, operator: jwkSchema }),
  'person.endorsed': z.strictObject({
    act: z.strictObject({
      act: z.literal('person.endorse'),
      person: id,
      /** Index of the `person.enrolled` or `person.reregistered` entry. */
      registration: index,
      /** Thumbprint of the passkey. */
      credential: digest,
      endorser: id,
    }),
    gesture: gestureSchema,
    /** The first person of a log endorses themselves: there is nobody else. Of a recovery: PPL-12, PPL-13. */
    acted_alone: z.boolean(),
  }),
  'person.passkey_added': z.strictObject({
    act: z.strictObject({
      act: z.literal('person.add_passkey'),
      person: id,
      /** Index of the entry that registered the person. */
      registration: index,
      /** Thumbprint of the new passkey. */
      credential: digest,
    }),
    /** By a passkey of theirs that counts. */
    gesture: gestureSchema,
    credential,
  }),
  'person.passkey_removed': z.strictObject({
    /** Index of the entry that registered it; with the reason `compromised` also of one that had ended (PPL-16). */
    passkey: index,
    reason,
    /** From when it is taken to be in other hands; absent: always. With `compromised` alone. */
    since: z.iso.datetime().exactOptional(),
    /** By its person; absent: by somebody else, who needs none. */
    act: z
      .strictObject({
        act: z.literal('person.remove_passkey'),
        person: id,
        passkey: index,
        credential: digest,
        reason,
        since: z.iso.datetime().exactOptional(),
      })
      .exactOptional(),
    gesture: gestureSchema.exactOptional(),
  }),
  'person.recovery_invited': z.strictObject({
    /** Index of the entry that registered the person until then. */
    registration: index,
  }),
  /** Of no effect until it is endorsed. */
  'person.reregistered': z.strictObject({
    credential,
    operator: jwkSchema,
    /** Index of the `person.recovery_invited` entry. */
    invitation: index,
  }),
} as const
