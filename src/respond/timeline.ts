/**
 * What happened around an incident, from the entries. spec/incidents.md (INC-6). Made when it is asked for: an incident
 * holds no copy.
 * @module
 */
import type { Kysely } from 'kysely'
import { fromUtf8 } from '../core/encoding.ts'
import { decodeEntry, type AnyEntry } from '../log/entries.ts'
import { wordsOfEntry } from '../log/entry-words.ts'
import type { Schema } from '../ports/schema.ts'
import type { Store } from '../ports/store.ts'
import { findIncident } from '../registry/incident-rows.ts'

/** Lines that are shown; how many there are is exact. */
export const LINES_MAX = 2_000
const PAGE = 1_000
/** Actions of the agent whose outcomes are looked for. */
const ACTIONS_MAX = 100_000

export interface TimelineLine {
  readonly index: number
  readonly time: string
  readonly type: string
  readonly actor: string
  /** In a few words, for people. */
  readonly what: string
}

export interface Timeline {
  readonly lines: readonly TimelineLine[]
  readonly lines_n: number
  /** Entries that were looked at: from, and up to but not with. */
  readonly from: number
  readonly to: number
}

/** @throws {RegistryError} `UNKNOWN_INCIDENT` */
export async function timelineOf(store: Store, incident: string): Promise<Timeline> {
  const { row, names } = await store.query(async (db) => {
    const found = await findIncident(db, incident)
    return { row: found, names: await namesOf(db, incident, found.agent) }
  })
  const from = row.first
  const to = row.closing === null ? await store.entries.size() : row.closing + 1
  const lines: TimelineLine[] = []
  const actions = new Set<string>()
  let lines_n = 0
  for (let at = from; at < to; at += PAGE) {
    const page = await store.entries.read(at, Math.min(at + PAGE, to))
    for (const [i, bytes] of page.entries()) {
      const entry = bytes.length === 0 ? null : aboutIt(fromUtf8(bytes), bytes, names, actions)
      if (entry === null) continue
      lines_n++
      if (lines.length < LINES_MAX) lines.push(lineOf(at + i, entry))
    }
  }
  return { lines, lines_n, from, to }
}

/** Identifiers that make an entry part of it. */
async function namesOf(
  db: Kysely<Schema>,
  incident: string,
  agent: string | null,
): Promise<ReadonlySet<string>> {
  const alerts = await db
    .selectFrom('incident_alerts')
    .select('alert')
    .where('incident', '=', incident)
    .execute()
  const names = new Set([incident, ...alerts.map(({ alert }) => alert)])
  if (agent === null) return names
  names.add(agent)
  const delegations = await db.selectFrom('delegations').select('jti').where('agent', '=', agent).execute()
  for (const { jti } of delegations) names.add(jti)
  return names
}

/** Subjects are looked for in the text first: most entries of a busy log are about others. */
function aboutIt(
  text: string,
  bytes: Uint8Array,
  names: ReadonlySet<string>,
  actions: Set<string>,
): AnyEntry | null {
  const subject = /"subject":"([^"]{1,64})","time":"[^"]*","type":"[^"]*","v":1\}$/.exec(text)?.[1]
  const isNamed = subject !== undefined && names.has(subject)
  if (!isNamed && !text.includes('"kind":"outcome"')) return null
  const entry = decodeEntry(bytes)
  if (entry.type !== 'receipt') return entry
  if (entry.body.kind === 'outcome') return actions.has(entry.body.action) ? entry : null
  if (actions.size < ACTIONS_MAX) actions.add(entry.body.action)
  return entry
}

function lineOf(index: number, entry: AnyEntry): TimelineLine {
  const { time, type, actor } = entry
  return { index, time, type, actor: actor.id, what: wordsOfEntry(entry) }
}
