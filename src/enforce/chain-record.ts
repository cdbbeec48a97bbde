/**
 * A chain as receipts name it, and its segments for as long as a record may have to carry them.
 * spec/enforcement.md (SEG-2). Invariant: no receipt names a segment that its stream has not carried.
 * @module
 */
import type { ShippedSegment } from '../ports/control-plane.ts'

export class ChainRecord {
  #segments: (() => readonly ShippedSegment[]) | readonly ShippedSegment[] | null
  #id: string | null = null
  /** That carried them; null while none has. */
  #epoch: number | null = null

  /** @param segments root first, at least one; asked for when the first record names the chain */
  constructor(segments: () => readonly ShippedSegment[]) {
    this.#segments = segments
  }

  /** The identifier of the last segment. */
  get id(): string {
    this.#id ??= this.#known()?.at(-1)?.id ?? ''
    return this.#id
  }

  /**
   * What a record of this epoch has to carry.
   * @returns null when that is no longer known: it was let go in an epoch that has ended since, and nobody can say
   * whether the control plane ever got it. Then the chain has to be presented again.
   */
  segmentsFor(epoch: number): readonly ShippedSegment[] | null {
    return epoch === this.#epoch ? [] : this.#known()
  }

  /** Whether {@link segmentsFor} has an answer. */
  isKnownIn(epoch: number): boolean {
    return this.#segments !== null || epoch === this.#epoch
  }

  /** A record of this epoch carried them and is durable: they are let go. */
  carriedIn(epoch: number): void {
    if (this.#segments === null) return
    this.#id = this.id
    this.#segments = null
    this.#epoch = epoch
  }

  #known(): readonly ShippedSegment[] | null {
    if (typeof this.#segments === 'function') this.#segments = this.#segments()
    return this.#segments
  }
}
