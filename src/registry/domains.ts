/**
 * Memory domains: which point holds one, and what it begins with. spec/flow.md (FLW-13 to FLW-17).
 * Invariants: no domain is given to a point while another may still use it; none begins below what its last holder said
 * of it, nor below the top when that one said nothing.
 * @module
 */
import type { Kysely } from 'kysely'
import {
  DOMAIN_GRACE_MS,
  DOMAIN_LEASE_MS,
  verifyDomain,
  type DomainLeased,
  type SignedDomain,
} from '../core/domain.ts'
import { parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { BOTTOM, covers, TOP } from '../core/label.ts'
import { rfc3339 } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { DomainAsked, DomainHolder, DomainLease } from '../ports/domains.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import {
  domainsOf,
  recordHandedOver,
  recordLeased,
  recordWanted,
  taintOf,
  type DomainRow,
} from './domain-rows.ts'
import { RegistryError } from './errors.ts'
import { findPoint } from './points.ts'

interface Asking extends DomainHolder {
  readonly point: string
}

function actorOf(point: string): Actor {
  return { kind: 'point', id: point }
}

/**
 * All or none. Whoever does not get them has them kept for a while: else two points that want the same two could take
 * one each for ever.
 * @returns null: another point holds one, and is asked for it
 * @throws {RegistryError} `RECEIPT_EPOCH`; `STATE_CONFLICT`: one is asked for twice
 */
export function leaseDomains(
  ctx: RegistryContext,
  point: string,
  holder: DomainHolder,
  asked: readonly DomainAsked[],
): Promise<DomainLease[] | null> {
  return inDomains(ctx, { point, ...holder }, asked, async (tx, { asking, rows, asked_ms }) => {
    const free = asked.every(({ agent }) => isFreeFor(asking, rows.get(agent), tx.now))
    if (!free) {
      await want(tx, point, asked, rows)
      return null
    }
    return grant(
      tx,
      asking,
      asked_ms,
      asked.map((one) => leaseOf(asking, one, rows.get(one.agent), tx.now)),
    )
  })
}

/** Each by itself. @throws {RegistryError} as {@link leaseDomains} */
export function renewDomains(
  ctx: RegistryContext,
  point: string,
  holder: DomainHolder,
  held: readonly Required<DomainAsked>[],
): Promise<DomainLease[]> {
  return inDomains(ctx, { point, ...holder }, held, async (tx, { asking, rows, asked_ms }) => {
    const renewed = held.flatMap((one) => {
      const row = rows.get(one.agent)
      if (row === undefined || !isHeldIn(asking, row, one.turn) || isKept(row, point, tx.now)) return []
      return [leaseOf(asking, one, row, tx.now)]
    })
    return renewed.length === 0 ? [] : grant(tx, asking, asked_ms, renewed)
  })
}

/** Whether asking again would change anything: they are free, or nobody has been asked for one of them. */
export async function isWorthAsking(
  db: Kysely<Schema>,
  point: string,
  { epoch, run }: DomainHolder,
  asked: readonly DomainAsked[],
  now_ms: number,
): Promise<boolean> {
  const agents = asked.map(({ agent }) => agent)
  const rows = await domainsOf(db, agents)
  return (
    agents.every((agent) => isFreeFor({ point, epoch, run }, rows.get(agent), now_ms)) ||
    agents.some((agent) => (rows.get(agent)?.wanted_until ?? 0) <= now_ms)
  )
}

interface Found {
  readonly asking: Asking
  readonly rows: ReadonlyMap<string, DomainRow>
  readonly asked_ms: number
}

async function inDomains<T>(
  ctx: RegistryContext,
  asking: Asking,
  asked: readonly DomainAsked[],
  work: (tx: Tx, found: Found) => Promise<T>,
): Promise<T> {
  const agents = asked.map(({ agent }) => agent)
  if (new Set(agents).size < agents.length)
    throw new RegistryError('STATE_CONFLICT', 'a memory domain is asked for twice')
  const asked_ms = await ctx.store.now()
  return ctx.store.write(async (tx) => {
    const { epoch } = await findPoint(tx.db, asking.point)
    if (epoch !== asking.epoch)
      throw new RegistryError('RECEIPT_EPOCH', `the open epoch is ${epoch}: ask for a new one`)
    return work(tx, { asking, rows: await domainsOf(tx.db, agents), asked_ms })
  })
}

/** Whether it is kept for another point, which asked first. */
function isKept(row: DomainRow, point: string, now_ms: number): boolean {
  return row.wanted_by !== null && row.wanted_by !== point && row.wanted_until > now_ms
}

