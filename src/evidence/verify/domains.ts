/**
 * Memory domains, recomputed from the log alone: who held one when, and what was read in it. spec/flow.md (FLW-19).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { DOMAIN_GRACE_MS, verifyDomain, type DomainLeased, type SignedDomain } from '../../core/domain.ts'
import { BOTTOM, covers, TOP, type DataLabel } from '../../core/label.ts'
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'

/** How a domain stands as the log goes on. */
interface Standing {
  readonly point: string
  readonly epoch: number
  readonly run: string
  readonly turn: number
  readonly expires_ms: number
  /** What its turn began with; once handed over, what its holder says; once cleared, nothing. */
  readonly taint: DataLabel
  readonly isOver: boolean
}

/** One hold of a domain, from its first lease to the end of its last. */
export interface Hold {
  readonly point: string
  readonly epoch: number
  readonly from: { readonly index: number; readonly time_ms: number }
  readonly begins: DataLabel
  expires_ms: number
  /** What its holder said when it handed the domain over, if it did, and when that was logged. */
  said: { readonly taint: DataLabel; readonly time_ms: number } | null
}

/** By agent, in the order of the log. */
export type Holds = ReadonlyMap<string, readonly Hold[]>

type Lease = Indexed<Entry<'domain.leased'>>

type Add = (code: FaultCode, message: string) => void

/** @returns how many leases, hand-overs and clearings, and what points held */
export function checkDomains(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  findings: Findings,
): { count: number; holds: Holds } {
  const standing = new Map<string, Standing>()
  const holds = new Map<string, Hold[]>()
  let count = 0
  for (const one of history.domains) {
    const { index, entry } = one
    const add: Add = (code, message) => findings.add({ code, message, index })
    switch (entry.type) {
      case 'domain.leased':
        count += entry.body.leases.length
        for (const lease of entry.body.leases) noteLease({ index, entry }, lease, { standing, holds, add })
        break
      case 'domain.handed_over':
        count += entry.body.domains.length
        for (const signed of entry.body.domains) {
          const { agent, taint } = signed.statement
          const before = standing.get(agent)
          checkHandOver(crypto, history, signed, before, add)
          if (before !== undefined) standing.set(agent, { ...before, taint, isOver: true })
          const hold = holds.get(agent)?.at(-1)
          if (hold !== undefined) hold.said = { taint, time_ms: Date.parse(entry.time) }
        }
        break
      case 'domain.cleared': {
        count++
        const { agent } = entry.body.act
        const before = standing.get(agent)
        checkCleared(history, { index, entry }, before, { judge, add })
        if (before !== undefined)
          standing.set(agent, { ...before, turn: before.turn + 1, taint: BOTTOM, isOver: true })
      }
    }
  }
  return { count, holds }
}

function noteLease(
  { index, entry }: Lease,
  lease: DomainLeased,
  { standing, holds, add }: { standing: Map<string, Standing>; holds: Map<string, Hold[]>; add: Add },
): void {
  const { agent, turn, taint, expires } = lease
  checkLease({ index, entry }, lease, standing.get(agent), add)
  const { epoch, run } = entry.body
  const point = entry.subject ?? ''
  standing.set(agent, { point, epoch, run, turn, expires_ms: Date.parse(expires), taint, isOver: false })
  noteHold(holds, { index, entry }, lease)
}

/** FLW-21. */
function checkCleared(
  history: History,
  { index, entry }: Indexed<Entry<'domain.cleared'>>,
  before: Standing | undefined,
  { judge, add }: { judge: ApprovalJudge; add: Add },
): void {
  const { agent, turn, approver } = entry.body.act
  if (before === undefined || before.turn !== turn || entry.subject !== agent)
    add('DOMAIN_INVALID', `a clearing of the domain of ${agent} is of another turn than its last`)
  else if (!before.isOver && before.expires_ms + DOMAIN_GRACE_MS > Date.parse(entry.time))
    add('DOMAIN_INVALID', `the domain of ${agent} was cleared while a point held it`)
  const owner = history.agents.get(agent)?.proposal.entry.body.owner
  const fault = judge.gestureFault({ index, entry }) ?? judge.separationFault(entry.body, owner === approver)
  if (fault !== null)
    add('APPROVAL_INVALID', `the clearing of the domain of ${agent} does not hold: ${fault}`)
}

function checkLease({ entry }: Lease, lease: DomainLeased, before: Standing | undefined, add: Add): void {
  const { epoch, run } = entry.body
  const { agent, turn, taint, begins } = lease
  const isHolder = before?.isOver === false && before.point === entry.subject && before.epoch === epoch
  const isRenewed = isHolder && before.run === run && before.turn === turn
  const isFree =
    before === undefined ||
    before.isOver ||
    isHolder ||
    before.expires_ms + DOMAIN_GRACE_MS <= Date.parse(entry.time)
  if (!isFree) add('DOMAIN_TWICE', `the domain of ${agent} is leased while another point holds it`)
  else if ((begins === 'renewed') !== isRenewed || (!isRenewed && turn !== (before?.turn ?? 0) + 1))
    add('DOMAIN_TWICE', `turn ${turn} of the domain of ${agent} is not the one that comes next`)
  if (!covers(taint, leastOf(before, isRenewed)))
    add('TAINT_LOWERED', `turn ${turn} of the domain of ${agent} begins with less than was read in it`)
}

/** FLW-13, FLW-17. */
function leastOf(before: Standing | undefined, isRenewed: boolean): DataLabel {
  if (before === undefined) return BOTTOM
  return before.isOver || isRenewed ? before.taint : TOP
}

function checkHandOver(
  crypto: Crypto,
  history: History,
  signed: SignedDomain,
  before: Standing | undefined,
  add: Add,
): void {
  const { agent, point, epoch, turn, taint } = signed.statement
  const isHeld =
    before?.isOver === false && before.point === point && before.epoch === epoch && before.turn === turn
  const key = history.points.get(point)?.entry.body.jwk
  if (!isHeld || key === undefined || !verifyDomain(crypto, key, signed))
    add('DOMAIN_INVALID', `a statement about the domain of ${agent} is not by the point that held it`)
  else if (!covers(taint, before.taint))
    add('TAINT_LOWERED', `the domain of ${agent} is handed over with less than it began with`)
}

function noteHold(holds: Map<string, Hold[]>, { index, entry }: Lease, lease: DomainLeased): void {
  const { agent, taint, begins, expires } = lease
  const all = holds.get(agent) ?? []
  holds.set(agent, all)
  const expires_ms = Date.parse(expires)
  const last = all.at(-1)
  if (begins === 'renewed' && last !== undefined) last.expires_ms = expires_ms
  else
    all.push({
      point: entry.subject ?? '',
      epoch: entry.body.epoch,
      from: { index, time_ms: Date.parse(entry.time) },
      begins: taint,
      expires_ms,
      said: null,
    })
}
