/**
 * The relay, composed: it follows a control plane as an enrolled point, or another relay, and serves many. It holds no
 * key but that of its own requests, and writes nothing to disk. spec/revocation.md, REV-16.
 * @module
 */
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpRevocations } from '../../src/adapters/http/revocations.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { follow } from '../../src/revoke/follower.ts'
import type { KillTrust } from '../../src/revoke/kill.ts'
import { openFront } from '../server/front.ts'
import { relayApp } from './app.ts'
import { Relay } from './relay.ts'
import { Upstream } from './upstream.ts'

/** How often it is looked at whether heartbeats come, in milliseconds. */
const WATCH_MS = 1_000
/** Without a heartbeat for so long, the upstream is said to be away. */
const AWAY_MS = 3_000

export interface RelayOptions {
  /** What it follows, without a trailing slash. */
  readonly from: string
  /** Signs its requests: a control plane answers those of enrolled points only, a relay anybody's. */
  readonly signer?: Signer
  /** Whose statements hold. Without, what is pushed is passed on unjudged, each source's share of it. */
  readonly trust?: KillTrust
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Told when the upstream is there and when it is away. */
  readonly onUpstream?: (isThere: boolean) => void
  /** Hears of unexpected faults. */
  readonly report?: (error: unknown) => void
}

export interface RunningRelay {
  readonly url: string
  /** Resolves once a heartbeat has come: what is served is then all there is. */
  readonly ready: Promise<void>
  readonly subscribers: number
  close(): Promise<void>
}

/** @throws ListenError */
export async function createRelay(options: RelayOptions): Promise<RunningRelay> {
  const { from, signer, host, port, report = () => undefined } = options
  const front = await openFront(host, port)
  const stopping = new AbortController()
  const client = new ApiClient({
    url: from,
    crypto: nodeCrypto,
    clock: systemClock,
    ...(signer === undefined ? {} : { signer }),
  })
  const source = httpRevocations(client)
  const upstream = new Upstream(source, stopping.signal)
  const relay = new Relay(nodeCrypto, upstream, options.trust ?? null)
  const follower = follow({ crypto: nodeCrypto, source, state: relay })
  front.answerWith(relayApp(relay, upstream, report).fetch)
  const watch = watchUpstream(relay, options.onUpstream)
  const { address, port: bound, family } = front.address
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    ready: follower.ready,
    get subscribers() {
      return relay.subscribers
    },
    close: async () => {
      clearInterval(watch)
      stopping.abort()
      relay.close()
      await front.close()
      await follower.stop()
    },
  }
}

function watchUpstream(relay: Relay, told: (isThere: boolean) => void = () => undefined): NodeJS.Timeout {
  let wasThere: boolean | null = null
  return setInterval(() => {
    const isThere = (relay.freshness()?.age_ms ?? Infinity) < AWAY_MS
    if (isThere !== wasThere) told(isThere)
    wasThere = isThere
  }, WATCH_MS)
}
