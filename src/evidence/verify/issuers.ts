/**
 * Other issuers: that people trusted them, when, and as what. What stands in their own logs is not here: chains of
 * theirs are verified against the record that was trusted, and the report says what that leaves open.
 * spec/keys.md (KEY-8, KEY-9).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import type { ForeignIssuer } from '../../core/issuer.ts'
import { parseJws } from '../../core/sign.ts'
import type { RelyingParty } from '../../token/gesture.ts'
import { issuerOfRecord, type ChainTrust } from '../../token/trust.ts'
import type { VerifiedChain } from '../../token/verify.ts'
import type { History } from '../history.ts'
import { actFault } from './acts.ts'
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

/** Each was trusted by a registered person's gesture over its record and its place, and dropped when it was trusted. */
export function checkIssuerTrust(
  crypto: Crypto,
  history: History,
  rp: RelyingParty,
  findings: Findings,
): number {
  const trusted = new Set<string>()
  for (const { index, entry } of history.issuers) {
    const fault = (what: string): void =>
      findings.add({
        code: 'ISSUER_TRUST_INVALID',
        message: `the trust in another issuer does not hold: ${what}`,
        index,
      })
    if (entry.type === 'issuer.dropped') {
      if (!trusted.delete(entry.body.iss)) fault('it is dropped and was not there')
      continue
    }
    const { act, gesture } = entry.body
    trusted.add(act.issuer.iss)
    const broken = actFault(crypto, history, rp, { index, actor: entry.actor.id, by: act.by, act, gesture })
    if (broken !== null) fault(broken)
    if (act.seq !== trustSeqAt(history, index)) fault('its gesture is over another place in the log')
    if (act.issuer.iss === history.created?.entry.body.origin) fault('it is the issuer itself')
    if (trustIn(crypto, act.issuer) === null) fault('one of its keys is none')
  }
  return history.issuers.length
}

/** KEY-6: how many entries have changed the trust list, that one included. */
function trustSeqAt(history: History, index: number): number {
  const own = history.keys.filter(({ entry }) => entry.body.use === 'issuer')
  return [...own, ...history.keyEvents, ...history.issuers].filter((event) => event.index <= index).length
}
