/** What was used and what was missing, counted for a receipt. spec/consent.md (CNS-28). Pure. @module */
import { USES_MAX } from '../../core/consent.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import type { BasisReason, Found, Who } from './types.ts'

type Used = BasesRecord['used'][number]
type Missing = BasesRecord['missing'][number]

export type Tallied = Pick<BasesRecord, 'used' | 'missing'>

export class Tally {
  readonly #used = new Map<string, Used>()
  readonly #missing = new Map<string, Missing>()

  /** More than a receipt has room for. */
  get isFull(): boolean {
    return this.#used.size + this.#missing.size > USES_MAX
  }

  get hasMissing(): boolean {
    return this.#missing.size > 0
  }

  found(who: Who, purpose: string, found: Found, n = 1): void {
    const subject = typeof who === 'string' ? null : who.subject
    if ('reason' in found) {
      this.lacks({ subject, purpose, reason: found.reason }, n)
      return
    }
    const { basis } = found
    const key = `${subject ?? ''}\n${purpose}\n${basis}`
    this.#used.set(key, { basis, n: (this.#used.get(key)?.n ?? 0) + n, purpose, subject })
  }

  lacks({ subject, purpose, reason }: Omit<Missing, 'n'>, n = 1): void {
    const key = `${subject ?? ''}\n${purpose ?? ''}\n${reason}`
    this.#missing.set(key, { n: (this.#missing.get(key)?.n ?? 0) + n, purpose, reason, subject })
  }

  /** Each thing that the other has, once more. */
  once(other: Tally): void {
    for (const { subject, purpose, basis } of other.#used.values()) {
      const key = `${subject ?? ''}\n${purpose}\n${basis}`
      this.#used.set(key, { basis, n: (this.#used.get(key)?.n ?? 0) + 1, purpose, subject })
    }
    for (const one of other.#missing.values()) this.lacks(one)
  }

  /** As often as whichever has it more often: two renderings of one result. */
  most(other: Tally): void {
    for (const [key, one] of other.#used) {
      const n = Math.max(one.n, this.#used.get(key)?.n ?? 0)
      this.#used.set(key, { ...one, n })
    }
    for (const [key, one] of other.#missing) {
      const n = Math.max(one.n, this.#missing.get(key)?.n ?? 0)
      this.#missing.set(key, { ...one, n })
    }
  }

  get reasons(): BasisReason[] {
    if (this.isFull) return ['BASIS_LIMIT']
    return [...new Set([...this.#missing.values()].map(({ reason }) => reason))]
  }

  /** Members in the order of RFC 8785, as all of a receipt. */
  tallied(): Tallied {
    if (!this.isFull) return { missing: [...this.#missing.values()], used: [...this.#used.values()] }
    const all = [...this.#used.values(), ...this.#missing.values()]
    const n = all.reduce((sum, one) => sum + one.n, 0)
    return { missing: [{ n, purpose: null, reason: 'BASIS_LIMIT', subject: null }], used: [] }
  }
}
