/**
 * Other issuers: that people proposed and trusted them, when, and as what. What stands in their own logs is not here: chains of
 * theirs are verified against the record that was trusted, and the report says what that leaves open.
 * spec/keys.md (KEY-8, KEY-9).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import type { ForeignIssuer } from '../../core/issuer.ts'
import { canonicalize } from '../../core/json.ts'
import { parseJws } from '../../core/sign.ts'
import type { Entry } from '../../log/entries.ts'
import { issuerOfRecord, type ChainTrust } from '../../token/trust.ts'
import type { VerifiedChain } from '../../token/verify.ts'
import type { History, Indexed } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

/** A point learns of a change within a minute or trusts nobody else; clocks may lie another minute apart. */
const HEARD_WITHIN_MS = 120_000

interface TrustedRecord {
  readonly index: number
  readonly from_ms: number
  /** When it was replaced or dropped. */
  readonly until_ms: number
  readonly trust: ChainTrust
}

export function isForeign(history: History, { root }: VerifiedChain): boolean {
  return root.iss !== history.created?.entry.body.origin
}

/** Who signed the roots of chains, read off their segments; nothing in them was verified. */
export class RootIssuers {
  readonly #history: History
  readonly #known = new Map<string, string | null>()

  constructor(history: History) {
    this.#history = history
  }

  /** @returns null when the log does not hold the root */
  of(chain: string): string | null {
    const known = this.#known.get(chain)
    if (known !== undefined) return known
    const root = this.#history.chain(chain)?.[0]
    const iss = root === undefined ? null : issuerOf(root.segment)
    this.#known.set(chain, iss)
    return iss
  }
}

function issuerOf(segment: string): string | null {
  try {
    const { iss } = parseJws(segment.slice(0, segment.indexOf('~'))).payload
    return typeof iss === 'string' ? iss : null
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

/** What the log says of other issuers, by name, in its order. */
export class ForeignTrust {
  readonly #records = new Map<string, TrustedRecord[]>()

  constructor(crypto: Crypto, history: History) {
    for (const { index, entry } of history.issuers) {
      if (entry.type === 'issuer.proposed') continue
      const time_ms = Date.parse(entry.time)
      const iss = entry.type === 'issuer.trusted' ? entry.body.act.issuer.iss : entry.body.iss
      const records = this.#records.get(iss) ?? []
      const last = records.pop()
      if (last !== undefined) records.push({ ...last, until_ms: Math.min(last.until_ms, time_ms) })
      const trust = entry.type === 'issuer.trusted' ? trustIn(crypto, entry.body.act.issuer) : null
      if (trust !== null) records.push({ index, from_ms: time_ms, until_ms: Number.POSITIVE_INFINITY, trust })
      this.#records.set(iss, records)
    }
  }

  /** The records under which a point may have allowed at that time, the newest first. @param index of the receipt */
  at(iss: string, index: number, time_ms: number): readonly TrustedRecord[] {
    const records = this.#records.get(iss) ?? []
    return records
      .filter(
        (record) =>
          record.index < index &&
          time_ms >= record.from_ms - HEARD_WITHIN_MS &&
          time_ms <= record.until_ms + HEARD_WITHIN_MS,
      )
      .reverse()
  }
}

function trustIn(crypto: Crypto, issuer: ForeignIssuer): ChainTrust | null {
  try {
    return new Map([[issuer.iss, issuerOfRecord(crypto, issuer)]])
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

type Proposal = Indexed<Entry<'issuer.proposed'>>
type Approval = Indexed<Entry<'issuer.trusted'>>

/**
 * Each was proposed by a registered person, trusted by another's gesture over that record and its place, and dropped
 * when it was trusted or proposed.
 * @returns how many entries say so
 */
export function checkIssuerTrust(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  findings: Findings,
): number {
  const ids = new Set<string>()
  /** By name: what may be approved. */
  const open = new Map<string, Proposal>()
  const trusted = new Set<string>()
  for (const { index, entry } of history.issuers) {
    const faults: (string | null)[] = []
    switch (entry.type) {
      case 'issuer.proposed': {
        const id = entry.subject ?? ''
        if (ids.has(id))
          findings.add({ code: 'IDENTIFIER_REUSED', message: `${id} stands in the log before`, index })
        ids.add(id)
        open.set(entry.body.issuer.iss, { index, entry })
        faults.push(proposalFault(crypto, history, { index, entry }))
        break
      }
      case 'issuer.trusted': {
        const { act } = entry.body
        const proposal = open.get(act.issuer.iss)
        faults.push(
          approvalFault({ index, entry }, proposal) ??
            judge.gestureFault({ index, entry }) ??
            judge.separationFault(entry.body, proposal?.entry.actor.id === act.approver),
          act.seq === trustSeqAt(history, index) ? null : 'its gesture is over another place in the log',
        )
        open.delete(act.issuer.iss)
        trusted.add(act.issuer.iss)
        break
      }
      case 'issuer.dropped': {
        const known = [open.delete(entry.body.iss), trusted.delete(entry.body.iss)]
        faults.push(known.includes(true) ? null : 'it is dropped and was not there')
      }
    }
    for (const fault of faults) {
      const message = `the trust in another issuer does not hold: ${fault}`
      if (fault !== null) findings.add({ code: 'ISSUER_TRUST_INVALID', message, index })
    }
  }
  return history.issuers.length
}

function proposalFault(crypto: Crypto, history: History, { index, entry }: Proposal): string | null {
  const { issuer } = entry.body
  if (issuer.iss === history.created?.entry.body.origin) return 'it is the issuer itself'
  if (trustIn(crypto, issuer) === null) return 'one of its keys is none'
  const person = [...history.people.values()].find((each) => each.entry.subject === entry.actor.id)
  if (person === undefined || person.index > index) return 'it is proposed by nobody who was registered'
  return history.hadLeft(person.entry.body.rev, index) ? 'it is proposed by somebody who had left' : null
}

function approvalFault({ entry }: Approval, proposal: Proposal | undefined): string | null {
  const { act } = entry.body
  if (proposal?.index !== act.proposal) return 'it is not over a proposal that was open'
  if (entry.subject !== proposal.entry.subject) return 'the entry is about another proposal'
  const same = canonicalize(act.issuer) === canonicalize(proposal.entry.body.issuer)
  return same ? null : 'it is over another record than was proposed'
}

/** KEY-6: how many entries have changed the trust list, that one included. */
function trustSeqAt(history: History, index: number): number {
  const own = history.keys.filter(({ entry }) => entry.body.use === 'issuer')
  const others = history.issuers.filter(({ entry }) => entry.type !== 'issuer.proposed')
  return [...own, ...history.keyEvents, ...others].filter((event) => event.index <= index).length
}
