/**
 * Notes of a report: what holds, and what a reader should know all the same. spec/pack.md, PCK-4.
 * @module
 */
import { counted } from '../../core/words.ts'
import type { History } from '../history.ts'
import { EARLIER_FILE } from '../companions/narratives/schema.ts'
import { PDF_FILE, REPORT_FILE } from '../pack/companion-names.ts'
import type { Manifest } from '../pack/manifest.ts'
import type { Period } from '../populations/definition.ts'
import type { AllowKind, ProvenAllows } from './allows.ts'
import { isForeign } from './issuers.ts'

/** Records and time: what is logged later than this after its heartbeat cannot be held against the log's clock. */
const WORD_ONLY_AFTER_MS = 60_000

export function notesOf(history: History, allows: ProvenAllows, period: Period): string[] {
  const notes: string[] = sampleNotes(history, period)
  for (const [iss, count] of foreignOf(history, allows))
    notes.push(
      `${counted(count, 'allowed action was', 'allowed actions were')} authorized by another issuer: ${iss}`,
    )
  const { table } = history
  let late = 0
  for (const [row] of allows.numbered()) {
    const t = table.decided.epoch(row) === 0 ? 0 : table.decided.t(row)
    if (table.logged_ms(row) - t > WORD_ONLY_AFTER_MS) late++
  }
  if (late > 0)
    notes.push(
      `${counted(late, 'allowed action was logged over a minute late: its', 'allowed actions were logged over a minute late: their')} time is the point's word only`,
    )
  const software = allows.count((allow) => restsOnSoftware(history, allow))
  if (software > 0)
    notes.push(
      `${counted(software, 'allowed action rests', 'allowed actions rest')} on a software authenticator (swk), not on a passkey`,
    )
  const alerts = history.alerts.filter(({ entry: { type, body } }) => {
    return type === 'alert.raised' && body.of === null && body.canary !== true
  }).length
  if (alerts > 0) notes.push(`${counted(alerts, 'alert was', 'alerts were')} raised in the log`)
  const alone = [...history.agents.values()].filter(({ approval }) => approval?.entry.body.acted_alone).length
  if (alone > 0)
    notes.push(
      `${counted(alone, 'agent was approved by its proposer', 'agents were approved by their proposers')} (separation: after)`,
    )
  const ownWord = history.endorsements.filter(
    ({ entry: { body } }) =>
      body.acted_alone && history.passkeys.get(body.act.registration)?.type === 'person.enrolled',
  ).length
  if (ownWord > 1)
    notes.push(
      `${counted(ownWord - 1, 'person', 'people')} besides the first endorsed themselves (separation: after)`,
    )
  notes.push(...recoveryNotes(history))
  const unendorsed =
    history.people.size - new Set(history.endorsements.map(({ entry }) => entry.subject)).size
  if (unendorsed > 0)
    notes.push(
      `${counted(unendorsed, 'person enrolled and was', 'people enrolled and were')} never endorsed: nothing that they signed counts`,
    )
  const ownTemplates = history.templates.filter(
    ({ entry }) => entry.type === 'template.approved' && entry.body.acted_alone,
  ).length
  if (ownTemplates > 0)
    notes.push(
      `${counted(ownTemplates, 'template was approved by its proposer', 'templates were approved by their proposers')} (separation: after)`,
    )
  notes.push(...labelNotes(history))
  notes.push(...issuerNotes(history))
  const invited = [...history.agents.values()].filter(({ proposal, approval }) => {
    const inviter = history.inviters.get(approval?.entry.body.act.approver ?? '')
    return inviter !== undefined && inviter === proposal.entry.actor.id
  }).length
  if (invited > 0)
    notes.push(
      `${counted(invited, 'agent was approved by somebody whom its', 'agents were approved by somebody whom their')} proposer invited: the log cannot tell whether they are two people`,
    )
  const own = allows.count((allow) => approvedByInvited(history, allow))
  if (own > 0)
    notes.push(
      `${counted(own, 'allowed action has an approver whom its', 'allowed actions have an approver whom their')} principal invited: the log cannot tell whether they are two people`,
    )
  const [back] = history.backwards
  if (back !== undefined)
    notes.push(
      `the clock of the log goes back ${counted(history.backwards.length, 'time')}, first at entry ${back}: what is before or after a date there is its word`,
    )
  return notes
}

