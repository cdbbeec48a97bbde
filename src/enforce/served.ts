/**
 * An enforcement point beside the tools that it guards, as the adapters of servers are given it. spec/sdk.md (SDK-4).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import type { Point } from './types.ts'

export interface Served {
  readonly point: Point
  /** What grants call these tools by. */
  readonly server: string
  readonly crypto: Crypto
  close(): Promise<void>
}
