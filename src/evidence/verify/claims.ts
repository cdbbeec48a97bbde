/**
 * What the manifest claims, against what the pack holds. Signed or not, nothing in it is believed: every member is
 * recomputed or compared. spec/pack.md, PCK-2 and PCK-3.
 * @module
 */
import { equalBytes } from '../../core/encoding.ts'
import { counted } from '../../core/words.ts'
import { canonicalize } from '../../core/json.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { keptIndex, keptPath, mapPath } from '../../log/kept.ts'
import { parseTilePath, TILE_WIDTH, tileAt, tilePath, treeTiles } from '../../log/tiles.ts'
import type { History } from '../history.ts'
import type { PackFiles, ReadFiles } from '../pack/files.ts'
import { CATALOGUE_FILE } from '../controls/catalogue.ts'
import { isCompanion } from '../pack/companion-names.ts'
import {
  CHECKPOINT_FILE,
  MANIFEST_FILE,
  periodOf,
  SIGNATURE_FILE,
  START_CHECKPOINT_FILE,
  type Manifest,
} from '../pack/manifest.ts'
import { cutOffOf } from '../populations/cut-off.ts'
import { csvFile } from '../populations/csv.ts'
import { describePopulation, describedLog, type DescribedLog } from '../populations/description.ts'
import type { Population } from '../populations/population.ts'
import { populationFile, POPULATIONS } from '../populations/populations.ts'
import { RESULTS_FILE, resultsBytes, type TestResults } from '../tests/result.ts'
import { isSampleFile } from './samples.ts'
import { FAULTS_MAX, type Findings } from './report.ts'

/** Reads what was not read before. */
export function checkFiles(files: ReadFiles, manifest: Manifest, findings: Findings): number {
  for (const [file, digest] of Object.entries(manifest.files)) {
    const found = files.digest(file)
    if (found === null) findings.add({ code: 'FILE_MISSING', message: `${file} is missing`, file })
    else if (found !== digest) {
      findings.add({ code: 'FILE_CHANGED', message: `${file} is not the file that the manifest names`, file })
    }
  }
  const isWanted = wantedFiles(manifest, files)
  for (const file of files.keys()) {
    if (
      file === MANIFEST_FILE ||
      file === SIGNATURE_FILE ||
      (Object.hasOwn(manifest.files, file) && isWanted(file))
    )
      continue
    findings.add({ code: 'FILE_EXTRA', message: `${file} is not a file of this pack`, file })
  }
  for (const file of missingFiles(files, manifest))
    findings.add({ code: 'FILE_MISSING', message: `${file} is missing`, file })
  return files.size
}

function fixedFiles({ log, sources }: Manifest): string[] {
  const start = log.start === null ? [] : [START_CHECKPOINT_FILE]
  const maps = (log.pruned ?? []).map(mapPath)
  const populations = POPULATIONS.flatMap(({ name }) => [populationFile(name), csvFile(name)])
  const given = sources.map(({ file }) => file)
  return [CHECKPOINT_FILE, ...start, ...maps, ...given, ...populations, RESULTS_FILE]
}

/** A pack has these files and no others: a manifest that names more vouches for what nobody checks. */
function wantedFiles(manifest: Manifest, files: PackFiles): (file: string) => boolean {
  const fixed = new Set(fixedFiles(manifest))
  const mayHave = files.has(CATALOGUE_FILE) ? isCompanion : () => false
  return (file) =>
    fixed.has(file) || isSampleFile(file) || mayHave(file) || isTileOf(file, manifest.log.end, files)
}

/** Whether a tree of this size has such a tile, found without the list of all: the size is what a manifest says. */
function isTileOf(file: string, size: number, files: PackFiles): boolean {
  const bundle = keptIndex(file)
  if (bundle !== null)
    return (bundle + 1) * TILE_WIDTH <= size && !files.has(tilePath(tileAt('entries', bundle, size)))
  const tile = parseTilePath(file)
  return tile !== null && tile.width === tileAt(tile.level, tile.index, size).width
}

/** Neither there nor named. As many as a report shows: past them it grows with the pack, not with what a pack claims. */
function missingFiles(files: PackFiles, manifest: Manifest): string[] {
  const missing: string[] = []
  for (const file of wantedInOrder(manifest, files)) {
    if (files.has(file) || Object.hasOwn(manifest.files, file)) continue
    missing.push(file)
    if (missing.length >= FAULTS_MAX) break
  }
  return missing
}

