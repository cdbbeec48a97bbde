/**
 * Verifies a pack with nothing but the pack and the log's verifier key, as the list of its checks. spec/pack.md.
 * Never executes, writes or follows anything from the pack. Concludes nothing about controls (PCK-5).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { openCheckpoint, type Checkpoint } from '../../log/checkpoint.ts'
import { verifyTree } from '../../log/reader.ts'
import { parseNote, parseVkey } from '../../log/note.ts'
import { PruningCheck } from '../../log/pruning.ts'
import { TILE_WIDTH } from '../../log/tiles.ts'
import type { ReadTile } from '../../log/tree-walk.ts'
import { PackError } from '../errors.ts'
import { History } from '../history.ts'
import type { Codec } from '../../ports/codec.ts'
import { addBundle } from '../bundles/add.ts'
import { jobOf, pathsOf, type BundleOf, type BundleReaders } from '../bundles/job.ts'
import { openPack, packTiles } from '../pack/archive.ts'
import { ReadFiles, type PackFiles } from '../pack/files.ts'
import {
  CHECKPOINT_FILE,
  MANIFEST_FILE,
  periodOf,
  readManifest,
  START_CHECKPOINT_FILE,
} from '../pack/manifest.ts'
import { populationsOf } from '../populations/populations.ts'
import type { TestResults } from '../tests/result.ts'
import { testsOf } from '../tests/run.ts'
import { ProvenAllows } from './allows.ts'
import { checkHistory, type CheckedHistory } from './checks.ts'
import { checkCheckpoints, checkFiles, checkManifest, checkPopulations, checkResults } from './claims.ts'
import { checkCompanions } from './companions.ts'
import { compareHeld, type HeldCheckpoint } from './held.ts'
import { checkGaps, checkPeriod } from './prunings.ts'
import { samplesOf } from '../samples/samples.ts'
import { checkSamples } from './samples.ts'
import { checkSources } from './sources.ts'
import { Findings, type PackReport } from './report.ts'
import { signatureFault } from './signature.ts'
import { reportOf } from './summary.ts'
import { treeFault } from './tree-fault.ts'
import { compareCosignatures, witnessKeys } from './witnesses.ts'

export interface VerifiedPack {
  readonly report: PackReport
  readonly files: PackFiles
  readonly history: History
  readonly allows: ProvenAllows
  readonly checkpoint: Checkpoint | null
  readonly findings: Findings
}

export interface VerifyOptions {
  /** Told of entries read. */
  readonly onProgress?: (entries: number, of: number) => void
  readonly codec?: Codec
  /** Threads that read bundles beside this one. */
  readonly readers?: BundleReaders
  /** Checkpoints that the reader holds. */
  readonly held?: readonly HeldCheckpoint[]
  /** Verifier keys of witnesses that the reader trusts, from a source other than the pack. */
  readonly witnesses?: readonly string[]
}

/**
 * @param vkey the log's verifier key (C2SP signed-note), from a source other than the pack
 * @throws {PackError} what is not a pack at all; {LogError} `VKEY_INVALID`
 */
export async function verifyPack(
  crypto: Crypto,
  archive: Uint8Array,
  vkey: string,
  { onProgress = () => undefined, codec, readers, held = [], witnesses = [] }: VerifyOptions = {},
): Promise<VerifiedPack> {
  parseVkey(crypto, vkey)
  const known = witnessKeys(crypto, witnesses)
  const files = new ReadFiles(crypto, openPack(archive, codec))
  const manifestBytes = files.get(MANIFEST_FILE)
  if (manifestBytes === undefined) throw new PackError('PACK_FILE_MISSING', 'the pack has no manifest.json')
  const manifest = readManifest(manifestBytes)
  const findings = new Findings()
  const history = new History(crypto)

  const checkpoint = open(crypto, files, CHECKPOINT_FILE, vkey, findings)
  const start =
    manifest.log.start === null ? null : open(crypto, files, START_CHECKPOINT_FILE, vkey, findings)
  findings.check('checkpoints are signed by the key', () =>
    checkCheckpoints(manifest, checkpoint, start, findings),
  )
  let checked: CheckedHistory = { allows: new ProvenAllows(history.table), roots: [] }
  let populations: Record<string, number> = {}
  let results: TestResults | null = null
  let isWhole = false
  if (checkpoint !== null) {
    const tree = { checkpoint, start, history, findings, onProgress }
    isWhole = await checkTree(crypto, files, tree, readers)
    readers?.stop()
    checked = checkHistory(crypto, history, vkey, findings)
    findings.check('the manifest says what the log says', () => {
      checkPeriod(history, manifest, findings)
      return checkManifest(history, manifest, findings)
    })
    findings.check('the manifest is signed by the issuer of the log', () => {
      const fault = signatureFault(crypto, { files, manifest, checkpoint, history })
      if (fault !== null) findings.add(fault)
      return 1
    })
    const period = periodOf(manifest)
    const recomputed = populationsOf(crypto, history, period)
    const sheets = checkSources(crypto, files, manifest, history, findings)
    const tested = { ...checked, history, findings, sheets }
    const computed = await testsOf(crypto, packTiles(files), tested, period)
    await findings.checkLater('populations recompute to the same bytes', async () => {
      const { generator } = manifest
      const { tests } = computed
      const made = { populations: recomputed, tests, history, period, start, end: checkpoint, generator }
      populations = await checkPopulations(files, made, manifest, findings)
      return recomputed.length
    })
    findings.check('tests recompute to the same results', () => checkResults(files, computed, findings))
    const samples = await samplesOf(crypto, { tiles: packTiles(files), end: checkpoint, history }, period)
    checkSamples(files, samples, findings)
    const { allows } = checked
    const shared = { manifest, checkpoint, start, history, allows, samples }
    const made = { ...shared, populations: recomputed, results: computed }
    checkCompanions(crypto, files, made, findings)
    results = computed
  }
  findings.checkFirst('files are those of the manifest', (own) => checkFiles(files, manifest, own))
  const signed = [
    ...(start === null ? [] : [START_CHECKPOINT_FILE]),
    ...(checkpoint === null ? [] : [CHECKPOINT_FILE]),
  ]
  const seen = compareCosignatures(crypto, files, signed, known)
  if (known.length > 0)
    findings.checkFirst('cosignatures by the witnesses that you named hold', (own) => {
      for (const fault of seen.faults) own.add(fault)
      return seen.cosigned.length
    })
  const tiles = { read: (path: string) => files.read(path) }
  const compared = await compareHeld(crypto, { vkey, checkpoint, isWhole, tiles }, held)
  if (held.length > 0)
    findings.checkFirst('checkpoints that you hold are beginnings of this tree', (own) => {
      for (const fault of compared.faults) own.add(fault)
      return compared.compared
    })
  const verified = seen.cosigned.filter(({ file }) => file === CHECKPOINT_FILE).map(({ witness }) => witness)
  const cosigners = checkpoint === null ? [] : cosignersOf(files, checkpoint)
  const others = cosigners.filter((name) => known.every((key) => key.name !== name))
  const found = {
    allows: checked.allows,
    populations,
    results,
    findings,
    cosigners: { others, isSigned: cosigners.length > 0, isSeen: verified.length > 0 },
    not_checked: [...seen.not_checked, ...compared.not_checked],
    cosignatures: known.length === 0 ? null : seen.cosigned,
  }
  const report = reportOf(manifest, history, found)
  return { report, files, history, allows: checked.allows, checkpoint, findings }
}

