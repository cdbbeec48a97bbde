/** Whoever outside binds a checkpoint to a time. spec/witness.md. Every service passes test/contract/anchor.ts. @module */

/** `cosignature`, `timestamp` and `mail` of ANC-1. */
export type AnchorKind = 'cosignature' | 'mail' | 'timestamp'

export interface Anchored {
  /** What the other side gave: kept beside the log, named by its SHA-256. */
  readonly token: Uint8Array
  /** What the token is about, when it does not hold that itself: kept as well. */
  readonly about?: Uint8Array
  /** When the checkpoint existed, milliseconds since 1970. */
  readonly at_ms: number
}

export interface AnchorService {
  readonly kind: AnchorKind
  /** A name that may stand in the log. */
  readonly by: string
  /**
   * Anchors a signed checkpoint. What it returns has been verified as far as it can be.
   * @throws {LogError} `ANCHOR_FAILED`: no answer, or a refusal; the other side may have done it. `ANCHOR_INVALID`: an
   * answer that does not verify.
   */
  anchor(note: Uint8Array, signal: AbortSignal): Promise<Anchored>
}

/** Time stamp tokens, read and verified offline. */
export interface TokenReader {
  /** The SHA-256 that the token is about. Not verified. @throws {LogError} `ANCHOR_INVALID` */
  imprint(token: Uint8Array): Uint8Array
  /**
   * Verifies the token over `data` (ANC-4).
   * @returns when it was made, milliseconds since 1970
   * @throws {LogError} `ANCHOR_INVALID`
   */
  verify(token: Uint8Array, data: Uint8Array): Promise<number>
}
