/** The population of credentials that points hold for tool servers: test 33 of a report. spec/inventory.md (INV-8). @module */
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { AnyEntry } from '../../log/entries.ts'
import type { History } from '../history.ts'
import type { Indexed } from '../records.ts'
import type { PopulationDefinition } from './definition.ts'

type Recorded = Indexed<Extract<AnyEntry, { type: 'inventory.recorded' }>>

/** Where no interval is set, a secret is to be another one after a year. */
const ROTATE_DAYS_DEFAULT = 366
const DAY_MS = 24 * 3600 * 1000

/** A secret that is in use from a time on, by what was seen or said of it. */
interface Secret {
  readonly index: number
  readonly from_ms: number
  /** When it was due to be another one. */
  readonly due_ms: number
}

export interface HeldCredential {
  readonly first: Recorded
  last: Recorded
  owner: string | null
  /** Milliseconds: since when somebody answers for it. */
  owned_ms: number | null
  removed_ms: number | null
  readonly secrets: Secret[]
  /** Indices of reports that say it was rotated, and show the same secret. */
  readonly unchanged: number[]
}

function secretOf(recorded: Recorded, from_ms: number): Secret {
  const days = recorded.entry.body.item.rotate_days ?? ROTATE_DAYS_DEFAULT
  return { index: recorded.index, from_ms, due_ms: from_ms + days * DAY_MS }
}

function began(first: Recorded): HeldCredential {
  const { item } = first.entry.body
  const logged_ms = Date.parse(first.entry.time)
  // Of the time before its first report there is the point's word alone.
  const from_ms = Math.min(logged_ms, item.rotated === undefined ? logged_ms : Date.parse(item.rotated))
  const nobody = { owner: null, owned_ms: null, removed_ms: null }
  return { first, last: first, ...nobody, secrets: [secretOf(first, from_ms)], unchanged: [] }
}

function goesOn(held: HeldCredential, next: Recorded): void {
  const [before, now] = [held.last.entry.body.item, next.entry.body.item]
  const isSeen = before.print !== undefined && now.print !== undefined
  const isClaimed = now.rotated !== undefined && now.rotated !== before.rotated
  const logged_ms = Date.parse(next.entry.time)
  if (isSeen && before.print !== now.print) held.secrets.push(secretOf(next, logged_ms))
  else if (isSeen && isClaimed) held.unchanged.push(next.index)
  else if (!isSeen && isClaimed)
    held.secrets.push(secretOf(next, Math.min(logged_ms, Date.parse(now.rotated ?? ''))))
  held.last = next
}

/** By item, in the order in which they were reported first. */
export function heldCredentials(history: History): ReadonlyMap<string, HeldCredential> {
  const held = new Map<string, HeldCredential>()
  for (const { index, entry } of history.inventory) {
    const id = entry.subject ?? ''
    const known = held.get(id)
    if (entry.type === 'inventory.recorded') {
      if (entry.body.item.kind !== 'credential') continue
      if (known === undefined) held.set(id, began({ index, entry }))
      else {
        known.removed_ms = null
        goesOn(known, { index, entry })
      }
    } else if (known !== undefined && entry.type === 'inventory.removed')
      known.removed_ms = Date.parse(entry.time)
    else if (known !== undefined && entry.type === 'inventory.assigned' && entry.body.owner !== undefined) {
      known.owner = entry.body.owner
      known.owned_ms = entry.body.owner === null ? null : (known.owned_ms ?? Date.parse(entry.time))
    }
  }
  return held
}

export const upstreamCredentials: PopulationDefinition = {
  name: 'upstream_credentials',
  types: ['inventory.recorded'],
  definition:
    'Every credential for a tool server that an enforcement point reported before the end of the period and still held when it began, declared or not, with who answers for it and when its secret changed.',
  query:
    'type = inventory.recorded and body.item.kind = credential and time < to and not inventory.removed with time < from',
  rows: (history, period) =>
    [...heldCredentials(history)]
      .filter(
        ([, { first, removed_ms }]) =>
          Date.parse(first.entry.time) < period.to_ms &&
          (removed_ms === null || removed_ms >= period.from_ms),
      )
      .map(([id, { first, last, owner, removed_ms, secrets }]): JsonObject => {
        const { item, point } = last.entry.body
        const secret = secrets.at(-1)
        return {
          index: first.index,
          item: id,
          name: item.name,
          server: item.where ?? null,
          point: point ?? null,
          declared: item.secret !== 'unknown',
          owner,
          scope: item.scope ?? null,
          rotate_days: item.rotate_days ?? null,
          rotated_as_said: item.rotated ?? null,
          secret_seen: item.print !== undefined,
          secrets_n: secrets.length,
          secret_since: secret === undefined ? null : rfc3339(secret.from_ms),
          secret_due: secret === undefined ? null : rfc3339(secret.due_ms),
          recorded: first.entry.time,
          removed: removed_ms === null ? null : rfc3339(removed_ms),
        }
      }),
}
