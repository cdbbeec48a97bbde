/** A connection to an HTTP service that stands behind our middleware or `countersign ext-authz`. spec/sdk.md (SDK-12). @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { HttpConnection } from '../../src/enforce/adapters/http/client.ts'
import type { HeldNotice } from '../../src/enforce/types.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { heldBy, type HeldOptions } from './held.ts'

export interface HttpOptions extends HeldOptions {
  /** Where the service is, as its door has it: scheme, host and port. */
  readonly origin: string
  /** What grants call it by. */
  readonly server: string
  /** Told of a request that waits for a person, with the link for them. It waits meanwhile. */
  readonly onHeld?: (held: HeldNotice) => void
  /** The platform's unless told otherwise. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** Nothing is sent yet: each request brings the chain and a proof of its own. @throws {SdkError} */
export async function connectHttp(options: HttpOptions): Promise<HttpConnection> {
  const { chain, holder, claims } = await heldBy(options)
  return new HttpConnection({
    crypto: nodeCrypto,
    clock: systemClock,
    chain,
    holder,
    claims,
    server: options.server,
    origin: options.origin,
    ...(options.onHeld === undefined ? {} : { onHeld: options.onHeld }),
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
  })
}
