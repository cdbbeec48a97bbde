/**
 * A verified pack, read as an auditor's preview reads it: cut to a scope, one thing at a time. spec/preview.md (PRV-8,
 * PRV-9). Pure but for the pack's files.
 * Invariant: every answer is of the scope that it is asked for; null says nothing of whether the pack has more.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64, fromUtf8 } from '../../core/encoding.ts'
import { parseJson, type JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { LogError } from '../../log/entries.ts'
import { findEntry } from '../../log/lookup.ts'
import { NARRATIVES_FILE, readNarratives, type NarrativesFile } from '../companions/narratives/schema.ts'
import { CATALOGUE_FILE, readCatalogue } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import { PackError } from '../errors.ts'
import { packTiles } from '../pack/archive.ts'
import { MANIFEST_FILE, readManifest, type Manifest } from '../pack/manifest.ts'
import { csvFile } from '../populations/csv.ts'
import { populationFile } from '../populations/populations.ts'
import { isWhole } from '../tests/faults.ts'
import { RESULTS_FILE, testResultsSchema, type TestResult } from '../tests/result.ts'
import { actionStory, type ActionStory } from '../verify/action.ts'
import type { VerifiedPack } from '../verify/verify.ts'
import { scopedTo, testsOfCriterion, type Granted, type Scoped } from './scope.ts'

/** Of the results of all tests, with their deviations. */
const RESULTS_LIMITS = { bytes_max: 1024 * 1024 * 1024, depth_max: 8 }
/** What a verifier says of a pack that nobody signed: that of a preview is handed to nobody. */
const UNSIGNED = 'MANIFEST_FORGED'
/** Deviations and rows that one answer has. */
export const PAGE_MAX = 500

export interface PreviewedEntry {
  readonly index: number
  /** The entry as the log has it, JCS. */
  readonly text: string
  /** base64, from the leaf's sibling up. */
  readonly proof: readonly string[]
}

export interface PreviewedAction extends Omit<ActionStory, 'evidence'> {
  readonly entries: readonly PreviewedEntry[]
}

/** What an answer rests on. */
export interface PreviewedTree {
  readonly origin: string
  readonly simulated: boolean
  readonly end: number
  /** base64 */
  readonly root: string
  /** Of the last entry. */
  readonly time: string
  readonly period: { readonly from: string; readonly to: string }
  readonly interim: boolean
  readonly integrity: boolean
  readonly faults_n: number
}

export interface PreviewedPopulation {
  readonly name: string
  readonly definition: string
  readonly query: string
  readonly count: number
  readonly sha256: string
}

export class PreviewBook {
  readonly #crypto: Crypto
  readonly #pack: VerifiedPack
  readonly #manifest: Manifest
  readonly #catalogue: Catalogue
  readonly #results: readonly TestResult[]
  readonly #narratives: NarrativesFile['controls']
  readonly #rows = new Map<string, readonly JsonObject[]>()
  readonly #end: Checkpoint

  /** @throws {PackError} a pack that was not built with a catalogue, or does not verify so far as to be read */
  constructor(crypto: Crypto, pack: VerifiedPack) {
    const file = (name: string): Uint8Array => {
      const bytes = pack.files.get(name)
      if (bytes === undefined) throw new PackError('PACK_FILE_MISSING', `the pack has no ${name}`)
      return bytes
    }
    if (pack.checkpoint === null)
      throw new PackError('PACK_FILE_MISSING', 'the pack has no checkpoint of this log')
    this.#crypto = crypto
    this.#pack = pack
    this.#end = pack.checkpoint
    this.#manifest = readManifest(file(MANIFEST_FILE))
    this.#catalogue = readCatalogue(file(CATALOGUE_FILE))
    this.#narratives = readNarratives(file(NARRATIVES_FILE)).controls
    this.#results = testResultsSchema.parse(parseJson(file(RESULTS_FILE), RESULTS_LIMITS)).tests
  }

  get tree(): PreviewedTree {
    const { report, history, findings } = this.#pack
    const { period, origin, simulated } = this.#manifest
    return {
      origin,
      simulated,
      end: this.#end.size,
      root: base64(this.#end.root),
      time: rfc3339(history.last_ms),
      period,
      interim: Date.parse(period.to) > history.last_ms,
      integrity: isWhole(findings, UNSIGNED),
      faults_n: report.faults_n - findings.ofCode(UNSIGNED).length,
    }
  }

  get generator(): string {
    return this.#manifest.generator
  }

  get checkpoint(): Uint8Array {
    return this.#pack.files.get('checkpoint') ?? new Uint8Array(0)
  }

  scope(criteria: Granted): Scoped {
    return scopedTo(this.#catalogue, this.#results, criteria)
  }

  overview(criteria: Granted): JsonObject {
    const scope = this.scope(criteria)
    return {
      criteria: scope.criteria.map(({ id, title }) => ({
        id,
        title,
        controls: scope.controls.filter((one) => one.criteria.includes(id)).map((one) => one.id),
        tests: testsOfCriterion(scope, id).map(({ number }) => number),
      })),
      controls: scope.controls.map(({ id, title, statement, owner, frequency, tests, criteria: of }) => ({
        id,
        title,
        statement,
        owner,
        frequency,
        criteria: [...of],
        tests: tests.map(({ number, procedure }) => ({ number, procedure })),
        narrative: this.#narrativeOf(scope, id),
        approved: this.#approvalOf(id),
      })),
      tests: scope.tests.map((test) => ({ ...test, deviations: [] })),
      populations: this.#populations(scope).map((one) => ({ ...one })),
      not_checked: [...this.#pack.report.not_checked],
    }
  }

  /** How a control works, in sentences, each with what it rests on as far as that is in scope. */
  #narrativeOf({ tests, populations }: Scoped, control: string): JsonObject[] {
    const sentences = this.#narratives.find((one) => one.control === control)?.sentences ?? []
    return sentences.map(({ text, evidence }) => ({
      text,
      entries: evidence?.entries ?? [],
      tests: (evidence?.tests ?? []).filter((number) => tests.some((test) => test.number === number)),
      populations: (evidence?.populations ?? []).filter((name) => populations.has(name)),
    }))
  }

  /** What of a narrative people approve, and who last did. */
  #approvalOf(control: string): JsonObject | null {
    const found = this.#narratives.find((one) => one.control === control)
    return found === undefined ? null : { digest: found.digest, approval: found.approval }
  }

  #populations(scope: Scoped): PreviewedPopulation[] {
    return this.#manifest.populations
      .filter(({ name }) => scope.populations.has(name))
      .map(({ name, definition, query, count, sha256 }) => ({ name, definition, query, count, sha256 }))
  }

