/**
 * More passkeys of one person: added by a gesture of one that counts, removed by one or by whoever manages people.
 * spec/people.md (PPL-8 to PPL-10, PPL-16). Invariant: nobody's passkey counts that another one of theirs, or an endorser, did not
 * stand behind, and what was removed counts in no later entry.
 * @module
 */
import type { Kysely } from 'kysely'
import { thumbprint } from '../core/jwk.ts'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { assertIdUnused, type Credential } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy, type Asked } from './gestures.ts'
import { endPasskeys, insertPasskey, passkeyOf, passkeysOf, type PasskeyRow } from './passkey-rows.ts'
import { findCounting, setPasskeyName } from './passkey-views.ts'
import { findEnrolled, type Signer } from './people.ts'
import { revokeTx } from './revocations.ts'
import { sealedWith } from './sealed-with.ts'

/** Of one person at once (PPL-8): a gesture is tried against each. */
export const PASSKEYS_MAX = 10

type Db = Kysely<Schema>
type Now = Pick<Tx, 'db' | 'now'>
/** What the registration of another passkey is over: not before the one that is the newest now. */
type RegisterAct = {
  readonly act: 'person.passkey'
  readonly person: string
  readonly registration: number
  readonly after: number
}
type AddAct = EntryBody<'person.passkey_added'>['act']
type RemoveAct = NonNullable<EntryBody<'person.passkey_removed'>['act']>

/** What the registration of another passkey is over. @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT`, `NOT_ENDORSED` */
export async function registrationOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Db,
  person: string,
): Promise<Asked<RegisterAct>> {
  const { registration } = await findEnrolled(db, person)
  const newest = await db
    .selectFrom('passkeys')
    .select('registration')
    .where('person', '=', person)
    .where('status', 'not in', ['recovering', 'dropped'])
    .orderBy('registration', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return askedOf(ctx, { act: 'person.passkey', person, registration, after: newest.registration })
}

/**
 * What a passkey that counts signs to add this one.
 * @throws {RegistryError} as {@link registrationOf}; `KEY_IN_USE`, `LIMIT_EXCEEDED`; `STATE_CONFLICT`: of another sort
 */
export async function additionOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Db,
  person: string,
  { id, jwk, amr }: Credential,
): Promise<Asked<AddAct>> {
  const { registration, passkeys, amr: own } = await findEnrolled(db, person)
  if (passkeys.length >= PASSKEYS_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `you have ${PASSKEYS_MAX} passkeys: remove one first`)
  if (amr.join() !== own.join())
    throw new RegistryError(
      'STATE_CONFLICT',
      'yours are of another sort, passkeys or software: be recovered to change from one to the other',
    )
  await assertKeyUnused(ctx.crypto, db, jwk)
  await assertIdUnused(db, id)
  return askedOf(ctx, {
    act: 'person.add_passkey',
    person,
    registration,
    credential: thumbprint(ctx.crypto, jwk),
  })
}

/** @returns the index by which gestures name it. @throws {RegistryError} as {@link additionOf}; `GESTURE_INVALID` */
export function addPasskey(
  ctx: RegistryContext,
  person: string,
  credential: Credential,
  given: { readonly parts: GestureParts; readonly name?: string },
): Promise<{ passkey: number }> {
  return ctx.store.write(async (tx) => {
    const { act } = await additionOf(ctx, tx.db, person, credential)
    const gesture = signedBy(ctx, await findEnrolled(tx.db, person), 'principal', act, given.parts)
    const { id, jwk, aaguid, backed_up } = credential
    const logged = { jwk, amr: [...credential.amr], aaguid, backed_up }
    const passkey = await tx.append({
      type: 'person.passkey_added',
      actor: personActor(person),
      subject: person,
      body: { act, gesture, credential: logged },
    })
    const of = {
      person,
      registration: passkey,
      adder: gesture.registration,
      operator_jkt: null,
      now_ms: tx.now,
    }
    await insertPasskey(tx.db, { ...of, status: 'counts', credential: logged, credential_id: id })
    if (given.name !== undefined) await setPasskeyName(ctx, tx, person, passkey, given.name)
    return { passkey }
  })
}

/**
 * What another passkey of the person signs to remove this one.
 * @throws {RegistryError} `UNKNOWN_PASSKEY`, `NOT_ENDORSED`; `STATE_CONFLICT`: it is the last, or `since` is another's or to come.
 * {CoreError} `TIME_INVALID`
 */
export async function removalOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  { db, now }: Now,
  person: string,
  removal: Removal,
): Promise<Asked<RemoveAct>> {
  const { passkey, reason, since } = removal
  assertMoment(removal, now)
  const { jwk } = passkeyOf(await findRemovable(db, person, removal))
  if ((await othersOf(db, person, passkey)).passkeys.length === 0)
    throw new RegistryError(
      'STATE_CONFLICT',
      'this is your last passkey: add another first, or let somebody else run "countersign person recover"',
    )
  const credential = thumbprint(ctx.crypto, jwk)
  const named = since === undefined ? {} : { since }
  return askedOf(ctx, { act: 'person.remove_passkey', person, passkey, credential, reason, ...named })
}