/** SMP-9: what shows that somebody looked for a sample that they like. */
function sampleNotes({ governance }: History, { from_ms, to_ms }: Period): string[] {
  const times = new Map<string, number>()
  const outside = new Set<number>()
  let drawn_n = 0
  for (const { index, entry } of governance) {
    if (entry.type === 'sample.drawn' && outside.has(entry.body.frozen)) drawn_n++
    if (entry.type !== 'population.frozen') continue
    const { from, to, populations } = entry.body
    const [begin_ms, end_ms] = [Date.parse(from), Date.parse(to)]
    if (begin_ms >= to_ms || end_ms <= from_ms) continue
    if (begin_ms < from_ms || end_ms > to_ms) outside.add(index)
    for (const name of new Set(populations.map((one) => one.name))) {
      const key = `${name} ${begin_ms} ${end_ms}`
      times.set(key, (times.get(key) ?? 0) + 1)
    }
  }
  const notes: string[] = []
  const again = times.values().reduce((sum, n) => sum + Number(n > 1), 0)
  if (again > 0)
    notes.push(
      `${counted(again, 'population was', 'populations were')} frozen more than once for the same period: whoever drew had the choice of which`,
    )
  if (drawn_n > 0)
    notes.push(
      `${counted(drawn_n, 'sample was drawn of a frozen period that reaches past that of this pack: it is', 'samples were drawn of frozen periods that reach past that of this pack: they are')} not in it`,
    )
  return notes
}

/** PPL-12, PPL-13: who came back by one hand, or by the machine. */
function recoveryNotes({ passkeys }: History): string[] {
  const notes: string[] = []
  const machine = passkeys.events.filter(
    ({ entry: { type, actor } }) => type === 'person.recovery_invited' && actor.kind === 'system',
  ).length
  if (machine > 0)
    notes.push(
      `${counted(machine, 'invitation', 'invitations')} to register anew came from the machine of the control plane (person.recovery_invited)`,
    )
  const alone = passkeys.events.filter(
    ({ entry }) =>
      entry.type === 'person.endorsed' &&
      entry.body.acted_alone &&
      passkeys.get(entry.body.act.registration)?.type === 'person.reregistered',
  ).length
  if (alone > 0)
    notes.push(
      `${counted(alone, 'recovery was', 'recoveries were')} endorsed by one person alone: by who invited to it (separation: after), or by who was recovered`,
    )
  return notes
}

/** Who proposes an issuer needs no endorsement, so that either of two people may be of the other's making. */
function labelNotes({ labels }: History): string[] {
  const own = labels.filter(({ entry }) => 'acted_alone' in entry.body && entry.body.acted_alone).length
  if (own === 0) return []
  const whose = counted(
    own,
    'approval of labels or of a flow policy was by its proposer',
    'approvals of labels or of flow policies were by their proposers',
  )
  return [`${whose} (separation: after)`]
}

function issuerNotes(history: History): string[] {
  const pairs = history.issuers.flatMap(({ entry }) => {
    if (entry.type !== 'issuer.trusted') return []
    const { act, acted_alone } = entry.body
    const proposal = history.issuers.find(({ index }) => index === act.proposal)?.entry
    return [{ alone: acted_alone, approver: act.approver, proposer: proposal?.actor.id ?? '' }]
  })
  const notes: string[] = []
  const alone = pairs.filter((pair) => pair.alone).length
  if (alone > 0)
    notes.push(
      `${counted(alone, 'other issuer was trusted by its proposer', 'other issuers were trusted by their proposers')} (separation: after)`,
    )
  const invited = pairs.filter(
    ({ approver, proposer }) =>
      history.inviters.get(approver) === proposer || history.inviters.get(proposer) === approver,
  ).length
  if (invited > 0)
    notes.push(
      `${counted(invited, 'other issuer was', 'other issuers were')} trusted by two people of whom one invited the other: the log cannot tell whether they are two`,
    )
  return notes
}

/** Any of the people behind it, and not its principal alone. */
function restsOnSoftware(history: History, { chain }: AllowKind): boolean {
  const { amr, gestures } = chain.root
  return [amr, ...gestures.map((gesture) => history.passkeys.by(gesture)?.credential.amr)].some((methods) =>
    methods?.includes('swk'),
  )
}

