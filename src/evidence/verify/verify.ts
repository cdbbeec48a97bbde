/**
 * Verifies a pack with nothing but the pack and the log's verifier key, as the list of its checks. spec/pack.md.
 * Never executes, writes or follows anything from the pack. Concludes nothing about controls (PCK-5).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { openCheckpoint, type Checkpoint } from '../../log/checkpoint.ts'
import { decodeEntry } from '../../log/entries.ts'
import { verifyTree } from '../../log/reader.ts'
import { parseVkey } from '../../log/note.ts'
import { PruningCheck } from '../../log/pruning.ts'
import { PackError } from '../errors.ts'
import { History } from '../history.ts'
import { packTiles, readArchive, type PackFiles } from '../pack/archive.ts'
import {
  CHECKPOINT_FILE,
  MANIFEST_FILE,
  periodOf,
  readManifest,
  START_CHECKPOINT_FILE,
} from '../pack/manifest.ts'
import { populationsOf } from '../populations/populations.ts'
import { checkAlerts } from './alerts.ts'
import { approvalJudge } from './approvals.ts'
import { checkAttestations } from './attestations.ts'
import { checkCallApprovals, needsApprovals } from './call-approvals.ts'
import { ChainChecker, checkSegments, standingAllows, trustOf, type ProvenAllow } from './chains.ts'
import { checkCheckpoints, checkFiles, checkManifest, checkPopulations } from './claims.ts'
import { checkUses } from './bases.ts'
import { checkCompanions } from './companions.ts'
import { checkConsentChains } from './consent-chains.ts'
import { checkConsents } from './consents.ts'
import { checkDrills } from './drills.ts'
import { checkEndorsements, checkGestures } from './endorsements.ts'
import { checkErasures } from './erasures.ts'
import { checkExchanges } from './exchanges.ts'
import { checkIncidents } from './incidents.ts'
import { checkIssuerTrust } from './issuers.ts'
import { checkKeys } from './keys.ts'
import { checkFlow } from './flow.ts'
import { checkFrameKeys } from './frame-keys.ts'
import { checkKillBound, checkKills } from './kills.ts'
import { checkLeases, type LeaseBook } from './leases.ts'
import { checkLimits } from './limits.ts'
import { checkBeginning, checkDelegations, checkIdentifiers } from './registers.ts'
import { checkGaps, checkPeriod, checkPrunings } from './prunings.ts'
import { Findings, type PackReport } from './report.ts'
import { checkBound, checkFrames, checkKnownFrames } from './revocations.ts'
import { checkResponses } from './isolations.ts'
import { checkStreams } from './streams.ts'
import { reportOf } from './summary.ts'
import { checkTemplates, checkWithinTemplates, type IssuedRoot } from './templates.ts'
import { checkApproved } from './tool-changes.ts'
import { treeFault } from './tree-fault.ts'
import { checkRunVersions, checkVersions, type ApprovedVersions } from './versions.ts'

export interface VerifiedPack {
  readonly report: PackReport
  readonly files: PackFiles
  readonly history: History
  readonly allows: readonly ProvenAllow[]
  readonly checkpoint: Checkpoint | null
}

/**
 * @param vkey the log's verifier key (C2SP signed-note), from a source other than the pack
 * @param onProgress told of entries read
 * @throws {PackError} what is not a pack at all; {LogError} `VKEY_INVALID`
 */
