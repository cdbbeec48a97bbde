/** What an enforcement point is put together from. spec/enforcement.md. @module */
import type { Crypto } from '../core/crypto.ts'
import type { KillView, RevocationView } from '../decide/decide.ts'
import type { Clock } from '../ports/clock.ts'
import type { ToolChange, ToolRegistration } from '../ports/control-plane.ts'
import type { ApprovalDesk } from './approvals.ts'
import type { Authenticator } from './authenticate.ts'
import type { FlowKeeper } from './flow/keeper.ts'
import type { Ledger } from './ledger.ts'
import type { Outputs } from './outputs.ts'
import type { Recorder, StreamPlace } from './recorder.ts'

export interface PointOptions {
  readonly id: string
  readonly crypto: Crypto
  readonly clock: Clock
  readonly placement: 'in_process' | 'gateway' | 'tool_side'
  readonly bound_ms: number
  /** The revocation state of an issuer, by name: a root's (KEY-8), or null for the point's own. */
  readonly revocations: (iss: string | null) => RevocationView
  readonly kills: KillView
  readonly recorder: Recorder
  readonly ledger: Ledger
  /** Recording `central` (RCP-10): whether the control plane's log has the receipt at this place. */
  readonly central?: (place: StreamPlace) => Promise<boolean>
  readonly authenticator: Authenticator
  /** Without one, what a person has to approve is denied. */
  readonly approvals?: ApprovalDesk
  /** Without it no rule on flow speaks, and nothing is taken out of results. */
  readonly flow?: FlowKeeper
  /** Without it nothing that leaves is registered, and no gate holds. */
  readonly outputs?: Outputs
  /** The registration of a tool, or null. */
  readonly registration: (server: string, tool: string) => ToolRegistration | null
  /** The systems that tools of a server are of: a tool that is not registered may be of any of them. */
  readonly systems: (server: string) => readonly string[]
  /** Told of a definition that is not the one that its tool is pinned to (MCP-13), as often as it is listed. */
  readonly onToolChanged?: (change: ToolChange) => void
  /** Told after each record, so that it is shipped. */
  readonly onRecorded: () => void
  /** Told of a fault of ours that was turned into a denial. */
  readonly onFault: (error: unknown) => void
  readonly onClose: () => Promise<void>
}
