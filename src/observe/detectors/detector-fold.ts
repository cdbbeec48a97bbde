/**
 * All detectors as one fold, under the terms in force, each tried every day. spec/detectors.md (DET-1 to DET-5).
 * Invariant: one that fails is left out alone, so that its canary is silent and the others go on.
 * @module
 */
import type { Kysely } from 'kysely'
import { PACKAGED_DETECTOR_TERMS, type DetectorTerms } from '../../core/detector-terms.ts'
import { canonicalize, parseJson, type JsonValue } from '../../core/json.ts'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import { loadCursor, saveCursor } from '../cursors.ts'
import type { Finding, Fold, Logged } from '../fold.ts'
import { CANARY, findCanary, type Detector, type DetectorKind, type Found } from './detector.ts'

const NAME = 'detectors'
/** Its own row among the states. */
const OWN = 'fold'
export const CANARY_EVERY_MS = 24 * 3_600_000
/** After a start a canary waits for as long: whoever starts and stops leaves no alerts behind. */
export const SETTLED_MS = 5 * 60_000
const STATE_LIMITS = { bytes_max: 64 * 1024 * 1024, depth_max: 16 }

interface Running {
  readonly kind: DetectorKind
  readonly detector: Detector
}

interface Own {
  terms: DetectorTerms
  /** By the proposal's identifier: what is approved is in force. */
  proposed: Record<string, DetectorTerms>
  /** Of the last canaries, days since 1970. */
  day: number
  /** Entries below were there before the detectors: nothing is found in them. */
  quietBelow: number
}

export class DetectorFold implements Fold {
  readonly name = NAME
  readonly #kinds: readonly DetectorKind[]
  #running: Running[] = []
  #own: Own = ownOf(0)
  #since_ms: number | null = null
  readonly #report: (error: unknown) => void

  constructor(kinds: readonly DetectorKind[], report: (error: unknown) => void) {
    this.#kinds = kinds
    this.#report = report
  }

  async load(db: Kysely<Schema>): Promise<number> {
    const rows = await db.selectFrom('detector_states').selectAll().execute()
    const states = new Map(rows.map(({ rule, state_json }) => [rule, parseJson(state_json, STATE_LIMITS)]))
    const own = states.get(OWN)
    this.#own = own === undefined ? ownOf(await sizeOf(db)) : (own as unknown as Own)
    this.#running = this.#kinds.map((kind) => ({
      kind,
      detector: kind.make(() => this.#own.terms, states.get(kind.rule) ?? null),
    }))
    return loadCursor(db, NAME)
  }

  take(one: Logged, found: Found): void {
    this.#follow(one)
    const isQuiet = one.index < this.#own.quietBelow
    this.#each(one.index, found, (detector) => detector.take(one, isQuiet ? ignore : found))
  }

  look(now_ms: number, found: Found): void {
    this.#each(null, found, (detector) => detector.look?.(now_ms, found))
    this.#since_ms ??= now_ms
    const day = Math.floor(now_ms / CANARY_EVERY_MS)
    if (day <= this.#own.day || now_ms - this.#since_ms < SETTLED_MS) return
    this.#own.day = day
    for (const { kind } of this.#running) this.#try(kind, now_ms, day, found)
  }

  async save(tx: Tx, next: number): Promise<void> {
    const rows = this.#running.map(({ kind, detector }) => ({
      rule: kind.rule as string,
      state_json: canonicalize(detector.state()),
    }))
    rows.push({ rule: OWN, state_json: canonicalize(this.#own as unknown as JsonValue) })
    for (const { rule, state_json } of rows)
      await tx.db
        .insertInto('detector_states')
        .values({ rule, state_json })
        .onConflict((on) => on.column('rule').doUpdateSet({ state_json }))
        .execute()
    await saveCursor(tx, NAME, next)
  }

  /** The terms are those of the policy in force at this place of the log (DET-3). */
  #follow({ entry }: Logged): void {
    if (entry.type === 'alert_policy.proposed') {
      const terms = entry.body.policy.detectors ?? PACKAGED_DETECTOR_TERMS
      this.#own.proposed[entry.subject ?? ''] = terms
    } else if (entry.type === 'alert_policy.approved') {
      this.#own.terms = this.#own.proposed[entry.body.act.policy] ?? PACKAGED_DETECTOR_TERMS
      this.#own.proposed = {}
    }
  }

  #each(index: number | null, found: Found, work: (detector: Detector) => void): void {
    for (const one of this.#running) {
      try {
        work(one.detector)
      } catch (cause) {
        this.#fail(one, index, cause, found)
      }
    }
  }

  /** DET-5: an input of its own, through its own code and a state of its own. */
  #try(kind: DetectorKind, now_ms: number, day: number, found: Found): void {
    try {
      const finding = findCanary(kind, this.#own.terms, now_ms)
      if (finding !== null) found(canaryOf(finding, day))
    } catch (cause) {
      this.#report(new Error(`the canary of ${kind.rule} failed`, { cause }))
    }
  }

  #fail(one: Running, index: number | null, cause: unknown, found: Found): void {
    const { rule } = one.kind
    this.#report(new Error(`the detector ${rule} failed`, { cause }))
    this.#running = this.#running.filter((other) => other !== one)
    found({
      rule: 'FOLD_FAILED',
      key: `FOLD_FAILED/${rule}/${index ?? 'look'}`,
      subject: rule,
      detail: { fold: NAME, rule, ...(index === null ? {} : { entry: index }) },
      entries: index === null ? [] : [index],
    })
  }
}

function ignore(): void {
  // DET-2: what was there before is not news.
}

function canaryOf(finding: Finding, day: number): Finding {
  const { rule } = finding
  return { ...finding, key: `${CANARY}/${rule}/${day}`, subject: CANARY, entries: [], canary: true }
}

function ownOf(quietBelow: number): Own {
  return { terms: PACKAGED_DETECTOR_TERMS, proposed: {}, day: -1, quietBelow }
}

async function sizeOf(db: Kysely<Schema>): Promise<number> {
  const { last } = await db
    .selectFrom('entries')
    .select((eb) => eb.fn.max('idx').as('last'))
    .executeTakeFirstOrThrow()
  return last === null ? 0 : last + 1
}
