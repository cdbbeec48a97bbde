/** What a browser answers to a ceremony: a passkey, a gesture, or no. spec/people.md (CER-4, CER-6). @module */
import type { Kysely } from 'kysely'
import { publicJwk } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import { ACT_TAG } from '../token/constants.ts'
import { gestureFault } from '../token/gesture.ts'
import { answered, findCeremony, findOpen, insertCeremony, type Asked } from './ceremony-rows.ts'
import type { GestureParts, RegistrationParts, RegistryContext } from './context.ts'
import { endorsementOf } from './endorsements.ts'
import { enrolPersonTx, type Credential } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import { passkeyOf, passkeysOf } from './passkey-rows.ts'
import { additionOf } from './passkeys.ts'
import { findRegistered, gestureBy, type Signer } from './people.ts'

/**
 * Enrols the person. The first of a log goes on to their own endorsement.
 * @returns the secret of the ceremony that follows, or null
 * @throws {RegistryError} `UNKNOWN_CEREMONY`, `STATE_CONFLICT`, `SECRET_INVALID`, `KEY_IN_USE`
 */
export function answerEnrolment(
  ctx: RegistryContext,
  secret: string,
  credential: Credential,
): Promise<string | null> {
  return ctx.store.write(async (tx) => {
    const { id, asked } = await findOpen(ctx, tx, secret, 'enrol')
    const { enrolment, jkt, person } = asked
    if (enrolment === undefined)
      throw new RegistryError('STATE_CONFLICT', 'this link asks for something else')
    const operator = publicJwk({ ...enrolment.operator })
    const enrolled = await enrolPersonTx(ctx, tx, { ...enrolment, operator, credential })
    const endorsesItself = enrolled.first || enrolled.recovers === 'alone'
    if (!endorsesItself || credential.amr.includes('swk')) {
      await answered(tx, id, { state: 'done', enrolled })
      return null
    }
    const { act, challenge } = await endorsementOf(ctx, tx.db, person, person)
    const next = await insertCeremony(ctx, tx, {
      jkt,
      person,
      challenge,
      shown: { tag: ACT_TAG, value: act },
      ...(enrolled.first ? {} : { recovering: enrolled.registration }),
    })
    await answered(tx, id, { state: 'done', enrolled: { ...enrolled, next: next.ceremony } })
    return next.secret
  })
}

/** @throws {RegistryError} `UNKNOWN_CEREMONY`, `STATE_CONFLICT`, `GESTURE_INVALID` */
export function answerGesture(ctx: RegistryContext, secret: string, parts: GestureParts): Promise<void> {
  return ctx.store.write(async (tx) => {
    const { id, asked } = await findOpen(ctx, tx, secret, 'gesture')
    gestureBy(await signerOf(tx.db, asked), 'principal', parts, (gesture) =>
      gestureFault(ctx.crypto, ctx.rp, asked.challenge, gesture),
    )
    await answered(tx, id, { state: 'done', gesture: parts })
  })
}

async function signerOf(db: Kysely<Schema>, { person, recovering }: Asked): Promise<Signer> {
  if (recovering === undefined) return findRegistered(db, person)
  const [row] = await passkeysOf(db, person, 'recovering')
  if (row?.registration !== recovering)
    throw new RegistryError('STATE_CONFLICT', 'this recovery has ended: ask for another invitation')
  return { rev: '', passkeys: [passkeyOf(row)] }
}

/**
 * Takes the registration of another passkey, and asks one that counts for the gesture that adds it.
 * @param given as the authenticator gave it, @param credential what it says
 * @returns the secret of the ceremony that follows
 * @throws {RegistryError} `UNKNOWN_CEREMONY`, `STATE_CONFLICT`, `KEY_IN_USE`, `LIMIT_EXCEEDED`
 */
export function answerPasskey(
  ctx: RegistryContext,
  secret: string,
  given: RegistrationParts,
  credential: Credential,
): Promise<string> {
  return ctx.store.write(async (tx) => {
    const { id, asked } = await findOpen(ctx, tx, secret, 'passkey')
    const { jkt, person } = asked
    const { act, challenge } = await additionOf(ctx, tx.db, person, credential)
    const next = await insertCeremony(ctx, tx, {
      jkt,
      person,
      challenge,
      shown: { tag: ACT_TAG, value: act },
    })
    await answered(tx, id, { state: 'done', registered: { credential: given, next: next.ceremony } })
    return next.secret
  })
}

/** @throws {RegistryError} `UNKNOWN_CEREMONY`, `STATE_CONFLICT` */
export function declineCeremony(ctx: RegistryContext, secret: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    const { kind } = await findCeremony(ctx, tx.db, secret)
    const { id } = await findOpen(ctx, tx, secret, kind)
    await answered(tx, id, { state: 'declined' })
  })
}
