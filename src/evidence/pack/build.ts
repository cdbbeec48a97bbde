/**
 * Builds a pack from a published log: a slice that carries everything a verifier needs. spec/pack.md.
 * The pack holds data only, never code.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { hex, utf8 } from '../../core/encoding.ts'
import { canonicalBytes } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { openCheckpoint, type Checkpoint } from '../../log/checkpoint.ts'
import { decodeWithBody } from '../../log/entries.ts'
import { keptPath, mapPath } from '../../log/kept.ts'
import { verifyTree } from '../../log/reader.ts'
import { readExactly } from '../../log/tile-file.ts'
import { changedBundles, changedTiles, tilePath } from '../../log/tiles.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import { PackError } from '../errors.ts'
import { EARLIER_FILE } from '../companions/narratives/schema.ts'
import { readCatalogue } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import { History } from '../history.ts'
import type { Document } from '../report/document.ts'
import { printedDocument } from '../report/report.ts'
import { csvFile, csvOf } from '../populations/csv.ts'
import { populationFile, populationsOf, type Period, type Population } from '../populations/populations.ts'
import { RESULTS_FILE, resultsBytes, type TestCounts, type TestResults } from '../tests/result.ts'
import { testsOf } from '../tests/run.ts'
import type { ProvenAllow } from '../verify/chains.ts'
import { checkHistory } from '../verify/checks.ts'
import { Findings } from '../verify/report.ts'
import { packTiles, writeArchive } from './archive.ts'
import { PDF_FILE } from './companion-names.ts'
import { companionFiles, reportInput } from './companions.ts'
import {
  CHECKPOINT_FILE,
  GENERATOR,
  MANIFEST_FILE,
  START_CHECKPOINT_FILE,
  type Manifest,
} from './manifest.ts'

export interface PackSource {
  readonly tiles: Pick<TileStore, 'read'>
  readonly vkey: string
  /** The signed note of the tree that the pack is built over. */
  readonly checkpoint: Uint8Array
  /** The last signed note at or before the period's start; null when the log began later. */
  readonly start: Uint8Array | null
}

/** What a pack has besides populations: report, OSCAL, companions (RPT-1). */
export interface PackExtras {
  readonly catalogue: Catalogue
  /** Null: no PDF. */
  readonly print: Printer | null
  /** `narratives.json` of an earlier pack, to show what changed since. */
  readonly earlier?: Uint8Array | null
}

/** Draws a document as a PDF. The same document has the same bytes. */
export type Printer = (document: Document) => Promise<Uint8Array>

export interface BuiltPack {
  readonly bytes: Uint8Array
  readonly manifest: Manifest
  /** How many tests came to what. */
  readonly tests: TestCounts
}

/**
 * @throws {PackError} `PACK_PERIOD_INVALID`, `PACK_PERIOD_PRUNED`, `PACK_LOG_EMPTY`, `PACK_FILE_MISSING`
 * @throws {LogError} a checkpoint or tile of the source that does not hold: a pack is not built over it
 */
export async function buildPack(
  crypto: Crypto,
  source: PackSource,
  period: Period,
  extras: PackExtras | null = null,
): Promise<BuiltPack> {
  if (!(period.from_ms < period.to_ms))
    throw new PackError('PACK_PERIOD_INVALID', 'the period must end after it starts')
  const end = openCheckpoint(crypto, source.checkpoint, source.vkey)
  const start = source.start === null ? null : openCheckpoint(crypto, source.start, source.vkey)
  if (end.size === 0) throw new PackError('PACK_LOG_EMPTY', 'the log has no entries yet')

  const files = new Map<string, Uint8Array>([[CHECKPOINT_FILE, source.checkpoint]])
  if (source.start !== null) files.set(START_CHECKPOINT_FILE, source.start)
  await addTiles(files, source.tiles, end.size)
  const history = await readHistory(crypto, files, end, start)
  if (period.from_ms < history.prunedBefore()) {
    const from = rfc3339(history.prunedBefore())
    throw new PackError(
      'PACK_PERIOD_PRUNED',
      `entries of the period were pruned: begin at ${from}, or use a pack that was made before`,
    )
  }
  const pruned = await addMaps(files, source.tiles, history)
  const populations = populationsOf(history, period)
  const findings = new Findings()
  const checked = checkHistory(crypto, history, source.vkey, findings)
  const results = await testsOf(crypto, packTiles(files), { ...checked, history, findings }, period)
  files.set(RESULTS_FILE, resultsBytes(results))
  const { allows } = checked
  if (extras !== null)
    await addCompanions(crypto, files, {
      ...extras,
      populations,
      period,
      start,
      end,
      history,
      allows,
      results,
    })
  const manifest = describe(crypto, files, { history, populations, period, start, end, pruned })
  files.set(MANIFEST_FILE, canonicalBytes(manifest))
  return { bytes: writeArchive(files), manifest, tests: results.counts }
}

