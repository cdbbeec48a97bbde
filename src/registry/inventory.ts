/**
 * The inventory: agents, servers, accounts, keys, apps and upstream credentials, registered or only found.
 * spec/inventory.md (INV-1 to INV-6). Invariant: no secret and no name of a person gets in here; who answers for
 * something is an enrolled person, by identifier.
 * @module
 */
import type { Kysely } from 'kysely'
import { sha256Text } from '../core/digest.ts'
import { newId } from '../core/ids.ts'
import { canonicalize } from '../core/json.ts'
import type { Actor } from '../log/entries.ts'
import type { Item } from '../log/inventory-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import {
  assignRow,
  detailOf,
  factsOf,
  putItem,
  removeRow,
  type Assignment,
  type ItemDetail,
  type ItemRow,
} from './inventory-rows.ts'
import { assertSystems } from './systems.ts'

/** Items that a control plane keeps, removed ones too. */
export const ITEMS_MAX = 100_000
/** Items of one request. */
export const BATCH_MAX = 500
/** Credentials that one point reports. */
export const CREDENTIALS_MAX = 64

export interface FoundItem {
  readonly item: Item
  readonly owner?: string
  readonly system?: string
}

export interface Recorded {
  readonly added: number
  readonly changed: number
  readonly unchanged: number
}

/** INV-3. @throws {RegistryError} `LIMIT_EXCEEDED`, `UNKNOWN_PERSON`, `UNKNOWN_SYSTEM` */
export function recordItems(
  ctx: RegistryContext,
  actor: Actor,
  found: readonly FoundItem[],
): Promise<Recorded> {
  return ctx.store.write(async (tx) => {
    await assertRoom(tx.db, found.length)
    const counts = { added: 0, changed: 0, unchanged: 0 }
    for (const { item, ...assignment } of found) {
      await assertAssignment(tx.db, assignment)
      const { id, became } = await recordTx(ctx, tx, actor, { item, point: null })
      counts[became]++
      await assignTx(tx, actor, id, assignment)
    }
    return counts
  })
}

