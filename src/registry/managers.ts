/**
 * Consent managers: others who ask data subjects and sign what they said. spec/consent.md (CNS-13).
 *
 *   waiting --approve--> approved --remove--> removed
 *
 * Invariant: a key signs consents only since a person who did not propose it approved it.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { z } from 'zod'
import { managerSchema } from '../log/consent-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { assertFewWait } from './waiting.ts'

export type Manager = z.infer<typeof managerSchema>

export const managerApproval: ApprovalTerms<'manager.approved'> = {
  type: 'manager.approved',
  notOwn: 'who proposed a consent manager does not approve it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await db.selectFrom('managers').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new RegistryError('UNKNOWN_MANAGER', 'no such consent manager')
    const { status, proposal, proposer } = row
    if (status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `this consent manager is ${status}`)
    return { act: { act: 'manager.approve', manager: id, proposal, approver }, askedBy: [proposer] }
  },
  settle: (tx, { key, approval }) => settleManager(tx.db, key.id, approval),
}

/** @throws {RegistryError} `KEY_IN_USE`; `STATE_CONFLICT`: too many wait */
export function proposeManager(
  ctx: RegistryContext,
  proposer: string,
  manager: Manager,
): Promise<{ manager: string; proposal: number }> {
  return ctx.store.write(async (tx) => {
    await assertFewWait(tx, 'managers', 'consent managers')
    await assertKeyUnused(ctx.crypto, tx.db, publicJwk({ ...manager.jwk }))
    const id = newId(ctx.crypto, 'mgr', tx.now)
    const actor = personActor(proposer)
    const proposal = await tx.append({ type: 'manager.proposed', actor, subject: id, body: { manager } })
    const jkt = thumbprint(ctx.crypto, manager.jwk)
    await insertManager(tx.db, { id, manager, jkt, proposer, proposal })
    return { manager: id, proposal }
  })
}

export async function insertManager(
  db: Kysely<Schema>,
  row: Pick<Schema['managers'], 'id' | 'jkt' | 'proposer' | 'proposal'> & { readonly manager: Manager },
): Promise<void> {
  const { manager, ...rest } = row
  await db
    .insertInto('managers')
    .values({ ...rest, status: 'waiting', manager_json: canonicalize({ ...manager }), approval: null })
    .execute()
}

export async function settleManager(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  await db.updateTable('managers').set({ status: 'approved', approval }).where('id', '=', id).execute()
}

export async function markRemoved(db: Kysely<Schema>, id: string): Promise<void> {
  await db.updateTable('managers').set({ status: 'removed' }).where('id', '=', id).execute()
}

/** It gives no more consents; those that it gave stand. @throws {RegistryError} `UNKNOWN_MANAGER`, `NOT_ENDORSED` */
export function removeManager(
  ctx: RegistryContext,
  person: string,
  id: string,
  reason: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { status } = await findManager(tx.db, id)
    if (status === 'removed') return
    await tx.append({ type: 'manager.removed', actor: personActor(person), subject: id, body: { reason } })
    await markRemoved(tx.db, id)
  })
}

export interface ManagerView extends Omit<Manager, 'jwk'> {
  readonly id: string
  readonly status: Schema['managers']['status']
  readonly proposer: string
  readonly approval: number | null
  readonly jwk: PublicJwk
}

/** @throws {RegistryError} `UNKNOWN_MANAGER` */
export async function findManager(db: Kysely<Schema>, id: string): Promise<ManagerView> {
  const row = await db.selectFrom('managers').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_MANAGER', 'no such consent manager')
  return viewOf(row)
}

/** One whose signature counts now. @throws {RegistryError} `UNKNOWN_MANAGER` */
export async function findStanding(db: Kysely<Schema>, id: string): Promise<ManagerView> {
  const found = await findManager(db, id)
  if (found.status !== 'approved')
    throw new RegistryError('UNKNOWN_MANAGER', `this consent manager is ${found.status}`)
  return found
}

export async function listManagers(db: Kysely<Schema>): Promise<ManagerView[]> {
  return (await db.selectFrom('managers').selectAll().orderBy('id').execute()).map(viewOf)
}

function viewOf({ id, status, proposer, approval, manager_json }: Schema['managers']): ManagerView {
  const { jwk, ...manager } = managerSchema.parse(parseJson(manager_json))
  return { id, status, proposer, approval, ...manager, jwk: publicJwk({ ...jwk }) }
}
