/**
 * Endorsements: a registration counts once somebody whose own registration counts makes a gesture over it.
 * spec/people.md (PPL-5, PPL-6). Invariant 9: nobody makes a person of their own and approves with it unseen.
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
import { findEnrolled, findRegistered, type EnrolledPerson } from './people.ts'

type EndorseAct = EntryBody<'person.endorsed'>['act']

/** What the endorser signs, and its WebAuthn challenge. @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT` */
export async function endorsementOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  person: string,
  endorser: string,
): Promise<Asked<EndorseAct>> {
  const { registration, credential, endorsed } = await findRegistered(db, person)
  if (endorsed)
    throw new RegistryError('STATE_CONFLICT', 'this registration is endorsed already: nothing is left to do')
  const act: EndorseAct = {
    act: 'person.endorse',
    person,
    registration,
    credential: thumbprint(ctx.crypto, credential),
    endorser,
  }
  return askedOf(ctx, act)
}

/**
 * @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT` (not enrolled, or endorsed already), `GESTURE_INVALID`;
 * `NOT_ENDORSED`: the endorser's own registration does not count yet;
 * `SAME_PERSON`: one endorses oneself, is not the first, and the mode is `independent`.
 */
export function endorsePerson(
  ctx: RegistryContext,
  endorser: string,
  person: string,
  parts: GestureParts,
): Promise<{ acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    const { act } = await endorsementOf(ctx, tx.db, person, endorser)
    const acted_alone = endorser === person
    const by = acted_alone ? await findAlone(ctx, tx, person) : await findEnrolled(tx.db, endorser)
    const gesture = signedBy(ctx, by, 'approver', act, parts)
    const endorsed = await tx.append({
      type: 'person.endorsed',
      actor: personActor(endorser),
      subject: person,
      body: { act, gesture, acted_alone },
    })
    await tx.db.updateTable('people').set({ endorsed }).where('id', '=', person).execute()
    return { acted_alone }
  })
}

/** Who may endorse themselves: the first registered of this log, and anyone under `after` (PPL-6). */
async function findAlone(ctx: RegistryContext, tx: Tx, person: string): Promise<EnrolledPerson> {
  const self = await findRegistered(tx.db, person)
  const earlier = await tx.db
    .selectFrom('people')
    .select('id')
    .where('registration', '<', self.registration)
    .limit(1)
    .executeTakeFirst()
  if (earlier && ctx.separation === 'independent') {
    throw new RegistryError('SAME_PERSON', 'nobody endorses themselves: ask somebody who is endorsed')
  }
  return self
}