/** The same process holds it, in that turn. */
function isHeldIn(asking: Asking, row: DomainRow, turn: number): boolean {
  return isHeld(asking, row) && row.run === asking.run && row.turn === turn
}

/** The same point: of its processes only one has the spool of an epoch. */
function isHeld({ point, epoch }: Asking, row: DomainRow): boolean {
  return row.point === point && row.epoch === epoch
}

function isFreeFor(asking: Asking, row: DomainRow | undefined, now_ms: number): boolean {
  if (row === undefined) return true
  if (isKept(row, asking.point, now_ms)) return false
  return row.point === null || isHeld(asking, row) || row.expires + DOMAIN_GRACE_MS <= now_ms
}

/** FLW-13, FLW-17. */
function leaseOf(
  asking: Asking,
  { agent }: DomainAsked,
  row: DomainRow | undefined,
  now_ms: number,
): DomainLeased {
  const expires = rfc3339(now_ms + DOMAIN_LEASE_MS)
  if (row === undefined || row.turn === 0) return { agent, turn: 1, begins: 'new', taint: BOTTOM, expires }
  // Also when an answer was lost: what the process never had it has read nothing in.
  if (isHeldIn(asking, row, row.turn))
    return { agent, turn: row.turn, begins: 'renewed', taint: taintOf(row), expires }
  const turn = row.turn + 1
  if (row.point !== null) return { agent, turn, begins: 'lapsed', taint: TOP, expires }
  return { agent, turn, begins: 'handed_over', taint: taintOf(row), expires }
}

async function grant(
  tx: Tx,
  { point, epoch, run }: Asking,
  asked_ms: number,
  leases: readonly DomainLeased[],
): Promise<DomainLease[]> {
  const body = { epoch, run, leases: [...leases] }
  await tx.append({ type: 'domain.leased', actor: actorOf(point), subject: point, body })
  await recordLeased(tx.db, point, body)
  // A transaction may be of a group that began before it was asked for, and the point counts from when it asked.
  const ttl_ms = DOMAIN_LEASE_MS - Math.max(0, asked_ms - tx.now)
  return leases.map((lease) => ({ ...lease, ttl_ms }))
}

async function want(
  tx: Tx,
  point: string,
  asked: readonly DomainAsked[],
  rows: ReadonlyMap<string, DomainRow>,
): Promise<void> {
  const agents = asked
    .map(({ agent }) => agent)
    .filter((agent) => (rows.get(agent)?.wanted_until ?? 0) <= tx.now)
  if (agents.length === 0) return
  await tx.append({ type: 'domain.wanted', actor: actorOf(point), subject: point, body: { agents } })
  await recordWanted(tx.db, point, tx.now, agents)
}

/**
 * Takes domains back. What is of an earlier turn, or was taken back already, changes nothing.
 * @throws {RegistryError} `STATE_CONFLICT`: a statement is not this point's, not signed by it, or says less than what
 * its turn began with
 */
export function handOver(
  ctx: RegistryContext,
  point: string,
  domains: readonly SignedDomain[],
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const key = publicJwk(parseJson((await findPoint(tx.db, point)).jwk_json))
    const rows = await domainsOf(
      tx.db,
      domains.map(({ statement }) => statement.agent),
    )
    const taken: SignedDomain[] = []
    for (const signed of domains) {
      const { statement } = signed
      if (statement.point !== point || !verifyDomain(ctx.crypto, key, signed))
        throw new RegistryError('STATE_CONFLICT', 'a statement about a domain is not signed by this point')
      const row = rows.get(statement.agent)
      if (row === undefined || row.turn !== statement.turn) continue
      if (!isHeld({ point, epoch: statement.epoch, run: row.run }, row)) continue
      if (!covers(statement.taint, taintOf(row)))
        throw new RegistryError('STATE_CONFLICT', 'a domain is handed over with less than it began with')
      if (taken.every((one) => one.statement.agent !== statement.agent)) taken.push(signed)
    }
    if (taken.length === 0) return
    const body = { domains: taken }
    await tx.append({ type: 'domain.handed_over', actor: actorOf(point), subject: point, body })
    await recordHandedOver(tx.db, body)
  })
}

/** What other points ask for, by the point that holds it: agents. */
export async function wantedDomains(
  db: Kysely<Schema>,
  now_ms: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .selectFrom('domains')
    .select(['agent', 'point', 'wanted_by'])
    .where('wanted_until', '>', now_ms)
    .orderBy('agent')
    .execute()
  const wanted = new Map<string, string[]>()
  for (const { agent, point, wanted_by } of rows) {
    if (point === null || point === wanted_by) continue
    wanted.set(point, [...(wanted.get(point) ?? []), agent])
  }
  return wanted
}
