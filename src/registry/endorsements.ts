/**
 * Endorsements: a registration counts once somebody whose own registration counts makes a gesture over it.
 * spec/people.md (PPL-5, PPL-6, PPL-12). Invariant 9: nobody makes a person of their own and approves with it unseen.
 * @module
 */
import type { Kysely } from 'kysely'
import { thumbprint } from '../core/jwk.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy, type Asked } from './gestures.ts'
import { mayRecoverTogether } from './lines.ts'
import { passkeyOf, passkeysOf, setPasskey, settleRecovery, type Passkey } from './passkey-rows.ts'
import { findEnrolled, findRegistered, type EnrolledPerson, type Signer } from './people.ts'

type EndorseAct = EntryBody<'person.endorsed'>['act']

export interface Endorsed {
  readonly acted_alone: boolean
  /** Whatever the person had before has ended. */
  readonly recovered: boolean
}

/** A registration that nobody has endorsed: of an enrolment, or of a recovery. */
interface Waiting {
  readonly rev: string
  readonly passkey: Passkey
  readonly recovery: Pick<Schema['recoveries'], 'inviter'> | null
}

/** @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT`: nothing waits */
async function waitingOf(db: Kysely<Schema>, person: string): Promise<Waiting> {
  const recovery = await db
    .selectFrom('recoveries')
    .selectAll()
    .where('person', '=', person)
    .where('registration', 'is not', null)
    .executeTakeFirst()
  if (recovery === undefined) {
    const { rev, passkeys, endorsed } = await findRegistered(db, person)
    if (endorsed)
      throw new RegistryError(
        'STATE_CONFLICT',
        'this registration is endorsed already: nothing is left to do',
      )
    return { rev, passkey: passkeys[0], recovery: null }
  }
  const [row] = await passkeysOf(db, person, 'recovering')
  const known = await db.selectFrom('people').select('rev').where('id', '=', person).executeTakeFirst()
  const rev = known?.rev ?? null
  if (row === undefined || rev === null)
    throw new RegistryError('STATE_CONFLICT', 'this recovery has no registration: invite them again')
  return { rev, passkey: passkeyOf(row), recovery }
}

/** What the endorser signs, and its WebAuthn challenge. @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT` */
export async function endorsementOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  person: string,
  endorser: string,
): Promise<Asked<EndorseAct>> {
  const { passkey } = await waitingOf(db, person)
  const act: EndorseAct = {
    act: 'person.endorse',
    person,
    registration: passkey.registration,
    credential: thumbprint(ctx.crypto, passkey.jwk),
    endorser,
  }
  return askedOf(ctx, act)
}

/**
 * @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT` (not enrolled, or endorsed already), `GESTURE_INVALID`;
 * `NOT_ENDORSED`: the endorser's own registration does not count yet;
 * `SAME_PERSON`: one endorses oneself, is not the first, and the mode is `independent`; of a recovery also who invited
 * to it, and never the person themselves (PPL-12). `SAME_LINE`: one of them could have made the other (PPL-15).
 */
export function endorsePerson(
  ctx: RegistryContext,
  endorser: string,
  person: string,
  parts: GestureParts,
): Promise<Endorsed> {
  return ctx.store.write(async (tx) => {
    const { recovery } = await waitingOf(tx.db, person)
    if (recovery !== null) {
      const acted_alone = await assertMayRecover(ctx, tx.db, recovery.inviter, { endorser, person })
      return endorseTx(ctx, tx, { by: await findEnrolled(tx.db, endorser), person, parts, acted_alone })
    }
    const acted_alone = endorser === person
    const by = acted_alone ? await findAlone(ctx, tx, person) : await findEnrolled(tx.db, endorser)
    return endorseTx(ctx, tx, { by, person, parts, acted_alone })
  })
}

/** @returns whether they act alone. @throws {RegistryError} `SAME_PERSON` (PPL-12), `SAME_LINE` (PPL-15) */
async function assertMayRecover(
  { separation }: RegistryContext,
  db: Kysely<Schema>,
  inviter: string | null,
  { endorser, person }: { readonly endorser: string; readonly person: string },
): Promise<boolean> {
  if (endorser === person)
    throw new RegistryError('SAME_PERSON', 'nobody recovers themselves: ask somebody else to endorse you')
  if (inviter === null) return false
  if (separation === 'after') return endorser === inviter
  if (endorser === inviter)
    throw new RegistryError(
      'SAME_PERSON',
      'you invited them again: a third person endorses, or start the control plane with --recover in your place',
    )
  if (!(await mayRecoverTogether(db, inviter, endorser)))
    throw new RegistryError(
      'SAME_LINE',
      'one of you brought the other in here, or somebody brought in both: ask another person, or start the control plane with --recover in place of the invitation',
    )
  return false
}

