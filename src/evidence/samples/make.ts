/**
 * What a freezing and a draw say, as a log gives it: for whoever is about to log one. spec/samples.md (SMP-1 to SMP-7).
 * Why there is none is answered in a word; each who asks says it in words of their own.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { SAMPLE_MAX, type Drawn, type FrequencyName, type Frozen } from '../../log/sample-bodies.ts'
import { controlsOfTest } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import { cutOffOf, type Limitation } from '../populations/cut-off.ts'
import type { Period } from '../populations/definition.ts'
import { POPULATIONS } from '../populations/populations.ts'
import { CONTROL_TESTS } from '../tests/control-tests.ts'
import { defaultSize, drawRows, seedOf } from './draw.ts'
import { frozenRows, historyAt } from './frozen.ts'
import { firstAnchor, rootAt } from './samples.ts'

/** A log up to where it is read. */
export interface ReadLog {
  readonly tiles: Parameters<typeof historyAt>[1]
  readonly end: Checkpoint
}

export interface Freezing {
  readonly frozen: Frozen
  /** Points that did not bring all of the period: what they bring later is in no population that is frozen. */
  readonly limitations: readonly Limitation[]
}

/** `PERIOD_OPEN`: the log has no entry past its end, so it may still grow. */
export async function freezingOf(
  crypto: Crypto,
  { tiles, end }: ReadLog,
  engagement: string,
  period: Period,
): Promise<Freezing | 'PERIOD_OPEN'> {
  const history = await historyAt(crypto, tiles, end, end.size)
  const { state, limitations } = cutOffOf(history, period)
  if (state === 'interim') return 'PERIOD_OPEN'
  const populations = POPULATIONS.flatMap(({ name }) => {
    const rows = frozenRows(crypto, history, period, name)
    return rows === null ? [] : [{ name, count: rows.count, sha256: rows.sha256 }]
  })
  const [from, to] = [rfc3339(period.from_ms), rfc3339(period.to_ms)]
  const tree = { size: end.size, root: base64url(end.root) }
  return { frozen: { engagement, from, to, tree, populations }, limitations }
}

export interface Sampled {
  /** A control of the catalogue, or `test N`. */
  readonly control: string
  readonly test: number
  readonly frequency: FrequencyName
}

/** What is sampled and how often it runs: of a test, as its first control of the catalogue does. Null: no such one. */
export function sampledOf(
  catalogue: Catalogue,
  { control, test }: { readonly control?: string | undefined; readonly test?: number | undefined },
): Sampled | null {
  if (control === undefined) {
    if (test === undefined) return null
    const frequency = controlsOfTest(catalogue, test)[0]?.frequency ?? 'on_occurrence'
    return { control: `test ${test}`, test, frequency }
  }
  const found = catalogue.controls.find(({ id }) => id === control)
  const numbers = found?.tests.map(({ number }) => number) ?? []
  const [only] = numbers
  const of = test ?? (numbers.length === 1 ? only : undefined)
  if (found === undefined || of === undefined || !numbers.includes(of)) return null
  return { control: found.id, test: of, frequency: found.frequency }
}

export interface Wanted extends Sampled {
  /** Null: by the frequency. */
  readonly size: number | null
  readonly nonce: string | null
}

/**
 * `NOT_FROZEN`: nothing of that was; `NOT_ANCHORED`: there is a nonce before anybody outside has seen it; `CHANGED`: the
 * log gives another population; `TOO_LARGE`: nobody reads so many.
 */
export type NoDraw = 'NOT_FROZEN' | 'NOT_ANCHORED' | 'CHANGED' | 'TOO_LARGE'

export async function drawOf(
  crypto: Crypto,
  { tiles, end }: ReadLog,
  freezing: Frozen & { readonly entry: number },
  { control, test, frequency, size, nonce }: Wanted,
): Promise<Drawn | NoDraw> {
  const population = CONTROL_TESTS.find(({ number }) => number === test)?.population?.name
  const frozen = freezing.populations.find(({ name }) => name === population)
  if (population === undefined || frozen === undefined) return 'NOT_FROZEN'
  const log = { end, tiles, history: await historyAt(crypto, tiles, end, end.size) }
  const anchored = firstAnchor(log.history, freezing.entry)
  if (anchored === undefined && nonce !== null) return 'NOT_ANCHORED'
  const before = await historyAt(crypto, tiles, end, freezing.tree.size)
  const period = { from_ms: Date.parse(freezing.from), to_ms: Date.parse(freezing.to) }
  const rows = frozenRows(crypto, before, period, population)
  if (rows?.sha256 !== frozen.sha256) return 'CHANGED'
  const own = { size: freezing.entry + 1, root: (await rootAt(crypto, log, freezing.entry + 1)) ?? '' }
  const body = anchored?.entry.body
  const tree = body === undefined ? own : { size: body.size, root: body.root }
  const n = size ?? defaultSize(frequency, rows.count)
  if (n > SAMPLE_MAX) return 'TOO_LARGE'
  const seed = seedOf(crypto, { test, population: frozen.sha256, root: tree.root, nonce })
  return {
    frozen: freezing.entry,
    control,
    test,
    population,
    tree,
    anchor: anchored?.index ?? null,
    nonce,
    frequency: size === null ? frequency : null,
    size: n,
    rows: [...drawRows(crypto, seed, rows.times_ms, n)],
  }
}
