/**
 * What an enforcement point is asked and what it answers. spec/enforcement.md.
 * @module
 */
import type { JsonObject } from '../core/json.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Seen } from './flow/content.ts'

/** How the caller shows that it may. */
export type Credential =
  /** An open session: counter, salt of this call's argument commitment, HMAC (PRF-2). */
  | { kind: 'session'; session: string; n: number; salt: string; mac: string }
  /** A chain with a KB-JWT for this very call (PRF-1). */
  | { kind: 'call'; presentation: string; salt: string }
  /** Over HTTP: the chain as access token with a DPoP proof for this request (PRF-5). */
  | { kind: 'dpop'; chain: string; proof: string; method: string; url: string; salt: string }
  /**
   * A delegation that the point holds for a client that holds no key: the one that it was started with (MCP-3), or that
   * of the client, by the `jti` of its root (GWR-6).
   */
  | { kind: 'hosted'; delegation?: string }
  | { kind: 'none' }

/**
 * Whose grants decide what a list shows: those of an open session; of the point's own delegation (null); of one that it
 * holds for a client; or of a chain as it was presented over HTTP.
 */
export type Viewer = string | null | { readonly delegation: string } | { readonly chain: string }

export interface CallRequest {
  readonly server: string
  readonly tool: string
  readonly args: JsonObject
  readonly credential: Credential
  /** What the tool is given beside its arguments, but for what the protocol itself has there (MCP-18): judged, not recorded. */
  readonly beside?: JsonObject
  /** base64url SHA-256 of the JCS of the tool's definition as the server lists it; null when unknown. */
  readonly definition_hash: string | null
  /** Of a call that the point makes to itself (ENF-9): nobody else sets it. */
  readonly canary?: string
  /** A held call that this is once more (APR-16). */
  readonly approval?: string
  /**
   * Where the result goes. Absent: it comes back through `act`. `elsewhere`: to the agent by another way, so that it counts
   * before the call goes out and nothing can be taken out of it. `nothing`: there is none.
   */
  readonly sight?: 'elsewhere' | 'nothing'
}

/** A call waits for a person (APR-15). */
export interface HeldNotice {
  readonly approval: string
  /** Where people see it and decide. */
  readonly url: string
  /** Seconds since 1970. */
  readonly expires_at: number
}

export interface CallHooks {
  /** Told once the control plane has the request. Nothing that it does decides anything. */
  readonly onHeld?: (held: HeldNotice) => void
  /**
   * Told when the call waits for a person, with what takes it back (APR-19). A call that came back (`approval`) takes
   * back only itself: the held one waits on.
   */
  readonly onWaits?: (withdraw: () => void) => void
  /** The caller comes back with `approval` instead of waiting: it gets a denial that says `held`. */
  readonly leaves?: boolean
  /** The definition of the tool now, for the decision after the wait. */
  readonly definitionHash?: () => string | null
}

/** What the tool did: `failed` means that it answered with an error. */
export interface ToolResult<T> {
  readonly result: T
  readonly failed: boolean
  /** What of it the agent gets to see. Without it nothing can be taken out, and its texts count as forgotten (FLW-6). */
  readonly seen?: Seen<T>
}

/** What `act` is given besides the name of the action. */
export interface Given {
  /** Those of the request, with values in place of pseudonyms (LBL-11). The very same object where there are none. */
  readonly args: JsonObject
  /** For what the tool answers once the call is over: the result of a task, say. Rejects when it may not be had. */
  readonly takeLater: <T>(result: ToolResult<T>) => Promise<ToolResult<T>>
  /** Whether what the call goes on with may go out: to its task, say. @returns null: it may */
  readonly mayGoOn: (beside: JsonObject) => Promise<Objection | null>
}

/** What speaks against it, in sentences too (FLW-12). */
export interface Objection {
  readonly reason: Reason
  readonly why: readonly string[]
}

export type Act<T> = (action: string, signal: AbortSignal, given: Given) => Promise<ToolResult<T>>

export type CallOutcome<T> =
  | { decision: 'allow'; action: string; result: T }
  | {
      decision: 'deny'
      action: string
      reasons: readonly Reason[]
      /** What rules on flow object to, in sentences (FLW-12). */
      why?: readonly string[]
      /** It was allowed and had gone out when it was stopped: what the tool did of it is in its outcome (REV-12). */
      underWay?: true
      /** It waits, for whoever leaves and comes back ({@link CallHooks.leaves}). */
      held?: HeldNotice
    }

/** `expires_at` in seconds since 1970. */
export type OpenOutcome =
  { ok: true; session: string; expires_at: number } | { ok: false; reasons: readonly Reason[] }

/** What a client needs to make a proof: base64url challenge, the audience to name, base64url X25519 key. */
export interface Challenge {
  readonly challenge: string
  readonly audience: string
  readonly key: string
}

/** What is known of something that a list would show. */
export interface Shown {
  /** Arguments that a call of it would have for certain (MCP-9). */
  readonly args?: JsonObject
  /** Of a tool as it is listed, null when that is not clear: a pinned one with another is held back (MCP-12). */
  readonly definition_hash?: string | null
}

/** The enforcement point as adapters see it. */
export interface Point {
  readonly id: string
  challenge(): Challenge
  /** Opens a session for a presentation with a PRF-2 proof. A denial is recorded. */
  open(presentation: string): Promise<OpenOutcome>
  /**
   * Decides, records, acts, records the outcome. Never throws for a denial. If `act` rejects, the outcome
   * `unknown` is recorded and the rejection is passed on. `signal` is aborted when the call is to stop: what `act` does
   * then is recorded, `stopped` if it rejects with {@link ToolStopped}, and its result goes to nobody. A call that a
   * person has to approve waits for that.
   */
  call<T>(request: CallRequest, act: Act<T>, hooks?: CallHooks): Promise<CallOutcome<T>>
  /** Records a denial for something that is not a tool call (a method that no grant covers, say). */
  refuse(
    server: string,
    what: string,
    reason: Reason,
  ): Promise<{ action: string; reasons: readonly Reason[] }>
  /** Whether some disclosed grant of the viewer names the tool or method. MCP-4. */
  isVisible(viewer: Viewer, server: string, tool: string, shown?: Shown): boolean
  /** Takes note of a definition that the server lists: one that is not the pinned one is proposed (MCP-13). */
  noteDefinition(server: string, tool: string, definition_hash: string, definition: JsonObject): void
  /** The terminal state: stops following revocations, flushes and closes the spool. */
  close(): Promise<void>
}
