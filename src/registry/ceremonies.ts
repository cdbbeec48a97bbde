/**
 * Ceremonies: questions to a person's browser, where the passkey is. spec/people.md (CER-1 to CER-6).
 * Invariants: a secret takes one answer, what came of it goes to the key that asked alone, and nothing is kept in the
 * clear that opens one. Ceremonies that have expired are removed when the next is made.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import { isJsonObject } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { ACT_TAG, APPROVAL_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import { shownFault, type Shown } from '../token/shown.ts'
import type { GestureParts, RegistryContext } from './context.ts'
import { endorsementOf } from './endorsements.ts'
import { enrolAct, enrolPersonTx, type Credential, type Enrolled } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import { assertInvitation, newSecret, secretHash } from './invitations.ts'
import { findEnrolled, findRegistered, gestureOf, usesPasskey } from './people.ts'
import { namesOf, openFor, sealFor } from './personal.ts'

/** As long as a draft waits for its gesture. */
export const CEREMONY_TTL_MS = 10 * 60 * 1000
/** Ceremonies at once: each holds at most a root's worth of text, so 64 MiB. */
export const CEREMONIES_MAX = 1_000

interface Asked {
  /** Thumbprint of the key that asked. */
  readonly jkt: string
  readonly person: string
  readonly challenge: string
  readonly shown: Shown
  /** Of an enrolment. */
  readonly enrolment?: {
    readonly secret_hash: string
    readonly operator: PublicJwk
    readonly name?: string
  }
}

interface Outcome {
  readonly state: 'done' | 'declined'
  /** With the identifier of the ceremony that follows, when one does (CER-6). */
  readonly enrolled?: Enrolled & { readonly next?: string }
  readonly gesture?: GestureParts
}

export interface Made {
  readonly ceremony: string
  /** For the link; kept as a hash only. */
  readonly secret: string
  /** Milliseconds since 1970. */
  readonly expires: number
}

/** @throws {RegistryError} `SECRET_INVALID`, `LIMIT_EXCEEDED` */
export function makeEnrolCeremony(
  ctx: RegistryContext,
  input: { readonly secret: string; readonly operator: PublicJwk; readonly name?: string },
): Promise<Made> {
  return ctx.store.write(async (tx) => {
    const hash = secretHash(ctx.crypto, input.secret)
    const { person } = await assertInvitation(tx.db, hash, tx.now)
    const value = enrolAct(ctx.crypto, input.operator, hash)
    const { operator, name } = input
    return insert(ctx, tx, {
      jkt: thumbprint(ctx.crypto, operator),
      person,
      challenge: challengeOf(ctx.crypto, ACT_TAG, value),
      shown: { tag: ACT_TAG, value },
      enrolment: { secret_hash: hash, operator, ...(name === undefined ? {} : { name }) },
    })
  })
}

/**
 * @param jkt of the operator key that asks
 * @throws {RegistryError} `GESTURE_INVALID`: the challenge is not a digest of what is shown. `STATE_CONFLICT`: the
 * person's authenticator is no passkey. `NOT_ENDORSED`, `LIMIT_EXCEEDED`
 */
export function makeGestureCeremony(
  ctx: RegistryContext,
  by: { readonly person: string; readonly jkt: string },
  asked: { readonly challenge: string; readonly shown: Shown },
): Promise<Made> {
  // Its page shows the arguments too, which a ceremony would not (APR-8).
  if (asked.shown.tag === APPROVAL_TAG)
    throw new RegistryError('GESTURE_INVALID', 'calls are decided on their own page: take a link to it')
  const fault = shownFault(ctx.crypto, asked.challenge, asked.shown)
  if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
  return ctx.store.write(async (tx) => {
    // Nobody is asked for what would not count.
    const find = endorsesSelf(by.person, asked.shown) ? findRegistered : findEnrolled
    if (!usesPasskey(await find(tx.db, by.person))) {
      throw new RegistryError('STATE_CONFLICT', 'your authenticator is software: it signs where its key is')
    }
    return insert(ctx, tx, { ...by, ...asked })
  })
}

function endorsesSelf(person: string, { value }: Shown): boolean {
  return (
    isJsonObject(value) &&
    value.act === 'person.endorse' &&
    value.person === person &&
    value.endorser === person
  )
}

function placeOf(ceremony: string): string {
  return `ceremony/${ceremony}`
}

async function insert(ctx: RegistryContext, tx: Tx, asked: Asked): Promise<Made> {
  await tx.db.deleteFrom('ceremonies').where('expires', '<=', tx.now).execute()
  const { n } = await tx.db
    .selectFrom('ceremonies')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  if (Number(n) >= CEREMONIES_MAX) {
    throw new RegistryError('LIMIT_EXCEEDED', 'too many ceremonies are open: try again in ten minutes')
  }
  const secret = newSecret(ctx.crypto)
  const ceremony = newId(ctx.crypto, 'cer', tx.now)
  const expires = tx.now + CEREMONY_TTL_MS
  await tx.db
    .insertInto('ceremonies')
    .values({
      id: ceremony,
      secret_hash: secretHash(ctx.crypto, secret),
      kind: asked.enrolment === undefined ? 'gesture' : 'enrol',
      person: asked.person,
      jkt: asked.jkt,
      request_box: await sealFor(ctx, asked.person, placeOf(ceremony), asked),
      answer_json: null,
      expires,
    })
    .execute()
  return { ceremony, secret, expires }
}

