/**
 * Frame keys: which one signs as of an entry, and that each was put in force by the break-glass key. spec/kill.md (KIL-9,
 * KIL-21).
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { frameKeyHolds } from '../../revoke/kill-rules.ts'
import type { History } from '../history.ts'
import type { Findings } from './report.ts'

export interface FrameReign {
  /** Of the entry from which on it signs. */
  readonly index: number
  /** Milliseconds: of that entry. */
  readonly from_ms: number
  readonly jwk: PublicJwk
  readonly epoch: number
}

/** In the order of the log. Statements that do not hold put nothing in force. */
export class FrameReigns {
  readonly #reigns: FrameReign[] = []
  /** What does not hold. */
  readonly faults: { readonly index: number; readonly message: string }[] = []

  constructor(crypto: Crypto, history: History) {
    const fault = (index: number, message: string): unknown => this.faults.push({ index, message })
    const first = history.keys.find(({ entry }) => entry.body.use === 'frame')
    if (first !== undefined)
      this.#reigns.push({
        index: first.index,
        from_ms: Date.parse(first.entry.time),
        jwk: publicJwk(first.entry.body.jwk),
        epoch: 1,
      })
    let breakGlass: PublicJwk | null = null
    let seq = 0
    for (const { index, entry } of history.kills) {
      if (entry.type === 'break_glass.created') breakGlass ??= publicJwk(entry.body.jwk)
      if (entry.type !== 'frame_key.replaced') continue
      const { frame_key } = entry.body
      const jwk = publicJwk(frame_key.jwk)
      const kid = thumbprint(crypto, jwk)
      const last = this.#reigns.at(-1)
      if (!frameKeyHolds(crypto, breakGlass, entry.body))
        fault(index, 'a new frame key is not signed by the break-glass key')
      else if (frame_key.iss !== history.created?.entry.body.origin)
        fault(index, 'a new frame key is of another control plane')
      else if (frame_key.seq !== seq + 1 || frame_key.epoch !== (last?.epoch ?? 0) + 1)
        fault(index, 'a new frame key is not the one after the last')
      else if (this.#reigns.some((each) => thumbprint(crypto, each.jwk) === kid))
        fault(index, 'a frame key comes into force for the second time')
      else {
        seq = frame_key.seq
        this.#reigns.push({ index, from_ms: Date.parse(entry.time), jwk, epoch: frame_key.epoch })
      }
    }
  }

  /** As of an entry: the last that was put in force before it. */
  at(index: number): FrameReign | null {
    return this.#reigns.findLast((each) => each.index < index) ?? null
  }

  /** The entry that replaced a key by which something is signed, or null: it was no key of this log before. */
  replacedBy(index: number, signs: (jwk: PublicJwk) => boolean): FrameReign | null {
    const past = this.#reigns.filter((each) => each.index < index)
    const signer = past.findIndex(({ jwk }) => signs(jwk))
    return signer < 0 ? null : (past[signer + 1] ?? null)
  }

  /** That ended an epoch, or null: it lasts. */
  endOf(epoch: number): FrameReign | null {
    return this.#reigns.find((each) => each.epoch > epoch) ?? null
  }
}

/** @returns how many frame keys there were */
export function checkFrameKeys(crypto: Crypto, history: History, findings: Findings): number {
  for (const fault of new FrameReigns(crypto, history).faults)
    findings.add({ code: 'KEY_EVENT_INVALID', ...fault })
  return 1 + history.kills.filter(({ entry }) => entry.type === 'frame_key.replaced').length
}