export async function verifyPack(
  crypto: Crypto,
  archive: Uint8Array,
  vkey: string,
  onProgress: (entries: number, of: number) => void = () => undefined,
): Promise<VerifiedPack> {
  parseVkey(crypto, vkey)
  const files = readArchive(archive)
  const manifestBytes = files.get(MANIFEST_FILE)
  if (manifestBytes === undefined) throw new PackError('PACK_FILE_MISSING', 'the pack has no manifest.json')
  const manifest = readManifest(manifestBytes)
  const findings = new Findings()
  const history = new History()

  findings.check('files are those of the manifest', () => checkFiles(crypto, files, manifest, findings))
  const checkpoint = open(crypto, files, CHECKPOINT_FILE, vkey, findings)
  const start =
    manifest.log.start === null ? null : open(crypto, files, START_CHECKPOINT_FILE, vkey, findings)
  findings.check('checkpoints are signed by the key', () =>
    checkCheckpoints(manifest, checkpoint, start, findings),
  )
  let allows: ProvenAllow[] = []
  let populations: Record<string, number> = {}
  if (checkpoint !== null) {
    await checkTree(crypto, files, { checkpoint, start, history, findings, onProgress })
    allows = checkHistory(crypto, history, vkey, findings)
    findings.check('the manifest says what the log says', () => {
      checkPeriod(history, manifest, findings)
      return checkManifest(history, manifest, findings)
    })
    const recomputed = populationsOf(history, periodOf(manifest))
    findings.check('populations recompute to the same bytes', () => {
      populations = checkPopulations(crypto, files, recomputed, manifest, findings)
      return recomputed.length
    })
    const made = { manifest, checkpoint, start, history, allows, populations: recomputed }
    checkCompanions(crypto, files, made, findings)
  }
  const report = reportOf(manifest, history, { allows, populations, findings })
  return { report, files, history, allows, checkpoint }
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

interface TreeCheck {
  readonly checkpoint: Checkpoint
  readonly start: Checkpoint | null
  readonly history: History
  readonly findings: Findings
  readonly onProgress: (entries: number, of: number) => void
}

async function checkTree(crypto: Crypto, files: PackFiles, check: TreeCheck): Promise<void> {
  const { checkpoint, start, history, findings } = check
  const before = findings.faults_n
  const tiles = packTiles(files)
  const prunings = new PruningCheck(crypto)
  const result = await verifyTree(crypto, tiles, checkpoint, {
    ...(start === null ? {} : { start }),
    onPruned: (first, gaps) => {
      prunings.bundle(first, gaps)
      history.pruned(first)
    },
    onEntry: (index, bytes) => {
      if (index % 1000 === 0) check.onProgress(index, checkpoint.size)
      try {
        const entry = decodeEntry(bytes)
        prunings.entry(index, entry)
        history.add(index, entry)
      } catch (error) {
        if (!(error instanceof CountersignError)) throw error
        findings.add({
          code: 'ENTRY_INVALID',
          message: `entry ${index} is not valid: ${error.message}`,
          index,
        })
      }
    },
  })
  if (!result.ok) findings.add(treeFault(result))
  else await checkGaps(crypto, prunings, { tiles, size: checkpoint.size }, findings)
  findings.checks.push({
    name: 'every entry hashes up to the signed root',
    ok: findings.faults_n === before,
    count: history.size,
  })
}

/** What the log says, check by check: builder and verifier run the same. @param vkey the log's verifier key */
export function checkHistory(
  crypto: Crypto,
  history: History,
  vkey: string,
  findings: Findings,
): ProvenAllow[] {
  const check = (name: string, run: () => number): void => findings.check(name, run)
  check('the log begins once, under the key given', () => checkBeginning(crypto, history, vkey, findings))
  check('identifiers are given once', () => checkIdentifiers(history, findings))
  check('receipts are gapless, chained and signed', () => checkStreams(crypto, history, findings))
  check('chain segments are what their identifiers say', () => checkSegments(crypto, history, findings))
  check('frame keys were replaced by the break-glass key', () => checkFrameKeys(crypto, history, findings))
  check('revocation frames hold and follow each other', () => checkFrames(crypto, history, findings))
  check('no revocation that a point knew is missing', () => checkKnownFrames(crypto, history, findings))
  const trust = trustOf(crypto, history)
  const settings = history.created?.entry.body
  if (trust === null || settings === undefined) return []
  const { separation, bound_ms, rp_id, origins } = settings
  let roots: readonly IssuedRoot[] = []
  check('every delegation issued is a logged root with a human gesture', () => {
    roots = checkDelegations(crypto, history, trust, findings)
    return history.delegations.size
  })
  const terms = { rp: { rp_id, origins }, separation }
  let endorsed: ReadonlyMap<number, number> = new Map()
  check('registrations were endorsed by somebody whose own was endorsed before', () => {
    endorsed = checkEndorsements(crypto, history, terms, findings)
    return history.people.size
  })
  check('every gesture is by a registration that was endorsed before', () =>
    checkGestures(history, endorsed, findings),
  )
  const judge = approvalJudge(crypto, history, terms)
  const whose = separation === 'independent' ? 'someone else' : 'anyone (separation: after)'
  check(
    `issuer keys end as they may, and other issuers were approved by a registered gesture of ${whose}`,
    () => checkKeys(history, findings) + checkIssuerTrust(crypto, history, judge, findings),
  )
  let reigns: ReturnType<typeof checkTemplates> = []
  check(`templates in force were preset, or approved by a registered gesture of ${whose}`, () => {
    reigns = checkTemplates(history, judge, findings)
    return reigns.length
  })
  check('every delegation issued lies within the template of its class', () =>
    checkWithinTemplates(history, reigns, roots, findings),
  )
  checkApproved(history, judge, findings, whose)
  let allows: ProvenAllow[] = []
  check('every allow has a chain back to a registered human gesture', () => {
    const standing = standingAllows(history)
    allows = new ChainChecker(crypto, history, trust, findings).check(standing)
    return standing.length
  })
  if (needsApprovals(history, allows))
    check(
      `calls were decided by registered gestures of ${whose}, and allows that need one have their own`,
      () => checkCallApprovals(crypto, history, terms, allows, findings),
    )
  check('every access token was given for a chain that held', () =>
    checkExchanges(crypto, history, trust, findings),
  )
  let versions: ApprovedVersions = new Map()
  check(`versions of agents were approved by a registered gesture of ${whose}`, () => {
    versions = checkVersions(crypto, history, judge, findings)
    return versions.size
  })
  check('no allow to a version that was not approved', () =>
    checkRunVersions(history, allows, versions, findings),
  )
  let leases: LeaseBook = new Map()
  check('erasures were approved, and none happened while a hold was in its way', () =>
    checkErasures(crypto, history, terms, findings),
  )
  if (history.prunings.length > 0)
    check('what is gone was pruned by a registered gesture', () =>
      checkPrunings(crypto, history, terms, findings),
    )
  check('no allow after a revocation plus the bound', () => checkBound(history, allows, bound_ms, findings))
  check('kills and rosters are signed, and lifts are by as many people as the roster says', () =>
    checkKills(crypto, history, terms, findings),
  )
  check('no allow under a kill past the bound', () => checkKillBound(history, allows, bound_ms, findings))
  if (history.drills.length > 0)
    check('drills went as they may, and their reports recompute', () =>
      checkDrills(crypto, history, separation, findings),
    )
  if (history.alerts.length > 0)
    check('alerts were raised as the policy in force says, taken and closed in order', () =>
      checkAlerts(history, findings),
    )
  check('what points debited was leased, and no leases passed a cap', () => {
    const { count, book } = checkLeases(history, findings)
    leases = book
    return count
  })
  checkFlow(crypto, history, judge, allows, findings)
  checkResponses(crypto, history, judge, { allows, bound_ms }, findings)
  checkIncidents(history, judge, findings)
  checkAttestations(crypto, history, terms.rp, findings)
  checkConsents(crypto, history, { judge, rp: terms.rp }, findings)
  checkConsentChains(crypto, history, roots, findings)
  checkUses(crypto, history, { allows, bound_ms }, findings)
  check('cumulative limits were kept', () => checkLimits(allows, leases, findings))
  return allows
}
