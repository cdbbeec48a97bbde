/**
 * Builds a pack from a published log: a slice that carries everything a verifier needs. spec/pack.md.
 * The pack holds data only, never code.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { hex } from '../../core/encoding.ts'
import { canonicalBytes, type JsonValue } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import type { Codec } from '../../ports/codec.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import { PackError } from '../errors.ts'
import { DESCRIPTION_FILE } from '../companions/drafts/description.ts'
import { EARLIER_FILE } from '../companions/narratives/schema.ts'
import { readCatalogue } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import type { History } from '../history.ts'
import { uploadsOf } from '../populations/sheets.ts'
import type { Document } from '../report/document.ts'
import type { PackMade } from '../report/input.ts'
import { printedDocument } from '../report/report.ts'
import { csvFile } from '../populations/csv.ts'
import { cutOffOf } from '../populations/cut-off.ts'
import { describedLog, describePopulation } from '../populations/description.ts'
import type { Population } from '../populations/population.ts'
import { populationFile, populationsOf, type Period } from '../populations/populations.ts'
import { sampleBytes, sampleFile, samplesOf, type Sample } from '../samples/samples.ts'
import { evaluationsOf, type Evaluations } from '../tests/evaluated.ts'
import { RESULTS_FILE, resultsBytes, type TestCounts, type TestResults } from '../tests/result.ts'
import { testsOf } from '../tests/run.ts'
import type { ProvenAllows } from '../verify/allows.ts'
import { checkHistory } from '../verify/checks.ts'
import { Findings } from '../verify/report.ts'
import { packTiles } from './archive.ts'
import { fflateCodec } from './codec.ts'
import { PDF_FILE } from './companion-names.ts'
import { companionFiles, reportInput } from './companions.ts'
import { WrittenFiles } from './files.ts'
import {
  CHECKPOINT_FILE,
  GENERATOR,
  MANIFEST_FILE,
  SIGNATURE_FILE,
  START_CHECKPOINT_FILE,
  type Manifest,
} from './manifest.ts'
import { addMaps, readHistory, type Tree } from './read-log.ts'
import { addSources, type AddedSource, type SourceOpener } from './sources.ts'
import { MemoryFile, type ByteFile } from './zip.ts'

export interface PackSource {
  readonly tiles: Pick<TileStore, 'read'>
  readonly vkey: string
  /** The signed note of the tree that the pack is built over. */
  readonly checkpoint: Uint8Array
  /** The last signed note at or before the period's start; null when the log began later. */
  readonly start: Uint8Array | null
  readonly sign: ManifestSigner
  /** Who makes it, as they will have it signed; absent: nobody signs it. */
  readonly made?: PackMade
  /** Opens what was handed in of other sources; absent: of a log without any. */
  readonly openSource?: SourceOpener
}

/** Has the control plane log the pack and sign its manifest. @returns a DSSE envelope (PCK-7) */
export type ManifestSigner = (pack: PackToSign) => Promise<JsonValue>

export interface PackToSign {
  readonly period: Manifest['period']
  /** The signed note. */
  readonly checkpoint: Uint8Array
  /** Hex, of the manifest. */
  readonly sha256: string
  readonly generator: string
}

/** What a pack has besides populations: report, OSCAL, companions (RPT-1). */
export interface PackExtras {
  readonly catalogue: Catalogue
  /** Null: no PDF. */
  readonly print: Printer | null
  /** `drafts/description.json`: what the company wrote of itself. */
  readonly description?: Uint8Array | null
  /** `narratives.json` of an earlier pack, to show what changed since. */
  readonly earlier?: Uint8Array | null
}

/** Draws a document as a PDF. The same document has the same bytes. */
export type Printer = (document: Document) => Promise<Uint8Array>

export interface BuiltPack {
  readonly manifest: Manifest
  /** How many tests came to what. */
  readonly tests: TestCounts
}

/** What {@link writePack} needs of a platform. */
export interface PackRim {
  readonly crypto: Crypto
  readonly codec: Codec
  /** Empty; it holds half a pack when building fails. */
  readonly file: ByteFile
}

/** As {@link writePack}, in memory. */
export async function buildPack(
  crypto: Crypto,
  source: PackSource,
  period: Period,
  extras: PackExtras | null = null,
): Promise<BuiltPack & { readonly bytes: Uint8Array }> {
  const file = new MemoryFile()
  const built = await writePack({ crypto, codec: fflateCodec, file }, source, period, extras)
  return { ...built, bytes: file.bytes }
}

/**
 * @throws {PackError} `PACK_PERIOD_INVALID`, `PACK_PERIOD_PRUNED`, `PACK_LOG_EMPTY`, `PACK_FILE_MISSING`, `PACK_TOO_LARGE`
 * @throws {LogError} a checkpoint or tile of the source that does not hold: a pack is not built over it
 */