  /** @param from of the deviations: at most {@link PAGE_MAX} from there */
  test(criteria: Granted, number: number, from: number): JsonObject | null {
    const found = this.scope(criteria).tests.find((test) => test.number === number)
    if (found === undefined) return null
    const deviations = found.deviations.slice(from, from + PAGE_MAX)
    return { ...found, deviations: deviations.map((one) => ({ ...one })), from }
  }

  /** @param from at most {@link PAGE_MAX} rows from there */
  rows(criteria: Granted, name: string, from: number): JsonObject | null {
    const [found] = this.#populations(this.scope(criteria)).filter((one) => one.name === name)
    if (found === undefined) return null
    return { ...found, from, rows: this.#rowsOf(name).slice(from, from + PAGE_MAX) }
  }

  /** The whole of a population, as the pack has it. @returns null: not in scope */
  file(criteria: Granted, name: string, format: 'csv' | 'jsonl'): Uint8Array | null {
    if (!this.scope(criteria).populations.has(name)) return null
    return this.#pack.files.get(format === 'csv' ? csvFile(name) : populationFile(name)) ?? null
  }

  async action(criteria: Granted, action: string): Promise<PreviewedAction | null> {
    if (!this.#hasAction(this.scope(criteria), action)) return null
    const story = await actionStory(this.#crypto, this.#pack, action)
    if (story === null) return null
    const { evidence, ...rest } = story
    const entries: PreviewedEntry[] = []
    for (const { index } of evidence) {
      const entry = await this.#entryAt(Number(index))
      if (entry !== null) entries.push(entry)
    }
    return { ...rest, entries }
  }

  #hasAction({ populations }: Scoped, action: string): boolean {
    return populations.has('decisions') && this.#rowsOf('decisions').some((row) => row.action === action)
  }

  /** An entry that a row, a deviation or a sentence in scope names. @returns null: none does, or it was pruned */
  async entry(criteria: Granted, index: number): Promise<PreviewedEntry | null> {
    return this.named(this.scope(criteria)).has(index) ? this.#entryAt(index) : null
  }

  /** Indices of the entries that rows, deviations and sentences in scope name. */
  named(scope: Scoped): ReadonlySet<number> {
    const rows = [...scope.populations].flatMap((name) => this.#rowsOf(name).map(({ index }) => index))
    const deviations = scope.tests.flatMap((test) => test.deviations.flatMap(({ entries }) => entries))
    const told = scope.controls.flatMap(({ id }) =>
      this.#narrativeOf(scope, id).flatMap(({ entries }) => entries as number[]),
    )
    return new Set([...rows, ...deviations, ...told].filter((index) => typeof index === 'number'))
  }

  /** What requests and comments may be about. */
  has(criteria: Granted, about: { readonly kind: string; readonly id: string }): boolean {
    const scope = this.scope(criteria)
    switch (about.kind) {
      case 'criterion':
        return scope.criteria.some(({ id }) => id === about.id)
      case 'test':
        return scope.tests.some(({ number }) => String(number) === about.id)
      case 'population':
        return this.#populations(scope).some(({ name }) => name === about.id)
      case 'action':
        return this.#hasAction(scope, about.id)
      case 'entry':
        return [...this.named(scope)].some((index) => String(index) === about.id)
      default:
        return false
    }
  }

  #rowsOf(name: string): readonly JsonObject[] {
    const known = this.#rows.get(name) ?? linesOf(this.#pack.files.get(populationFile(name)))
    this.#rows.set(name, known)
    return known
  }

  async #entryAt(index: number): Promise<PreviewedEntry | null> {
    try {
      const { bytes, proof } = await findEntry(
        this.#crypto,
        packTiles(this.#pack.files),
        index,
        this.#end.size,
      )
      return { index, text: fromUtf8(bytes), proof: proof.map(base64) }
    } catch (error) {
      if (error instanceof LogError && error.code === 'ENTRY_PRUNED') return null
      throw error
    }
  }

  /** For an extract: those of the scope, ascending, at most so many. */
  async *entries(indices: readonly number[]): AsyncGenerator<PreviewedEntry> {
    for (const index of indices) {
      const entry = await this.#entryAt(index)
      if (entry !== null) yield entry
    }
  }
}

/** Of a file that the verifier has recomputed. */
function linesOf(bytes: Uint8Array | undefined): JsonObject[] {
  if (bytes === undefined) return []
  const lines = fromUtf8(bytes).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JsonObject)
}
