/** Where a point registers outputs and hears whether they may leave. spec/outputs.md. @module */
import type { OutputPolicy } from '../core/output.ts'

/** An output as it is named by its digest. */
export interface OutputSubject {
  readonly name: string
  /** Hex. */
  readonly digest: { readonly sha256: string }
  readonly annotations: {
    readonly form: 'file' | 'stream' | 'text' | 'json' | 'git' | 'mail'
    readonly bytes: number
  }
}

export interface OutgoingOutput {
  readonly kind: string
  /** By which it leaves: one output of an action. */
  readonly action: string
  readonly subject: readonly OutputSubject[]
  /** For people who review it. Without it nobody can, at the desk. */
  readonly content?: string
  /** The output that it was made from. */
  readonly draft?: string
  /** Of the chain's root, and its issuer. */
  readonly iss: string
  readonly jti: string
  readonly system?: string
  /** Actions that fed it. */
  readonly calls: readonly string[]
}

/** How an output stands. */
export interface OutputState {
  readonly output: string
  readonly released: boolean
  /** Role of the valid attestation, or null. */
  readonly role: 'authored' | 'supervised' | 'directed' | null
  readonly attestation: string | null
  /** Where people review it. */
  readonly url: string
}

/** Every method rejects when the control plane cannot be reached or refuses. */
export interface OutputExchange {
  /** The one in force; null: none. */
  outputPolicy(): Promise<OutputPolicy | null>
  /** Idempotent by action. Attests it as directed where the root names its kind. */
  registerOutput(output: OutgoingOutput): Promise<OutputState>
  /**
   * Releases it, or says that it waits. Idempotent.
   * @param wait up to 20 s for a person. @param left it has gone: it is counted and not asked
   */
  releaseOutput(
    output: string,
    how: { readonly wait: boolean; readonly left: boolean },
    signal?: AbortSignal,
  ): Promise<OutputState>
}