function* wantedInOrder(manifest: Manifest, files: PackFiles): Generator<string> {
  yield SIGNATURE_FILE
  yield* fixedFiles(manifest)
  for (const tile of treeTiles(manifest.log.end)) {
    const isKept = tile.level === 'entries' && files.has(keptPath(tile.index))
    if (!isKept) yield tilePath(tile)
  }
}

export function checkCheckpoints(
  manifest: Manifest,
  end: Checkpoint | null,
  start: Checkpoint | null,
  findings: Findings,
): number {
  const good =
    end !== null &&
    end.size === manifest.log.end &&
    end.origin === manifest.origin &&
    (manifest.log.start === null ||
      (start !== null && start.size === manifest.log.start && start.size <= end.size))
  if (!good) {
    findings.add({ code: 'CHECKPOINT_MISMATCH', message: 'the checkpoints are not those of the manifest' })
  }
  return start === null ? 1 : 2
}

/** That the data is simulated stands in the log (invariant 10), and the manifest says the same. */
export function checkManifest(history: History, manifest: Manifest, findings: Findings): number {
  const simulated = history.created?.entry.body.simulated ?? false
  const ordered = Date.parse(manifest.period.from) < Date.parse(manifest.period.to)
  if (manifest.simulated !== simulated || !ordered) {
    const message = 'the manifest does not say what the log says, or its period ends before it starts'
    findings.add({ code: 'MANIFEST_MISMATCH', message, file: MANIFEST_FILE })
  }
  const { state, limitations } = cutOffOf(history, periodOf(manifest))
  const said = canonicalize({ state: manifest.state, limitations: manifest.limitations })
  if (said !== canonicalize({ state, limitations })) {
    const message = `the log makes this pack ${state}, with ${counted(limitations.length, 'limitation')}: the manifest says otherwise`
    findings.add({ code: 'MANIFEST_MISMATCH', message, file: MANIFEST_FILE })
  }
  return 3
}

export interface Recomputed extends DescribedLog {
  readonly populations: readonly Population[]
  /** As they were computed anew. */
  readonly tests: TestResults['tests']
}

/** PCK-2, POP-2. @returns how many rows each has */
export async function checkPopulations(
  files: ReadFiles,
  recomputed: Recomputed,
  manifest: Manifest,
  findings: Findings,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const mismatch = (name: string, file: string): void =>
    findings.add({
      code: 'POPULATION_MISMATCH',
      message: `the population of ${name} is not what the log gives`,
      file,
    })
  // A start checkpoint that does not hold is a fault of its own, and not one of every population.
  const isStartKnown = recomputed.start !== null || manifest.log.start === null
  const textOf = (one: Manifest['populations'][number]): string =>
    canonicalize(isStartKnown ? one : { ...one, range: { ...one.range, start: null } })
  const log = describedLog(recomputed)
  for (const population of recomputed.populations) {
    const { name } = population
    const file = populationFile(name)
    // By their digests: of a million rows neither is held.
    await files.read(file)
    const isSame = files.digest(file) === population.digest.sha256
    const isCopied = isMadeOf(await files.read(csvFile(name)), population.csv())
    const own = describePopulation(population, log, recomputed.tests)
    const claimed = manifest.populations.filter((other) => other.name === name)
    const same =
      isSame && isCopied && claimed.length === 1 && claimed.every((other) => textOf(other) === textOf(own))
    if (!same) mismatch(name, file)
    counts[name] = own.count
  }
  for (const { name, file } of manifest.populations) {
    if (!Object.hasOwn(counts, name)) mismatch(name, file)
  }
  return counts
}

/** Whether a file is these parts and nothing else. Reads them all: who counts them has to. */
function isMadeOf(bytes: Uint8Array | null, parts: Iterable<Uint8Array>): boolean {
  let at = 0
  let isSame = bytes !== null
  for (const part of parts) {
    isSame &&= bytes !== null && equalBytes(bytes.subarray(at, at + part.length), part)
    at += part.length
  }
  return isSame && bytes?.length === at
}

/** TST-4. @returns how many tests there are */
export function checkResults(files: PackFiles, results: TestResults, findings: Findings): number {
  const bytes = files.get(RESULTS_FILE)
  if (bytes === undefined || !equalBytes(bytes, resultsBytes(results))) {
    const message = 'the results of the tests are not what the log gives'
    findings.add({ code: 'TESTS_MISMATCH', message, file: RESULTS_FILE })
  }
  return results.tests.length
}