async function assertRoom(db: Kysely<Schema>, more: number): Promise<void> {
  const counted = db.selectFrom('inventory').select((eb) => eb.fn.countAll<number | string>().as('n'))
  const { n } = await counted.executeTakeFirstOrThrow()
  if (Number(n) + more > ITEMS_MAX)
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the inventory has room for ${ITEMS_MAX} items: import less at once`,
    )
}

async function recordTx(
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  actor: Actor,
  { item, point }: { readonly item: Item; readonly point: string | null },
): Promise<{ id: string; became: keyof Recorded }> {
  const known = await tx.db.selectFrom('inventory').selectAll().where('ref', '=', item.ref).executeTakeFirst()
  if (known !== undefined && isSame(known, item, point)) return { id: known.id, became: 'unchanged' }
  const id = known?.id ?? newId(ctx.crypto, 'itm', tx.now)
  const body = { item, ...(point === null ? {} : { point }) }
  await tx.append({ type: 'inventory.recorded', actor, subject: id, body })
  await putItem(tx.db, id, item, point)
  return { id, became: known === undefined ? 'added' : 'changed' }
}

function isSame(row: ItemRow, item: Item, point: string | null): boolean {
  const { id: _id, owner: _owner, system: _system, agent: _agent, status, ...facts } = row
  return status === 'present' && canonicalize(facts) === canonicalize({ ...factsOf(item, point) })
}

/** Writes what differs from what is there. */
async function assignTx(tx: Tx, actor: Actor, id: string, assignment: Assignment): Promise<void> {
  const row = await findItem(tx.db, id)
  const changed = Object.entries(assignment).filter(([name, to]) => row[name as keyof Assignment] !== to)
  if (changed.length === 0) return
  const body: Assignment = Object.fromEntries(changed)
  await tx.append({ type: 'inventory.assigned', actor, subject: id, body })
  await assignRow(tx.db, id, body)
}

/** INV-4. @throws {RegistryError} `UNKNOWN_ITEM`, `UNKNOWN_PERSON`, `UNKNOWN_SYSTEM`, `UNKNOWN_AGENT` */
export function assignItem(
  ctx: RegistryContext,
  actor: Actor,
  id: string,
  assignment: Assignment,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await assertAssignment(tx.db, assignment)
    await assignTx(tx, actor, id, assignment)
  })
}

async function assertAssignment(db: Kysely<Schema>, { owner, system, agent }: Assignment): Promise<void> {
  if (owner !== undefined && owner !== null && !(await isHere(db, owner)))
    throw new RegistryError('UNKNOWN_PERSON', 'the owner is nobody who is enrolled here')
  if (system !== undefined && system !== null) await assertSystems(db, [system])
  if (agent === undefined || agent === null) return
  const row = await db.selectFrom('agents').select('id').where('id', '=', agent).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_AGENT', 'no such agent')
}

async function isHere(db: Kysely<Schema>, person: string): Promise<boolean> {
  const row = await db.selectFrom('people').select('status').where('id', '=', person).executeTakeFirst()
  return row !== undefined && row.status !== 'left'
}

/** @throws {RegistryError} `UNKNOWN_ITEM`; `STATE_CONFLICT`: removed already */
export function removeItem(ctx: RegistryContext, actor: Actor, id: string, reason: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    if ((await findItem(tx.db, id)).status === 'removed')
      throw new RegistryError('STATE_CONFLICT', 'it is removed already')
    await removeTx(tx, actor, id, reason)
  })
}

async function removeTx(tx: Tx, actor: Actor, id: string, reason: string): Promise<void> {
  await tx.append({ type: 'inventory.removed', actor, subject: id, body: { reason } })
  await removeRow(tx.db, id)
}

/** What a point says of a credential that it holds: never the credential. */
export interface HeldCredential {
  readonly id: string
  /** The server that it opens. */
  readonly server: string
  /** A person's identifier. Another word counts as nobody: a name must not get into the log. */
  readonly owner?: string
  readonly scope?: readonly string[]
  /** RFC 3339. */
  readonly rotated?: string
  readonly rotate_days?: number
  /** INV-7. */
  readonly print?: string
  /** The point sends a secret there that no setting declares. */
  readonly declared?: false
}

/** INV-6: all that the point holds. Those that it held before and names no more are removed. @throws {RegistryError} `LIMIT_EXCEEDED` */
export function reportCredentials(
  ctx: RegistryContext,
  point: string,
  held: readonly HeldCredential[],
): Promise<Recorded> {
  const actor: Actor = { kind: 'point', id: point }
  return ctx.store.write(async (tx) => {
    await assertRoom(tx.db, held.length)
    const counts = { added: 0, changed: 0, unchanged: 0 }
    const there = new Set<string>()
    for (const each of held) {
      const { id, became } = await recordTx(ctx, tx, actor, { item: credentialItem(ctx, point, each), point })
      counts[became]++
      there.add(id)
      if (each.owner !== undefined && (await isHere(tx.db, each.owner)))
        await assignTx(tx, actor, id, { owner: each.owner })
    }
    const before = tx.db.selectFrom('inventory').select('id').where('point', '=', point)
    for (const { id } of await before.where('status', '=', 'present').execute())
      if (!there.has(id)) await removeTx(tx, actor, id, 'gone')
    return counts
  })
}

function credentialItem(
  ctx: Pick<RegistryContext, 'crypto'>,
  point: string,
  { id, server, scope, rotated, rotate_days, print, declared }: HeldCredential,
): Item {
  return {
    ref: sha256Text(ctx.crypto, canonicalize({ from: 'point', id, point, server })),
    kind: 'credential',
    name: id,
    origin: 'point',
    secret: declared === false ? 'unknown' : rotate_days === undefined ? 'static' : 'rotated',
    where: server,
    ...(scope === undefined ? {} : { scope: [...scope] }),
    ...(rotated === undefined ? {} : { rotated }),
    ...(rotate_days === undefined ? {} : { rotate_days }),
    ...(print === undefined ? {} : { print }),
  }
}

/** An item as people see it. Times are milliseconds since 1970. */
export type ItemView = Omit<ItemRow, 'detail_json' | 'ref'> & ItemDetail

/** What is there, in the order in which it was first recorded. */
export async function listItems(db: Kysely<Schema>): Promise<ItemView[]> {
  const rows = await db
    .selectFrom('inventory')
    .selectAll()
    .where('status', '=', 'present')
    .orderBy('id')
    .execute()
  return rows.map((row) => {
    const { detail_json: _detail, ref: _ref, ...rest } = row
    return { ...rest, ...detailOf(row) }
  })
}

async function findItem(db: Kysely<Schema>, id: string): Promise<ItemRow> {
  const row = await db.selectFrom('inventory').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_ITEM', 'no such item in the inventory')
  return row
}