export async function writePack(
  { crypto, codec, file }: PackRim,
  source: PackSource,
  period: Period,
  extras: PackExtras | null = null,
): Promise<BuiltPack> {
  if (!(period.from_ms < period.to_ms))
    throw new PackError('PACK_PERIOD_INVALID', 'the period must end after it starts')
  const end = openCheckpoint(crypto, source.checkpoint, source.vkey)
  const start = source.start === null ? null : openCheckpoint(crypto, source.start, source.vkey)
  if (end.size === 0) throw new PackError('PACK_LOG_EMPTY', 'the log has no entries yet')

  const tree = { start, end }
  const files = new WrittenFiles(crypto, file, codec)
  await files.add(CHECKPOINT_FILE, [source.checkpoint])
  if (source.start !== null) await files.add(START_CHECKPOINT_FILE, [source.start])
  const history = await readHistory(crypto, files, source.tiles, tree)
  if (period.from_ms < history.prunedBefore()) {
    const from = rfc3339(history.prunedBefore())
    throw new PackError(
      'PACK_PERIOD_PRUNED',
      `entries of the period were pruned: begin at ${from}, or use a pack that was made before`,
    )
  }
  const pruned = await addMaps(files, source.tiles, history)
  const findings = new Findings()
  const checked = checkHistory(crypto, history, source.vkey, findings)
  const sources = await addSources(crypto, files, uploadsOf(history, period), source.openSource)
  const sheets = sources.map(({ sheet }) => sheet)
  const results = await testsOf(crypto, packTiles(files), { ...checked, history, findings, sheets }, period)
  await files.add(RESULTS_FILE, [resultsBytes(results)])
  const samples = await samplesOf(crypto, { tiles: packTiles(files), end, history }, period)
  for (const sample of samples) await files.add(sampleFile(sample.id), [sampleBytes(sample)])
  const populations = populationsOf(crypto, history, period)
  for (const population of populations) {
    await files.add(populationFile(population.name), population.lines())
    await files.add(csvFile(population.name), population.csv())
  }
  const { allows } = checked
  if (extras !== null)
    await addCompanions(crypto, files, {
      ...extras,
      made: source.made ?? null,
      ...tree,
      populations,
      samples,
      period,
      history,
      allows,
      results,
      evaluations: evaluationsOf(history, findings),
    })
  const manifest = describe(files, { ...tree, history, populations, period, pruned, sources, results })
  await addSigned(crypto, files, manifest, source)
  files.finish()
  return { manifest, tests: results.counts }
}

interface Companions extends PackExtras, Tree {
  readonly populations: readonly Population[]
  readonly period: Period
  readonly history: History
  readonly allows: ProvenAllows
  readonly results: TestResults
  readonly evaluations: Evaluations
  readonly samples: readonly Sample[]
  readonly made: PackMade | null
}

async function addCompanions(crypto: Crypto, files: WrittenFiles, from: Companions): Promise<void> {
  const given = new Map([
    ...givenAs(DESCRIPTION_FILE, from.description ?? null),
    ...givenAs(EARLIER_FILE, from.earlier ?? null),
  ])
  const readable = {
    has: (name: string) => given.has(name) || files.has(name),
    get: (name: string) => given.get(name) ?? files.get(name),
  }
  // As the verifier will read it, members in their canonical order.
  const catalogue = readCatalogue(canonicalBytes(from.catalogue))
  const { tests } = from.results
  const input = reportInput({ ...from, generator: GENERATOR, catalogue, tests, files: readable })
  for (const [name, bytes] of companionFiles(crypto, input)) await files.add(name, [bytes])
  if (from.print !== null) await files.add(PDF_FILE, [await from.print(printedDocument(input))])
}

/** Read from here, and written in canonical order with the other companions. */
function givenAs(name: string, bytes: Uint8Array | null): (readonly [string, Uint8Array])[] {
  return bytes === null ? [] : [[name, bytes]]
}

/** The manifest, and the signature over it. */
async function addSigned(
  crypto: Crypto,
  files: WrittenFiles,
  manifest: Manifest,
  { sign, checkpoint }: PackSource,
): Promise<void> {
  const bytes = canonicalBytes(manifest)
  const { period, generator } = manifest
  const envelope = await sign({ period, checkpoint, sha256: hex(crypto.sha256(bytes)), generator })
  await files.add(MANIFEST_FILE, [bytes])
  await files.add(SIGNATURE_FILE, [canonicalBytes(envelope)])
}

interface Described extends Tree {
  readonly history: History
  readonly populations: readonly Population[]
  readonly period: Period
  readonly pruned: readonly number[]
  readonly sources: readonly AddedSource[]
  readonly results: TestResults
}

function describe(files: WrittenFiles, from: Described): Manifest {
  const { history, period, start, end, pruned } = from
  const log = describedLog({ ...from, generator: GENERATOR })
  const { state, limitations } = cutOffOf(history, period)
  return {
    v: 1,
    origin: end.origin,
    simulated: history.created?.entry.body.simulated ?? false,
    period: { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms) },
    log: {
      start: start?.size ?? null,
      end: end.size,
      ...(pruned.length === 0 ? {} : { pruned: [...pruned] }),
    },
    generator: GENERATOR,
    files: files.digests,
    sources: from.sources.map(({ id, file, salt }) => ({ id, file, salt })),
    state,
    limitations,
    populations: from.populations.map((population) =>
      describePopulation(population, log, from.results.tests),
    ),
  }
}