function open(
  crypto: Crypto,
  files: PackFiles,
  file: string,
  vkey: string,
  findings: Findings,
): Checkpoint | null {
  const note = files.get(file)
  if (note === undefined) return null
  try {
    return openCheckpoint(crypto, note, vkey)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    const message = `${file} does not verify under the key given: ${error.message}`
    findings.add({ code: 'CHECKPOINT_INVALID', message, file })
    return null
  }
}

/** Whose signatures the end checkpoint says that it has besides that of the log. Not checked: that any is theirs. */
function cosignersOf(files: PackFiles, { origin }: Checkpoint): string[] {
  const { signatures } = parseNote(files.get(CHECKPOINT_FILE) ?? new Uint8Array())
  return signatures.map(({ name }) => name).filter((name) => name !== origin)
}

interface TreeCheck {
  readonly checkpoint: Checkpoint
  readonly start: Checkpoint | null
  readonly history: History
  readonly findings: Findings
  readonly onProgress: (entries: number, of: number) => void
}

async function checkTree(
  crypto: Crypto,
  files: ReadFiles,
  check: TreeCheck,
  readers: BundleReaders | undefined,
): Promise<boolean> {
  const { checkpoint, start, history, findings } = check
  const before = findings.faults_n
  const tiles = { read: (path: string) => files.read(path) }
  const prunings = new PruningCheck(crypto)
  const takeEntry = (index: number, bytes: Uint8Array): void => {
    try {
      const entry = history.addBytes(index, bytes)
      if (entry !== null) prunings.entry(index, entry)
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error
      findings.add({
        code: 'ENTRY_INVALID',
        message: `entry ${index} is not valid: ${error.message}`,
        index,
      })
    }
  }
  const takeBundle = (tile: number, bundle: BundleOf): void => {
    const { sha256 } = bundle.read
    const paths = pathsOf(tile)
    files.noteDigest(paths.bundle, sha256.bundle)
    files.noteDigest(paths.hashes, sha256.hashes)
    check.onProgress(tile * TILE_WIDTH, checkpoint.size)
    addBundle(history, tile * TILE_WIDTH, bundle, takeEntry)
  }
  const result = await verifyTree(crypto, tiles, checkpoint, {
    ...(start === null ? {} : { start }),
    ...(readers === undefined ? {} : { tileElsewhere: elsewhere(readers, files, takeBundle) }),
    onPruned: (first, gaps) => {
      prunings.bundle(first, gaps)
      history.pruned(first)
    },
    onEntry: (index, bytes) => {
      if (index % 1000 === 0) check.onProgress(index, checkpoint.size)
      takeEntry(index, bytes)
    },
  })
  if (!result.ok) findings.add(treeFault(result))
  else await checkGaps(crypto, prunings, { tiles, size: checkpoint.size }, findings)
  findings.checks.push({
    name: 'every entry hashes up to the signed root',
    ok: findings.faults_n === before,
    count: history.size,
  })
  return result.ok
}

/** Full tiles, from those who read them beside us. */
function elsewhere(
  readers: BundleReaders,
  files: ReadFiles,
  take: (tile: number, bundle: BundleOf) => void,
): (tile: number) => Promise<ReadTile | null> {
  return async (tile) => {
    const job = jobOf(files, tile)
    const bundle = job === null ? null : await readers.read(tile, job)
    return bundle === null ? null : { root: bundle.read.root, take: () => take(tile, bundle) }
  }
}
