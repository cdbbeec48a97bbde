/**
 * Memory domains, recomputed from the log alone: who held one when, and what was read in it. spec/flow.md (FLW-19).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { DOMAIN_GRACE_MS, verifyDomain, type DomainLeased, type SignedDomain } from '../../core/domain.ts'
import { BOTTOM, covers, TOP, type DataLabel } from '../../core/label.ts'
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'
import type { FaultCode, Findings } from './report.ts'

/** How a domain stands as the log goes on. */
interface Standing {
  readonly point: string
  readonly epoch: number
  readonly run: string
  readonly turn: number
  readonly expires_ms: number
  /** What its turn began with; once handed over, what its holder says. */
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

/** @returns how many leases and hand-overs, and what points held */
export function checkDomains(
  crypto: Crypto,
  history: History,
  findings: Findings,
): { count: number; holds: Holds } {
  const standing = new Map<string, Standing>()
  const holds = new Map<string, Hold[]>()
  let count = 0
  for (const { index, entry } of history.domains) {
    const add = (code: FaultCode, message: string): void => findings.add({ code, message, index })
    if (entry.type === 'domain.leased') {
      for (const lease of entry.body.leases) {
        count++
        const before = standing.get(lease.agent)
        checkLease({ index, entry }, lease, before, add)
        const { agent, turn, taint, expires } = lease
        const { epoch, run } = entry.body
        const expires_ms = Date.parse(expires)
        const point = entry.subject ?? ''
        standing.set(agent, { point, epoch, run, turn, expires_ms, taint, isOver: false })
        noteHold(holds, { index, entry }, lease)
      }
    } else {
      for (const signed of entry.body.domains) {
        count++
        const { agent, taint } = signed.statement
        const before = standing.get(agent)
        checkHandOver(crypto, history, signed, before, add)
        if (before !== undefined) standing.set(agent, { ...before, taint, isOver: true })
        const hold = holds.get(agent)?.at(-1)
        if (hold !== undefined) hold.said = { taint, time_ms: Date.parse(entry.time) }
      }
    }
  }
  return { count, holds }
}

type Add = (code: FaultCode, message: string) => void

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