/**
 * Who was recovered by the machine endorses themselves, while nobody else is there (PPL-13).
 * @param secret_hash of the invitation that they used
 */
export function endorseOwnRecovery(
  ctx: RegistryContext,
  secret_hash: string,
  parts: GestureParts,
): Promise<{ person: string }> {
  return ctx.store.write(async (tx) => {
    const person = await aloneWith(tx.db, secret_hash)
    const { rev, passkey } = await waitingOf(tx.db, person)
    await endorseTx(ctx, tx, {
      by: { id: person, rev, passkeys: [passkey] },
      person,
      parts,
      acted_alone: true,
    })
    return { person }
  })
}

/** What they sign. @throws {RegistryError} `SECRET_INVALID`, `SAME_PERSON` */
export async function ownRecoveryOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  secret_hash: string,
): Promise<Asked<EndorseAct>> {
  const person = await aloneWith(db, secret_hash)
  return endorsementOf(ctx, db, person, person)
}

/** @throws {RegistryError} `SECRET_INVALID`: registered nothing that waits; `SAME_PERSON`: somebody else can endorse them */
async function aloneWith(db: Kysely<Schema>, secret_hash: string): Promise<string> {
  const recovery = await db
    .selectFrom('recoveries')
    .select(['person', 'inviter'])
    .where('secret_hash', '=', secret_hash)
    .executeTakeFirst()
  if (recovery === undefined)
    throw new RegistryError('SECRET_INVALID', 'nothing waits that was registered with this secret')
  if (!(await recoversAlone(db, recovery)))
    throw new RegistryError('SAME_PERSON', 'nobody recovers themselves: ask somebody else to endorse you')
  return recovery.person
}

/** Whether the machine invited, and nobody else who is here has a passkey that counts (PPL-13). */
export async function recoversAlone(
  db: Kysely<Schema>,
  { person, inviter }: Pick<Schema['recoveries'], 'person' | 'inviter'>,
): Promise<boolean> {
  if (inviter !== null) return false
  const other = await db
    .selectFrom('passkeys')
    .innerJoin('people', 'people.id', 'passkeys.person')
    .select('people.id')
    .where('people.status', '=', 'enrolled')
    .where('passkeys.status', '=', 'counts')
    .where('people.id', '!=', person)
    .limit(1)
    .executeTakeFirst()
  return other === undefined
}

async function endorseTx(
  ctx: RegistryContext,
  tx: Tx,
  given: {
    readonly by: Signer & { readonly id: string }
    readonly person: string
    readonly parts: GestureParts
    readonly acted_alone: boolean
  },
): Promise<Endorsed> {
  const { by, person, parts, acted_alone } = given
  const { passkey, recovery } = await waitingOf(tx.db, person)
  const { act } = await endorsementOf(ctx, tx.db, person, by.id)
  const gesture = signedBy(ctx, by, 'approver', act, parts)
  const endorsed = await tx.append({
    type: 'person.endorsed',
    actor: personActor(by.id),
    subject: person,
    body: { act, gesture, acted_alone },
  })
  const { registration } = passkey
  if (recovery === null) await setPasskey(tx.db, registration, 'counts')
  else await settleRecovery(tx.db, person, registration)
  await tx.db.updateTable('people').set({ endorsed }).where('id', '=', person).execute()
  return { acted_alone, recovered: recovery !== null }
}

/** Who may endorse themselves: the first registered of this log, and anyone under `after` (PPL-6). */
async function findAlone(ctx: RegistryContext, tx: Tx, person: string): Promise<EnrolledPerson> {
  const self = await findRegistered(tx.db, person)
  // Of passkeys, where those that have ended stay: whoever is recovered is registered anew, and was here before.
  const earlier = await tx.db
    .selectFrom('passkeys')
    .select('person')
    .where('registration', '<', self.registration)
    .limit(1)
    .executeTakeFirst()
  if (earlier && ctx.separation === 'independent') {
    throw new RegistryError('SAME_PERSON', 'nobody endorses themselves: ask somebody who is endorsed')
  }
  return self
}