async function addTiles(
  files: Map<string, Uint8Array>,
  tiles: Pick<TileStore, 'read'>,
  size: number,
): Promise<void> {
  for (const tile of [...changedTiles(0, size), ...changedBundles(0, size)]) {
    const path = tilePath(tile)
    const bytes = await readExactly(tiles, tile)
    const kept = bytes === null && tile.level === 'entries' ? await tiles.read(keptPath(tile.index)) : null
    if (kept !== null) {
      files.set(keptPath(tile.index), kept)
      continue
    }
    if (bytes === null) throw new PackError('PACK_FILE_MISSING', `the log does not serve ${path}`)
    files.set(path, bytes)
  }
}

/** @returns the entries that say what is gone */
async function addMaps(
  files: Map<string, Uint8Array>,
  tiles: Pick<TileStore, 'read'>,
  history: History,
): Promise<number[]> {
  const begun = history.prunings.filter(({ entry }) => entry.body.act.from < history.prunedEnd)
  for (const { index } of begun) {
    const map = await tiles.read(mapPath(index))
    if (map === null) throw new PackError('PACK_FILE_MISSING', `the log does not serve ${mapPath(index)}`)
    files.set(mapPath(index), map)
  }
  return begun.map(({ index }) => index)
}

async function readHistory(
  crypto: Crypto,
  files: ReadonlyMap<string, Uint8Array>,
  end: Checkpoint,
  start: Checkpoint | null,
): Promise<History> {
  const history = new History(crypto)
  const store = packTiles(files)
  const result = await verifyTree(crypto, store, end, {
    ...(start === null ? {} : { start }),
    onPruned: (first) => history.pruned(first),
    onEntry: (index, bytes) => {
      const { entry, body } = decodeWithBody(bytes)
      history.add(index, entry, body)
    },
  })
  if (!result.ok) {
    throw new PackError(
      'PACK_FILE_MISSING',
      `the log itself does not verify (${result.code}): no pack is built over it`,
    )
  }
  return history
}

interface Companions extends PackExtras {
  readonly populations: readonly Population[]
  readonly period: Period
  readonly start: Checkpoint | null
  readonly end: Checkpoint
  readonly history: History
  readonly allows: readonly ProvenAllow[]
  readonly results: TestResults
}

async function addCompanions(
  crypto: Crypto,
  files: Map<string, Uint8Array>,
  from: Companions,
): Promise<void> {
  if (from.earlier !== undefined && from.earlier !== null) files.set(EARLIER_FILE, from.earlier)
  // As the verifier will read it, members in their canonical order.
  const catalogue = readCatalogue(canonicalBytes(from.catalogue))
  const { tests } = from.results
  const input = reportInput(crypto, { ...from, generator: GENERATOR, catalogue, tests, files })
  for (const [name, bytes] of companionFiles(crypto, input)) files.set(name, bytes)
  if (from.print !== null) files.set(PDF_FILE, await from.print(printedDocument(input)))
}

function describe(
  crypto: Crypto,
  files: Map<string, Uint8Array>,
  tree: {
    readonly history: History
    readonly populations: readonly Population[]
    readonly period: Period
    readonly start: Checkpoint | null
    readonly end: Checkpoint
    readonly pruned: readonly number[]
  },
): Manifest {
  const { history, period } = tree
  const bounds = { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms) }
  const populations = tree.populations.map(({ of, name, count, rows, text }) => {
    const file = populationFile(name)
    const csv = csvFile(name)
    const bytes = utf8(text)
    files.set(file, bytes)
    files.set(csv, utf8(csvOf(rows)))
    return {
      name,
      definition: of.definition,
      query: of.query,
      period: bounds,
      range: { first: 0 as const, end: tree.end.size },
      count,
      sha256: hex(crypto.sha256(bytes)),
      file,
      csv,
      reconciled: false as const,
    }
  })
  return {
    v: 1,
    origin: tree.end.origin,
    simulated: history.created?.entry.body.simulated ?? false,
    period: bounds,
    log: {
      start: tree.start?.size ?? null,
      end: tree.end.size,
      ...(tree.pruned.length === 0 ? {} : { pruned: [...tree.pruned] }),
    },
    generator: GENERATOR,
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, hex(crypto.sha256(bytes))])),
    populations,
  }
}
