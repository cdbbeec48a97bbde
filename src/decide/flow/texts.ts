/**
 * The texts of a memory, oldest first, within a bound; and which of them hold a value. spec/flow.md, FLW-2, FLW-6.
 * @module
 */
import { hasSlot, hasSlotNear, Signatures } from './signatures.ts'
import type { Basis } from './types.ts'

/** Stands between leaves, and in none: folding takes it out. */
export const END = '\u0000'

/** Some leaves of one result, or what the agent said in one call. */
export interface Chunk {
  /** `said`: no result, but the arguments of a call, once something untrusted was read. */
  readonly kind: 'untrusted' | 'trusted' | 'said'
  /** Folded: each leaf between two {@link END}. */
  readonly text: string
  /** One a leaf; none for what was said. */
  readonly paths: readonly string[]
  readonly source: NonNullable<Basis['source']>
  /** What the call itself said, folded: its answer may only repeat it. Trusted chunks alone. */
  readonly echo: string
}

/** Texts are told apart in lots of about so many characters: as many as fit a table of some hundred kilobytes. */
const SLOT_CHARS_MIN = 1024
const SLOTS_MAX = 512

export class Texts {
  readonly #bytes_max: number
  readonly #slot_chars: number
  readonly #slots: number
  readonly #onForgotten: (chunk: Chunk) => void
  /** Made when something is read: a domain that reads nothing takes no room. */
  #signatures: Signatures | null = null
  /** By number of the lot, counted from the first one ever; its slot is that modulo {@link #slots}. */
  readonly #lots: { readonly chunks: Chunk[]; chars: number }[] = []
  #first = 0
  #bytes = 0

  constructor(bytes_max: number, onForgotten: (chunk: Chunk) => void) {
    this.#bytes_max = bytes_max
    this.#onForgotten = onForgotten
    this.#slot_chars = Math.max(SLOT_CHARS_MIN, Math.ceil(bytes_max / SLOTS_MAX))
    this.#slots = Math.ceil(bytes_max / this.#slot_chars) + 2
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Bytes, two a character. */
  get room(): number {
    return 2 * this.#bytes + (this.#signatures?.room ?? 0)
  }

  add(chunk: Chunk): void {
    const bytes = sizeOf(chunk)
    if (bytes > this.#bytes_max) {
      this.#onForgotten(chunk)
      return
    }
    this.#bytes += bytes
    while (this.#bytes > this.#bytes_max) this.#forgetOldest()
    const last = this.#lots.at(-1)
    const lot = last === undefined || last.chars >= this.#slot_chars ? this.#begin() : last
    lot.chunks.push(chunk)
    lot.chars += bytes
    this.#signatures?.add((this.#first + this.#lots.length - 1) % this.#slots, chunk.text)
  }

  clear(): void {
    this.#lots.length = 0
    this.#bytes = 0
    this.#signatures = null
  }

  /**
   * @param visit each chunk that may hold one of the values, oldest first; true: enough
   */
  eachHolding(values: readonly string[], visit: (chunk: Chunk, value: string) => boolean): void {
    const signatures = this.#signatures
    if (signatures === null) return
    const found = values.map((value) => signatures.mayHold(value))
    if (found.every((bits) => bits === null)) return
    let slot = this.#first % this.#slots
    for (let n = 0; n < this.#lots.length; n += 1) {
      const lot = this.#lots[n]
      if (lot === undefined) return
      if ((slot & 31) === 0 && !hasSlotNear(found, slot)) {
        // None of these: on to the next 32, or to where they begin again.
        const skipped = Math.min(32, this.#slots - slot)
        n += skipped - 1
        slot = slot + skipped === this.#slots ? 0 : slot + skipped
        continue
      }
      for (let k = 0; k < values.length; k += 1) {
        if (!hasSlot(found[k] ?? null, slot)) continue
        for (const chunk of lot.chunks) if (visit(chunk, values[k] ?? '')) return
      }
      slot = slot + 1 === this.#slots ? 0 : slot + 1
    }
  }

  #begin(): { readonly chunks: Chunk[]; chars: number } {
    const lot = { chunks: [], chars: 0 }
    this.#signatures ??= new Signatures(this.#slots)
    this.#lots.push(lot)
    const n = this.#first + this.#lots.length - 1
    if (n >= this.#slots) this.#signatures.clear(n % this.#slots)
    return lot
  }

  #forgetOldest(): void {
    const [oldest] = this.#lots
    const chunk = oldest?.chunks.shift()
    if (chunk !== undefined) {
      this.#bytes -= sizeOf(chunk)
      this.#onForgotten(chunk)
    }
    if (oldest?.chunks.length !== 0) return
    this.#lots.shift()
    this.#first += 1
  }
}

function sizeOf({ text, echo }: Chunk): number {
  return text.length + echo.length
}
