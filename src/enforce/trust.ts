/**
 * Whom an enforcement point trusts: its own issuer as enrolment pinned it, then whoever the last verified trust list
 * names, each with the revocation state of its own control plane. spec/keys.md (KEY-6 to KEY-8).
 * Invariants: a list counts only under the frame key that is pinned or replaced it, and its number never goes back; what one issuer revokes
 * says nothing of another. Nothing is fetched here: see {@link TrustKeeper}.
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'
import type { ForeignIssuer, IssuerRecord } from '../core/issuer.ts'
import { canonicalize } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { isChainRevoked, type RevocationView } from '../decide/decide.ts'
import type { Clock } from '../ports/clock.ts'
import { verifyTrustList, type SignedTrustList } from '../revoke/trust-list.ts'
import { issuerOfRecord, type ChainTrust } from '../token/trust.ts'
import type { Handle } from '../token/handles.ts'

/** How far the time of a list may lie from the point's clock, either way, in milliseconds: an old one is no news. */
export const LIST_TIME_MAX_MS = 5 * 60 * 1000
/** Past this without a newer list nobody can tell whether another issuer is still trusted, in milliseconds. */
export const LIST_AGE_MAX_MS = 60_000

/** An issuer whose revocation stream is followed. */
export interface FollowedIssuer {
  readonly revocations: RevocationView
  stop(): Promise<void>
}

export interface TrustOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  /** The point's own issuer, from its enrolment. */
  readonly pinned: IssuerRecord
  /** Signs the lists; from its enrolment, until {@link Trust.useFrameKey}. */
  readonly frameKey: PublicJwk
  /** The state of the point's own issuer. */
  readonly revocations: RevocationView
  readonly follow: (issuer: ForeignIssuer) => FollowedIssuer
}

interface Followed extends FollowedIssuer {
  /** Where it is followed: another place is another state. */
  readonly source: string
}

/** Of an issuer that nobody follows, or no more. */
const UNKNOWN: RevocationView = { isRevoked: () => false, freshness: () => null }

export class Trust {
  readonly #o: TrustOptions
  readonly #followed = new Map<string, Followed>()
  #chains: ChainTrust
  #frameKey: PublicJwk
  #seq = 0
  /** Milliseconds: when the last list was signed. */
  #t = 0
  /** Monotonic: when the last list was asked for. */
  #asked = Number.NEGATIVE_INFINITY

  constructor(options: TrustOptions) {
    this.#o = options
    this.#frameKey = options.frameKey
    this.#chains = new Map([[options.pinned.iss, issuerOfRecord(options.crypto, options.pinned)]])
  }

  /** What chains are verified against. Replaced whole, never changed. */
  get chains(): ChainTrust {
    return this.#chains
  }

  /** @param iss the issuer of a chain's root; null: the point's own */
  revocationsOf(iss: string | null): RevocationView {
    if (iss === null || iss === this.#o.pinned.iss) return this.#o.revocations
    return this.#followed.get(iss)?.revocations ?? UNKNOWN
  }

  /**
   * @param asked monotonic milliseconds at which the list was asked for
   * @returns `ignored`: not newer than the last; `refused`: not of this issuer, not signed, of another time, or of a
   * lower number
   */
  take(signed: SignedTrustList, asked: number): 'taken' | 'ignored' | 'refused' {
    const { crypto, clock, pinned } = this.#o
    const { list } = signed
    const [own, ...others] = list.issuers
    const good =
      list.iss === pinned.iss &&
      own.iss === pinned.iss &&
      list.seq >= this.#seq &&
      Math.abs(clock.now() - list.t) <= LIST_TIME_MAX_MS &&
      verifyTrustList(crypto, this.#frameKey, signed)
    if (!good) return 'refused'
    if (list.t <= this.#t) return 'ignored'
    const chains = this.#chainsOf([own, ...others])
    if (chains === null) return 'refused'
    this.#chains = chains
    this.#seq = list.seq
    this.#t = list.t
    this.#asked = asked
    this.#followAll(others)
    return 'taken'
  }

  /** From here on only this key signs lists (KIL-9). */
  useFrameKey(key: PublicJwk): void {
    this.#frameKey = key
  }

  async stop(): Promise<void> {
    const all = [...this.#followed.values()]
    this.#followed.clear()
    await Promise.all(all.map((followed) => followed.stop()))
  }

  /** Null when a key in it is none. */
  #chainsOf(issuers: readonly IssuerRecord[]): ChainTrust | null {
    try {
      for (const { frame_key } of issuers) if (frame_key !== undefined) publicJwk(frame_key)
      return new Map(issuers.map((issuer) => [issuer.iss, issuerOfRecord(this.#o.crypto, issuer)]))
    } catch (error) {
      if (error instanceof CountersignError) return null
      throw error
    }
  }

  #followAll(issuers: readonly ForeignIssuer[]): void {
    const wanted = new Map(issuers.map((issuer) => [issuer.iss, issuer]))
    for (const [iss, followed] of this.#followed) {
      const issuer = wanted.get(iss)
      if (issuer !== undefined && sourceOf(issuer) === followed.source) continue
      this.#followed.delete(iss)
      void followed.stop()
    }
    for (const issuer of issuers) {
      if (this.#followed.has(issuer.iss)) continue
      const followed = this.#o.follow(issuer)
      const { revocations } = followed
      const view: RevocationView = {
        // An open session ends with the key behind it: its issuer's stream need not say that it left our trust.
        isRevoked: (handle) => revocations.isRevoked(handle) || this.#hasLeft(issuer.iss, handle),
        isAnyRevoked: (handles) =>
          isChainRevoked(revocations, handles) || handles.some((each) => this.#hasLeft(issuer.iss, each)),
        // A tool is the point's own control plane's, whoever issued the chain.
        isToolRevoked: (...version) => this.#o.revocations.isToolRevoked?.(...version) === true,
        // So are those whom it oversees: agents of another one have identifiers of their own.
        isOverseen: (agent) => this.#o.revocations.isOverseen?.(agent) === true,
        freshness: () => (this.#isFresh() ? revocations.freshness() : null),
      }
      this.#followed.set(issuer.iss, {
        source: sourceOf(issuer),
        revocations: view,
        stop: () => followed.stop(),
      })
    }
  }

  #hasLeft(iss: string, { kind, handle }: Handle): boolean {
    return kind === 'issuer' && this.#chains.get(iss)?.keys.has(handle) !== true
  }

  #isFresh(): boolean {
    return this.#o.clock.monotonic() - this.#asked <= LIST_AGE_MAX_MS
  }
}

function sourceOf({ control_plane, frame_key }: ForeignIssuer): string {
  return canonicalize({ control_plane, frame_key })
}
