/**
 * A chain as receipts name it, and the text of its segments for as long as a record may have to carry them.
 * spec/enforcement.md (SEG-1). Invariant: no receipt names a segment that its stream has not carried.
 * @module
 */
import type { ShippedSegment } from '../ports/control-plane.ts'

export class ChainRecord {
  /** The identifier of the last segment. */
  readonly id: string
  #segments: readonly ShippedSegment[] | null
  #epoch = 0

  /** @param segments root first */
  constructor(segments: readonly [ShippedSegment, ...ShippedSegment[]]) {
    this.#segments = segments
    this.id = (segments.at(-1) ?? segments[0]).id
  }

  /**
   * What a record of this epoch has to carry.
   * @returns null when that is no longer known: the text was let go in an epoch that has ended since, and nobody can say
   * whether the control plane ever got it. Then the chain has to be presented again.
   */
  segmentsFor(epoch: number): readonly ShippedSegment[] | null {
    return epoch === this.#epoch ? [] : this.#segments
  }

  /** A record of this epoch carried them and is durable: the text is let go. */
  carriedIn(epoch: number): void {
    if (this.#segments === null) return
    this.#segments = null
    this.#epoch = epoch
  }
}
