/**
 * Gaps: what acts without somebody who answers for it, on a secret that anybody may copy, or without a delegation.
 * spec/inventory.md (INV-5).
 * @module
 */
import type { Kysely } from 'kysely'
import { seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import { listItems, type ItemView } from './inventory.ts'

export const GAPS = [
  'KEY_OLD',
  'NO_DELEGATION',
  'ROTATION_OVERDUE',
  'SHARED_SECRET',
  'STATIC_SECRET',
  'UNOWNED',
] as const
export type GapCode = (typeof GAPS)[number]

/** Days after which a key is old, unless told otherwise. */
export const KEY_DAYS = 90

const DAY_MS = 24 * 3600 * 1000
/** What acts by itself, and so may have a delegation. */
const ACTS: ReadonlySet<ItemView['kind']> = new Set(['agent', 'account', 'app'])

export interface Gap {
  /** An item, or a registered agent. */
  readonly subject: string
  readonly kind: ItemView['kind']
  readonly name: string
  readonly gap: GapCode
  /** Days that the secret is old, where that is the gap. */
  readonly days?: number
}

export interface GapTerms {
  readonly now_ms: number
  readonly key_days: number
}

export async function listGaps(db: Kysely<Schema>, terms: GapTerms): Promise<Gap[]> {
  const people = await db.selectFrom('people').select('id').where('status', '!=', 'left').execute()
  const live = await db
    .selectFrom('delegations')
    .select('agent')
    .distinct()
    .where('revoked', '=', 0)
    .where('exp', '>', seconds(terms.now_ms))
    .execute()
  const known: Known = {
    people: new Set(people.map(({ id }) => id)),
    delegated: new Set(live.map(({ agent }) => agent)),
  }
  const agents = await db
    .selectFrom('agents')
    .select(['id', 'name', 'owner'])
    .where('status', '=', 'active')
    .execute()
  return [
    ...(await listItems(db)).flatMap((item) => gapsOf(item, known, terms)),
    ...agents.flatMap(({ id: subject, name, owner }) => {
      const about = { subject, kind: 'agent' as const, name }
      return [
        ...(known.people.has(owner) ? [] : [{ ...about, gap: 'UNOWNED' as const }]),
        ...(known.delegated.has(subject) ? [] : [{ ...about, gap: 'NO_DELEGATION' as const }]),
      ]
    }),
  ]
}

interface Known {
  /** Who did not leave. */
  readonly people: ReadonlySet<string>
  /** Agents with a delegation that is neither over nor revoked. */
  readonly delegated: ReadonlySet<string>
}

/** Pure. @returns in the order of {@link GAPS} */
export function gapsOf(item: ItemView, known: Known, { now_ms, key_days }: GapTerms): Gap[] {
  const about = { subject: item.id, kind: item.kind, name: item.name }
  const since = item.rotated ?? item.created
  const days = since === null ? null : Math.floor((now_ms - since) / DAY_MS)
  const holdsSecret = item.secret === 'static' || item.secret === 'rotated'
  const due = item.rotate_days
  const gaps: Gap[] = []
  if (due === undefined && holdsSecret && days !== null && days > key_days)
    gaps.push({ ...about, gap: 'KEY_OLD', days })
  if (ACTS.has(item.kind) && (item.agent === null || !known.delegated.has(item.agent)))
    gaps.push({ ...about, gap: 'NO_DELEGATION' })
  // One that was never rotated, as far as anybody said, is overdue.
  if (due !== undefined && (days === null || days > due))
    gaps.push({ ...about, gap: 'ROTATION_OVERDUE', ...(days === null ? {} : { days }) })
  if (item.secret === 'rotated' && item.kind !== 'credential') gaps.push({ ...about, gap: 'SHARED_SECRET' })
  if (item.secret === 'static') gaps.push({ ...about, gap: 'STATIC_SECRET' })
  if (item.owner === null || !known.people.has(item.owner)) gaps.push({ ...about, gap: 'UNOWNED' })
  return gaps
}
