/** How a log asks a witness. Every implementation passes test/contract/witness.ts. @module */

export type WitnessReply =
  /** Signature lines, not verified. */
  | { readonly kind: 'cosigned'; readonly lines: Uint8Array }
  /** The witness has another size than the request said, or another root of that size. */
  | { readonly kind: 'conflict'; readonly size: number }
  /** It finds no consistency between what it has and what it was sent. */
  | { readonly kind: 'bad_proof' }
  | { readonly kind: 'refused'; readonly why: string }

export interface WitnessConnection {
  /**
   * One `add-checkpoint` of C2SP tlog-witness.
   * @throws {LogError} `WITNESS_UNAVAILABLE`: no answer, or none that the protocol has. It may have cosigned.
   */
  addCheckpoint(body: Uint8Array, signal: AbortSignal): Promise<WitnessReply>
}
