/**
 * Outputs that an agent releases without a tool: a letter, a stream, an answer. spec/outputs.md (OUT-9). Never throws for a
 * denial.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { utf8 } from '../core/encoding.ts'
import { idFrom, newId } from '../core/ids.ts'
import { canonicalize } from '../core/json.ts'
import type { Role } from '../core/output.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutgoingOutput } from '../ports/outputs.ts'
import type { DecidedChain } from '../token/verify.ts'
import type { Authenticator } from './authenticate.ts'
import type { Outputs } from './outputs.ts'
import type { CallRequest, Viewer } from './types.ts'

/** How long it waits for people unless told otherwise, in milliseconds. */
const RELEASE_TTL_MS = 5 * 60 * 1000

export type ToSend = Pick<OutgoingOutput, 'kind' | 'subject' | 'content' | 'draft'>

export interface ReleaseHooks {
  /** Told where people review it, if it is held. */
  readonly onHeld?: (held: { readonly output: string; readonly url: string }) => void
  readonly ttl_ms?: number
  /** By which it leaves; a new one unless told otherwise. The same again asks after the same output. */
  readonly action?: string
}

export type ReleaseAnswer =
  | {
      readonly decision: 'allow'
      readonly action: string
      readonly output: string
      /** Of the valid attestation; null where it is covered and not attested. */
      readonly role: Role | null
      readonly attestation: string | null
    }
  | {
      readonly decision: 'deny'
      readonly action: string
      readonly reasons: readonly Reason[]
      readonly output?: string
    }

export interface ReleasesOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly authenticator: Pick<Authenticator, 'authenticate' | 'viewed'>
  /** Why nothing under the delegation of that viewer is allowed now. */
  readonly standingOf: (viewer: Viewer) => readonly Reason[]
  /** Whether a person is asked for what that chain does (ISO-9). */
  readonly isOverseen: (chain: DecidedChain) => boolean
  readonly outputs: Pick<Outputs, 'release'>
  /** Kinds of output that the policy in force has. */
  readonly kinds: () => readonly string[]
  readonly onFault: (error: unknown) => void
}

export class Releases {
  readonly #o: ReleasesOptions

  constructor(options: ReleasesOptions) {
    this.#o = options
  }

  kinds(): readonly string[] {
    return this.#o.kinds()
  }

  /**
   * As of a call that proves whose it is (OUT-13). @param key of the sender's own, for this sending: the same under the same
   * delegation, of the same output, asks after the same one
   */
  async releaseBy(
    call: CallRequest,
    key: string,
    output: ToSend,
    hooks: Omit<ReleaseHooks, 'action'>,
  ): Promise<ReleaseAnswer> {
    const { crypto, clock, authenticator } = this.#o
    const { reason, chain } = authenticator.authenticate(call)
    const viewer = viewerOf(call)
    if (reason !== null || chain === null || viewer === undefined) {
      const action = newId(crypto, 'act', clock.now())
      return { decision: 'deny', action, reasons: [reason ?? 'SESSION_UNKNOWN'] }
    }
    const { iss, delegations } = chain
    const named = ['countersign-release-v1', iss, delegations[0].jti, output.kind, key]
    const of = canonicalize([...named, output.subject.map((each) => ({ ...each }))])
    return this.release(viewer, output, { ...hooks, action: idFrom('act', crypto.sha256(utf8(of))) })
  }

  /** @param viewer whose delegation it leaves under */
  async release(viewer: Viewer, output: ToSend, hooks: ReleaseHooks = {}): Promise<ReleaseAnswer> {
    const { crypto, clock, authenticator, outputs, standingOf, isOverseen } = this.#o
    const { onHeld, ttl_ms = RELEASE_TTL_MS, action = newId(crypto, 'act', clock.now()) } = hooks
    const before = standingOf(viewer)
    const { chain } = authenticator.viewed(viewer)
    if (before.length > 0 || chain === null) return { decision: 'deny', action, reasons: before }
    try {
      const signal = AbortSignal.timeout(ttl_ms)
      const state = await outputs.release({ ...output, action, chain }, (held) => onHeld?.(held), signal)
      const { output: id, role, attestation } = state
      // While it waited, what it stands on may have been revoked.
      const after = standingOf(viewer)
      if (after.length > 0) return { decision: 'deny', action, reasons: after, output: id }
      // The policy may let it leave unseen: of an overseen agent somebody has looked at it, or it stays.
      if (state.released && role === null && isOverseen(chain))
        return { decision: 'deny', action, reasons: ['OVERSIGHT'], output: id }
      return state.released
        ? { decision: 'allow', action, output: id, role, attestation }
        : { decision: 'deny', action, reasons: ['ATTESTATION_NEEDED'], output: id }
    } catch (error) {
      this.#o.onFault(error)
      return { decision: 'deny', action, reasons: ['ATTESTATION_NEEDED'] }
    }
  }
}

/** Undefined: what proves one call alone is gone when the release ends; a session stays. */
function viewerOf({ credential }: CallRequest): Viewer | undefined {
  switch (credential.kind) {
    case 'session':
      return credential.session
    case 'dpop':
      return { chain: credential.chain }
    case 'hosted':
      return credential.delegation === undefined ? null : { delegation: credential.delegation }
    case 'call':
    case 'none':
      return undefined
  }
}
