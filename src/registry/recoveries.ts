/**
 * Recovery: who lost every passkey is invited to register anew. spec/people.md (PPL-11, PPL-13); what they registered
 * counts by an endorsement (endorsements.ts). Invariant: an invitation alone gives nothing and takes nothing.
 * @module
 */
import type { Actor } from '../log/entries.ts'
import type { Tx } from '../ports/store.ts'
import { raise } from './alerts.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { insertInvitation } from './invitations.ts'
import { beginRecovery } from './passkey-rows.ts'
import { findEnrolled } from './people.ts'

/**
 * @returns the invitation's secret, which cannot be shown again
 * @throws {RegistryError} `UNKNOWN_PERSON`, `NOT_ENDORSED`; `STATE_CONFLICT`: not enrolled, or never endorsed;
 * `SAME_PERSON`: themselves
 */
export function inviteAgain(
  ctx: RegistryContext,
  by: string,
  person: string,
): Promise<{ invitation: string }> {
  if (by === person)
    throw new RegistryError('SAME_PERSON', 'nobody recovers themselves: add a passkey, or ask somebody else')
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, by)
    return { invitation: (await inviteTx(ctx, tx, personActor(by), person)).invitation }
  })
}

/** On the control plane's own machine; an alert says so. @throws {RegistryError} as {@link inviteAgain} */
export function inviteByMachine(
  ctx: Pick<RegistryContext, 'crypto' | 'store'>,
  person: string,
): Promise<string> {
  return ctx.store.write(async (tx) => {
    const { invitation, index } = await inviteTx(ctx, tx, SYSTEM, person)
    await raise(tx, {
      rule: 'RECOVERY_BY_MACHINE',
      subject: person,
      key: `recovery/${index}`,
      detail: {},
      entries: [index],
    })
    return invitation
  })
}

async function inviteTx(
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  actor: Actor,
  person: string,
): Promise<{ invitation: string; index: number }> {
  const row = await tx.db.selectFrom('people').selectAll().where('id', '=', person).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  if (row.status !== 'enrolled' || row.registration === null || row.endorsed === null)
    throw new RegistryError(
      'STATE_CONFLICT',
      'only who is endorsed is recovered: endorse this person, or invite them as another one',
    )
  const index = await tx.append({
    type: 'person.recovery_invited',
    actor,
    subject: person,
    body: { registration: row.registration },
  })
  const inviter = actor.kind === 'person' ? actor.id : null
  await beginRecovery(tx.db, { person, invitation: index, inviter })
  await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', person).execute()
  return { invitation: await insertInvitation(ctx.crypto, tx, person), index }
}