/** What a browser that has the secret is asked. */
export interface Question {
  readonly kind: 'enrol' | 'gesture'
  readonly state: 'open' | 'used' | 'expired'
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly person: { readonly id: string; readonly name: string; readonly rev: string | null }
  /** Thumbprint of the key that asked. */
  readonly jkt: string
  readonly challenge: string
  readonly shown: Shown
  /** Of the passkey that is asked for a gesture. */
  readonly credential_id: string | null
}

/** @param now milliseconds. @throws {RegistryError} `UNKNOWN_CEREMONY` */
export async function openCeremony(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  db: Kysely<Schema>,
  secret: string,
  now: number,
): Promise<Question> {
  const row = await find(ctx, db, secret)
  const asked = await askedIn(ctx, row)
  const person = await db
    .selectFrom('people')
    .select(['id', 'name_commit', 'rev', 'credential_id'])
    .where('id', '=', asked.person)
    .executeTakeFirstOrThrow()
  const names = await namesOf(ctx, db, [person.name_commit])
  const name = asked.enrolment?.name ?? names.get(person.name_commit ?? '') ?? person.id
  return {
    kind: row.kind,
    state: row.answer_json !== null ? 'used' : row.expires <= now ? 'expired' : 'open',
    expires: row.expires,
    person: { id: person.id, name, rev: person.rev },
    jkt: asked.jkt,
    challenge: asked.challenge,
    shown: asked.shown,
    credential_id: person.credential_id,
  }
}

async function find(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  secret: string,
): Promise<Schema['ceremonies']> {
  const row = await db
    .selectFrom('ceremonies')
    .selectAll()
    .where('secret_hash', '=', secretHash(ctx.crypto, secret))
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_CEREMONY', 'no such ceremony, or it has expired')
  return row
}

async function askedIn(ctx: Pick<RegistryContext, 'vault'>, row: Schema['ceremonies']): Promise<Asked> {
  const asked = (await openFor(ctx, row.person, placeOf(row.id), row.request_box)) as Asked | null
  if (asked === null) throw new RegistryError('UNKNOWN_CEREMONY', 'no such ceremony, or it has expired')
  return asked
}

/** The row of a ceremony that still takes an answer. */
async function findOpen(
  ctx: RegistryContext,
  tx: Tx,
  secret: string,
  kind: Question['kind'],
): Promise<{ id: string; asked: Asked }> {
  const row = await find(ctx, tx.db, secret)
  if (row.answer_json !== null) throw new RegistryError('STATE_CONFLICT', 'this link has been used')
  if (row.expires <= tx.now) throw new RegistryError('STATE_CONFLICT', 'this link has expired')
  if (row.kind !== kind) throw new RegistryError('STATE_CONFLICT', 'this link asks for something else')
  return { id: row.id, asked: await askedIn(ctx, row) }
}

async function answer(tx: Tx, id: string, outcome: Outcome): Promise<void> {
  const answer_json = JSON.stringify(outcome)
  await tx.db.updateTable('ceremonies').set({ answer_json }).where('id', '=', id).execute()
}

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
    if (!enrolled.first || credential.amr.includes('swk')) {
      await answer(tx, id, { state: 'done', enrolled })
      return null
    }
    const { act, challenge } = await endorsementOf(ctx, tx.db, person, person)
    const next = await insert(ctx, tx, { jkt, person, challenge, shown: { tag: ACT_TAG, value: act } })
    await answer(tx, id, { state: 'done', enrolled: { ...enrolled, next: next.ceremony } })
    return next.secret
  })
}

/** @throws {RegistryError} `UNKNOWN_CEREMONY`, `STATE_CONFLICT`, `GESTURE_INVALID` */
export function answerGesture(ctx: RegistryContext, secret: string, parts: GestureParts): Promise<void> {
  return ctx.store.write(async (tx) => {
    const { id, asked } = await findOpen(ctx, tx, secret, 'gesture')
    const person = await findRegistered(tx.db, asked.person)
    const fault = gestureFault(ctx.crypto, ctx.rp, asked.challenge, gestureOf(person, 'principal', parts))
    if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
    await answer(tx, id, { state: 'done', gesture: parts })
  })
}

/** @throws {RegistryError} `UNKNOWN_CEREMONY`, `STATE_CONFLICT` */
export function declineCeremony(ctx: RegistryContext, secret: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    const { kind } = await find(ctx, tx.db, secret)
    const { id } = await findOpen(ctx, tx, secret, kind)
    await answer(tx, id, { state: 'declined' })
  })
}

export type CeremonyState = Omit<Outcome, 'state'> & {
  readonly state: 'open' | 'done' | 'declined' | 'expired'
}

/**
 * What came of it. @param jkt of the key that wants to know; @param now milliseconds
 * @throws {RegistryError} `UNKNOWN_CEREMONY`: also one that another key asked for
 */
export async function outcomeOf(
  db: Kysely<Schema>,
  id: string,
  jkt: string,
  now: number,
): Promise<CeremonyState> {
  const row = await db.selectFrom('ceremonies').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row || row.jkt !== jkt) {
    throw new RegistryError('UNKNOWN_CEREMONY', 'no such ceremony of yours, or it has expired')
  }
  if (row.answer_json !== null) return JSON.parse(row.answer_json) as Outcome
  return { state: row.expires <= now ? 'expired' : 'open' }
}
