/**
 * Whether the version that an agent reports may act here. spec/inventory.md (VER-3 to VER-6).
 * The report is the agent's word: a point holds it against what was approved, and its receipt says what was said.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { seconds } from '../core/time.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Clock } from '../ports/clock.ts'
import type { ChainTrust } from '../token/trust.ts'
import { approvedUntil, type RunChain, type VersionReport } from '../token/version.ts'

export interface VersionGateOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly trust: () => ChainTrust
  /** VER-6: whoever reports none is denied. */
  readonly required?: boolean
  /** What stands in for clients that report none, because they know nothing of us (VER-3). */
  readonly hosted?: VersionReport
}

/** `manifest` as it was reported, `ends` in seconds: past it the report has to be made again. */
export type Reported =
  | { readonly reason: null; readonly manifest: string | null; readonly ends: number }
  | { readonly reason: Reason; readonly manifest: string | null }

export class VersionGate {
  readonly #o: VersionGateOptions

  constructor(options: VersionGateOptions) {
    this.#o = options
  }

  /** @param report of the proof, as its holder signed it */
  judge(chain: RunChain, report: Partial<VersionReport>): Reported {
    const { crypto, clock, trust, required } = this.#o
    const { manifest, version } = report
    if (manifest === undefined) {
      if (required === true) return { reason: 'VERSION_NOT_REPORTED', manifest: null }
      return { reason: null, manifest: null, ends: Infinity }
    }
    const said = version === undefined ? { manifest } : { manifest, version }
    const ends = approvedUntil(crypto, trust(), chain, said, seconds(clock.now()))
    return ends === null ? { reason: 'VERSION_NOT_APPROVED', manifest } : { reason: null, manifest, ends }
  }

  /** Of a client that knows nothing of us. @param own whether it runs under the delegation that the point was started with (MCP-3) */
  judgeHosted(chain: RunChain, own: boolean): Reported {
    return this.judge(chain, own ? (this.#o.hosted ?? {}) : {})
  }
}
