/**
 * An enforcement point beside the tools that it guards, as the adapters of servers are given it. spec/sdk.md (SDK-4).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import type { Releases } from './releases.ts'
import type { Credential, Point } from './types.ts'

export interface Served {
  readonly point: Point
  /** For outputs that leave by no tool. */
  readonly releases?: Releases
  /** What grants call these tools by. */
  readonly server: string
  readonly crypto: Crypto
  /** For access tokens: who may call by one, or null. Without it no token is taken. */
  readonly bearer?: (token: string) => Promise<Credential | null>
  close(): Promise<void>
}
