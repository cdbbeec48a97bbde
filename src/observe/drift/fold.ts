/**
 * Drift as a fold of the observer: what {@link DriftCore} makes goes into the log with the state that made it, in one
 * transaction, and what deserves an alert is found when it comes back from there. spec/drift.md (DRF-28, DRF-29).
 * Invariant: nobody is alerted of a score that the log does not hold.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { canonicalize, type JsonValue } from '../../core/json.ts'
import type { Entry } from '../../log/entries.ts'
import type { DriftRegister } from '../../ports/drift-register.ts'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import { loadCursor, saveCursor } from '../cursors.ts'
import type { Finding, Fold, Logged } from '../fold.ts'
import { DriftCore, type Made } from './core.ts'
import { documentSchema, type BaselineDocument } from './document.ts'
import type { StoredEpoch } from './epoch.ts'
import type { Link } from './roots.ts'
import { CHANNELS, cutText } from './score.ts'
import type { OpenSession } from './sessions.ts'
import type { StoredWorld } from './world.ts'

/** Its row among the cursors. */
export const DRIFT_FOLD = 'drift'
/** So that entries never come from before what they follow: nobody's clock is that far behind (LOG-7). */
const LOOK_LAG_MS = 5_000
/** Entries and characters that an alert has room for. */
const ENTRIES_MAX = 16
const DETAIL_CHARS_MAX = 256

export class DriftFold implements Fold {
  readonly name = DRIFT_FOLD
  readonly #crypto: Crypto
  readonly #register: DriftRegister
  #core: DriftCore
  #made: Made[] = []

  constructor(crypto: Crypto, register: DriftRegister) {
    this.#crypto = crypto
    this.#register = register
    this.#core = this.#newCore()
  }

  #newCore(): DriftCore {
    return new DriftCore(this.#crypto, (made) => this.#made.push(made))
  }

  async load(db: Kysely<Schema>): Promise<number> {
    this.#made = []
    const core = this.#newCore()
    const documents = await frozenDocuments(db)
    const sessions: OpenSession[] = []
    const links = new Map<string, Link>()
    for (const { name, value_json } of await db.selectFrom('drift_state').selectAll().execute()) {
      const [kind, id = ''] = splitOnce(name)
      // Our own rows, written by save below.
      const value: unknown = JSON.parse(value_json)
      if (kind === 'world') core.world.restore(value as StoredWorld)
      else if (kind === 'chain') links.set(id, value as Link)
      else if (kind === 'session') sessions.push(value as OpenSession)
      else if (kind === 'epoch') core.restoreEpoch(id, value as StoredEpoch, documents.get(id) ?? null)
    }
    core.roots.restore(links)
    core.sessions.restore(sessions)
    this.#core = core
    return loadCursor(db, this.name)
  }

  take(one: Logged, found: (finding: Finding) => void): void {
    this.#core.take(one)
    const finding = findingOf(one)
    if (finding !== null) found(finding)
  }

  look(now_ms: number): void {
    this.#core.look(now_ms - LOOK_LAG_MS)
  }

  /** What was made is news: it does not wait until a save is due. */
  isFull(): boolean {
    return this.#made.length > 0
  }

  async save(tx: Tx, next: number): Promise<void> {
    for (const made of this.#made) {
      if (made.type === 'drift.epoch_started') await this.#register.started(tx, made.agent, made.body)
      else if (made.type === 'baseline.proposed') await this.#register.proposed(tx, made.body, made.text)
      else await this.#register.scored(tx, made.agent, made.body)
    }
    this.#made = []
    const { world, roots, sessions, epochs } = this.#core
    if (world.changed) await put(tx, 'world', world.stored())
    world.changed = false
    for (const id of roots.changed) await put(tx, `chain ${id}`, roots.link(id) ?? null)
    roots.changed.clear()
    for (const key of sessions.changed) await put(tx, `session ${key}`, sessions.get(key) ?? null)
    sessions.changed.clear()
    for (const id of this.#core.takeChanged()) await put(tx, `epoch ${id}`, epochs.get(id)?.stored() ?? null)
    await saveCursor(tx, this.name, next)
  }
}

function splitOnce(name: string): readonly [string, string?] {
  const at = name.indexOf(' ')
  return at === -1 ? [name] : [name.slice(0, at), name.slice(at + 1)]
}

/** @param value null: it is gone */
async function put(tx: Tx, name: string, value: object | null): Promise<void> {
  if (value === null) {
    await tx.db.deleteFrom('drift_state').where('name', '=', name).execute()
    return
  }
  const value_json = canonicalize(value as JsonValue)
  await tx.db
    .insertInto('drift_state')
    .values({ name, value_json })
    .onConflict((at) => at.column('name').doUpdateSet({ value_json }))
    .execute()
}

/** By epoch. */
async function frozenDocuments(db: Kysely<Schema>): Promise<ReadonlyMap<string, BaselineDocument>> {
  const rows = await db
    .selectFrom('baselines')
    .select(['epoch', 'document'])
    .where('document', 'is not', null)
    .execute()
  return new Map(
    rows.map(({ epoch, document }) => [epoch, documentSchema.parse(JSON.parse(document ?? 'null'))]),
  )
}

/** What the entries that drift wrote say to people. */
function findingOf({ index, entry }: Logged): Finding | null {
  if (entry.type === 'drift.scored') return scoredFinding(index, entry)
  if (entry.type === 'baseline.proposed') return proposedFinding(index, entry)
  return entry.type === 'drift.epoch_started' && entry.body.unseen ? unseenFinding(index, entry) : null
}

function proposedFinding(index: number, { subject = '', body }: Entry<'baseline.proposed'>): Finding {
  const { agent, epoch, sessions } = body
  const detail = { epoch, sessions, baseline: subject }
  return {
    rule: 'BASELINE_PROPOSED',
    key: `BASELINE_PROPOSED/${epoch}`,
    subject: agent,
    detail,
    entries: [index],
  }
}

function unseenFinding(index: number, { subject = '', body }: Entry<'drift.epoch_started'>): Finding {
  const { epoch, task_class, receipt } = body
  return {
    rule: 'TASK_CLASS_UNSEEN',
    key: `TASK_CLASS_UNSEEN/${epoch}`,
    subject,
    detail: { epoch, task_class, level: body.level },
    entries: [index, receipt],
  }
}

function scoredFinding(index: number, { subject = '', body }: Entry<'drift.scored'>): Finding | null {
  const { epoch, n, level, alarms, counted, reach, parts, because, session } = body
  const isAlarm = alarms.length > 0
  if (!counted || level === 'none' || (level === 'isolate' && !isAlarm)) return null
  const rule = isAlarm ? 'DRIFT_ALARM' : 'DRIFT_WATCH'
  const foremost = CHANNELS.filter((channel) => (parts?.[channel] ?? 0) > 0)
    .toSorted((a, b) => (parts?.[b] ?? 0) - (parts?.[a] ?? 0))
    .map((channel) => `${channel} ${parts?.[channel]} %`)
  const what = [...new Set(because.map((one) => one.what))].toReversed().join('; ')
  const entries = [index, session.first, ...because.map(({ entry }) => entry).toReversed()]
  return {
    rule,
    key: `${rule}/${epoch}/${n}`,
    subject,
    detail: {
      epoch,
      n,
      level,
      reach,
      channels: cutText(foremost.join(', '), DETAIL_CHARS_MAX),
      because: cutText(what, DETAIL_CHARS_MAX),
    },
    entries: [...new Set(entries)].slice(0, ENTRIES_MAX),
  }
}