/** Of a `since` (PPL-16): before anybody signs for it. @throws {RegistryError} `STATE_CONFLICT`. {CoreError} `TIME_INVALID` */
function assertMoment({ reason, since }: Removal, now_ms: number): void {
  if (since === undefined) return
  if (reason !== COMPROMISED)
    throw new RegistryError('STATE_CONFLICT', 'a moment is named of a passkey that is compromised alone')
  if (parseRfc3339(since) > now_ms)
    throw new RegistryError('STATE_CONFLICT', 'that moment is yet to come: name an earlier one, or none')
}

/** One that counts, or as compromised one that has ended (PPL-16). @throws {RegistryError} `UNKNOWN_PASSKEY` */
async function findRemovable(db: Db, person: string, { passkey, reason }: Removal): Promise<PasskeyRow> {
  if (reason !== COMPROMISED) return findCounting(db, person, passkey)
  const ended = (await passkeysOf(db, person, 'ended')).find((row) => row.registration === passkey)
  return ended ?? findCounting(db, person, passkey)
}

/** The person with every passkey but this one: it does not remove itself. */
async function othersOf(db: Db, person: string, passkey: number): Promise<Signer> {
  const { rev, passkeys } = await findEnrolled(db, person)
  return { rev, passkeys: passkeys.filter(({ registration }) => registration !== passkey) }
}

export interface Removal {
  /** Index of the entry that registered it. */
  readonly passkey: number
  /** A code; with `compromised` what it sealed is revoked (PPL-10). */
  readonly reason: string
  /** RFC 3339: what it sealed before then stands. */
  readonly since?: string
}

export interface Removed {
  readonly frames: readonly SignedFrame[]
  /** Passkeys that still count and that it had added, itself or by those that it added. */
  readonly added: readonly number[]
}

/** @throws {RegistryError} as {@link removalOf}; `GESTURE_INVALID`: also by the one that is to be removed */
export function removeOwnPasskey(
  ctx: RegistryContext,
  person: string,
  removal: Removal,
  parts: GestureParts,
): Promise<Removed> {
  return ctx.store.write(async (tx) => {
    const { act } = await removalOf(ctx, tx, person, removal)
    const others = await othersOf(tx.db, person, removal.passkey)
    const gesture = signedBy(ctx, others, 'principal', act, parts)
    return removeTx(ctx, tx, { by: person, person, removal, signed: { act, gesture } })
  })
}

/** @throws {RegistryError} `UNKNOWN_PASSKEY`, `NOT_ENDORSED`; `SAME_PERSON`: one's own takes a gesture */
export function removePasskeyOf(
  ctx: RegistryContext,
  by: string,
  person: string,
  removal: Removal,
): Promise<Removed> {
  if (by === person)
    throw new RegistryError('SAME_PERSON', 'you remove your own with a gesture of another passkey of yours')
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, by)
    assertMoment(removal, tx.now)
    await findRemovable(tx.db, person, removal)
    return removeTx(ctx, tx, { by, person, removal, signed: {} })
  })
}

async function removeTx(
  ctx: RegistryContext,
  tx: Tx,
  removed: {
    readonly by: string
    readonly person: string
    readonly removal: Removal
    readonly signed: Pick<EntryBody<'person.passkey_removed'>, 'act' | 'gesture'>
  },
): Promise<Removed> {
  const { by, person, removal, signed } = removed
  const { passkey, reason, since } = removal
  const actor = personActor(by)
  await tx.append({
    type: 'person.passkey_removed',
    actor,
    subject: person,
    body: { ...removal, ...signed },
  })
  await endPasskeys(tx.db, person, [passkey])
  const frames: SignedFrame[] = []
  if (reason === COMPROMISED)
    for (const target of await sealedWith(tx, person, { passkey, since_ms: momentOf(since) }))
      frames.push(...(await revokeTx(ctx, tx, actor, { kind: 'delegation', target, reason })))
  return { frames, added: await addedBy(tx, person, passkey) }
}

/** Milliseconds; 0: nobody knows when. */
function momentOf(since: string | undefined): number {
  return since === undefined ? 0 : parseRfc3339(since)
}

/** Those that count and that it had added, or that one of those had, whether that still counts or not. */
async function addedBy({ db }: Tx, person: string, passkey: number): Promise<number[]> {
  const rows = await db
    .selectFrom('passkeys')
    .select(['registration', 'adder', 'status'])
    .where('person', '=', person)
    .orderBy('registration')
    .execute()
  // Whatever adds is registered before what it adds.
  const from = new Set<number | null>([passkey])
  for (const { registration, adder } of rows) if (from.has(adder)) from.add(registration)
  from.delete(passkey)
  return rows.flatMap(({ registration, status }) =>
    from.has(registration) && status === 'counts' ? [registration] : [],
  )
}

/** The reason with which what a passkey sealed is revoked. */
export const COMPROMISED = 'compromised'
