/** What an {@link McpProxy} stands between, and with what. @module */
import type { Crypto } from '../../../core/crypto.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Point } from '../../types.ts'
import type { McpLimits } from './limits.ts'
import type { ReleaseDesk } from './release-tool.ts'

export interface McpProxyOptions {
  readonly crypto: Crypto
  readonly point: Point
  /** The tool server's name, as grants name it. */
  readonly server: string
  /** Whether the point has a delegation of its own for clients that hold no key (MCP-3). */
  readonly hosted: boolean
  /** Whether clients that know nothing of each other use it: what one opened is not the others' (GWH-10). */
  readonly shared?: boolean
  /** Where the client releases what leaves by no tool (OUT-13); without it there is no such tool. */
  readonly releases?: ReleaseDesk
  readonly limits?: McpLimits
  /** The system's unless told otherwise. */
  readonly clock?: Clock
  /** Each takes one message, without a line end. Must not throw. */
  /** `about`: the `keyOf` of the request that it is about, where the turn in which it is said does not tell. */
  readonly toClient: (line: string, about?: string) => void
  /** In place of `toClient` for answers, by the `keyOf` of their request; null: withdrawn. `toServer` is told it too. */
  readonly onAnswer?: (key: string, line: string | null) => void
  readonly toServer: (line: string, key?: string) => void
  /** The server broke the protocol beyond repair: end it. */
  readonly endServer: () => void
  /** Never told a frame, an argument or a token. */
  readonly log: (message: string) => void
}
