/**
 * Everything that is checked of what a log says, in order: builder and verifier run the same. spec/pack.md (PCK-3).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { History } from '../history.ts'
import { checkAccessReviews } from './access-reviews.ts'
import { checkAlerts } from './alerts.ts'
import { checkLoneReviews } from './alone.ts'
import { approvalJudge } from './approvals.ts'
import { checkAttestations } from './attestations.ts'
import { checkCallApprovals, needsApprovals } from './call-approvals.ts'
import { ChainChecker, checkSegments, standingAllows, trustOf } from './chains.ts'
import { ProvenAllows } from './allows.ts'
import { checkUses } from './bases.ts'
import { checkConsentChains } from './consent-chains.ts'
import { checkConsents } from './consents.ts'
import { checkDeficiencies, checkEvaluations } from './deficiencies.ts'
import { checkNarratives } from './narratives.ts'
import { checkDrills } from './drills.ts'
import { checkEmergencies } from './emergencies.ts'
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
import { checkPreviews } from './previews.ts'
import { checkProbes } from './probes.ts'
import { checkPrunings } from './prunings.ts'
import type { Findings } from './report.ts'
import { checkBound, checkFrames, checkKnownFrames } from './revocations.ts'
import { checkResponses } from './isolations.ts'
import { checkStreams } from './streams.ts'
import { checkTemplates, checkWithinTemplates, type IssuedRoot } from './templates.ts'
import { checkApproved } from './tool-changes.ts'
import { checkRoles } from './roles.ts'
import { checkServices } from './services.ts'
import { checkBreaches, checkRequests } from './requests.ts'
import { checkVendors } from './vendors.ts'
import { checkRunVersions, checkVersions, type ApprovedVersions } from './versions.ts'

/** What held, for those who go on from it. */
export interface CheckedHistory {
  readonly allows: ProvenAllows
  readonly roots: readonly IssuedRoot[]
}

/** @param vkey the log's verifier key */
export function checkHistory(
  crypto: Crypto,
  history: History,
  vkey: string,
  findings: Findings,
): CheckedHistory {
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
  if (trust === null || settings === undefined) return { allows: new ProvenAllows(history.table), roots: [] }
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
  let allows = new ProvenAllows(history.table)
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
    checkKills(crypto, history, { ...terms, endorsed }, findings),
  )
  if (history.probes.length > 0)
    check('probes of the kill channel are signed, and so are the answers to them', () =>
      checkProbes(crypto, history, findings),
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
  checkRoles(history, judge, findings)
  checkServices(crypto, history, judge, findings)
  checkAccessReviews(crypto, history, judge, findings)
  checkEvaluations(history, judge, findings)
  checkDeficiencies(history, judge, findings)
  checkNarratives(history, judge, findings)
  checkVendors(history, judge, findings)
  checkPreviews(history, judge, findings)
  checkEmergencies(history, judge, findings)
  checkLoneReviews(crypto, history, terms.rp, findings)
  checkBreaches(history, judge, findings)
  checkRequests(history, findings)
  checkAttestations(crypto, history, terms.rp, findings)
  checkConsents(crypto, history, { judge, rp: terms.rp }, findings)
  checkConsentChains(crypto, history, roots, findings)
  checkUses(crypto, history, { allows, bound_ms }, findings)
  check('cumulative limits were kept', () => checkLimits(allows, leases, findings))
  return { allows, roots }
}