function approvedByInvited(history: History, { chain }: AllowKind): boolean {
  const personOf = (rev: string): string => history.people.get(rev)?.entry.subject ?? rev
  const principals = chain.root.gestures
    .filter(({ role }) => role === 'principal')
    .map(({ rev }) => personOf(rev))
  return chain.root.gestures.some(
    ({ role, rev }) => role === 'approver' && principals.includes(history.inviters.get(personOf(rev)) ?? ''),
  )
}

/** How many allows rest on each other issuer. */
function foreignOf(history: History, allows: ProvenAllows): [string, number][] {
  // Kinds are in the order in which their first allows are in the log, and so are issuers.
  const foreign = allows.kinds.filter(({ chain }) => isForeign(history, chain))
  const byIssuer = Map.groupBy(foreign, ({ chain }) => chain.root.iss)
  return [...byIssuer].map(([iss, of]) => [iss, of.reduce((sum, { count }) => sum + count, 0)])
}

/** PCK-4: what a pack cannot show, or this verifier does not look at. */
export function notChecked(
  history: History,
  allows: ProvenAllows,
  manifest: Manifest,
  cosigners: Cosigners,
): string[] {
  return [
    ...(history.size === 0
      ? ['everything behind the checkpoint: it does not verify under the key given']
      : []),
    ...foreignOf(history, allows).map(
      ([iss]) =>
        `what ${iss} authorized: that its log issued the delegations, its people, agents and revocations`,
    ),
    'the word of enforcement points: their clocks, and the holder proofs that they saw',
    'arguments behind their commitments, and so whether constraints were met: the pack does not open them',
    ...(history.erasures.length === 0
      ? []
      : ['that values of erased subjects were destroyed: no log can show that']),
    'receipts that enforcement points had not shipped when the pack was built',
    ...(history.prunedEnd === 0
      ? []
      : [
          'what pruned entries said: their hashes are in the tree, and the entries are gone; sums of limits that began before',
        ]),
    ...(history.exchanges.length === 0
      ? []
      : ['what was done with access tokens: resource servers that take them send no receipts']),
    ...(Object.hasOwn(manifest.files, PDF_FILE)
      ? [`what ${PDF_FILE} says: its digest is that of the manifest; ${REPORT_FILE} was made again`]
      : []),
    ...(Object.hasOwn(manifest.files, EARLIER_FILE)
      ? [`that ${EARLIER_FILE} is what that pack says: what changed since is computed from it`]
      : []),
    ...(history.tested.outsideAnchors.length === 0
      ? []
      : [
          `that outsiders said what ${counted(history.tested.outsideAnchors.length, 'entry', 'entries')} of the log (log.anchored) say that they said: the tokens of these anchors lie beside the log, and test 27 and the auditor's samples rest on them`,
        ]),
    'whether what was handed in of other sources is what those sources say: the log has who handed it in, and what was asked',
    ...cosignedNotes(cosigners),
  ]
}

/** Names that one note has. */
const COSIGNERS_NAMED_MAX = 8

/** What stands under the end checkpoint besides the signature of the log. */
export interface Cosigners {
  /** Names of whom no key is given, in the order of their lines. */
  readonly others: readonly string[]
  /** Whether anybody's name is there. */
  readonly isSigned: boolean
  /** Whether a cosignature holds by a key that is given. One that does not is a fault. */
  readonly isSeen: boolean
}

function cosignedNotes({ others, isSigned, isSeen }: Cosigners): string[] {
  const what = 'that the end checkpoint was seen by anyone outside'
  if (!isSigned) return [`${what}: it carries no cosignature`]
  if (others.length === 0) return []
  const more = others.length - COSIGNERS_NAMED_MAX
  const by = [...others.slice(0, COSIGNERS_NAMED_MAX), ...(more > 0 ? [`${more} more`] : [])].join(', ')
  const signatures = counted(others.length, 'signature', 'signatures')
  const why = `${others.length === 1 ? 'is' : 'are'} not verified: no key of theirs is given`
  return isSeen
    ? [`who else signed the end checkpoint: ${signatures}, by ${by}, ${why}`]
    : [`${what}: it carries ${signatures} besides that of the log, by ${by}, which ${why}`]
}
