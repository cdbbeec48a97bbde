/**
 * The sessions of an HTTP gateway: bounded, each of one caller, and ended when nobody uses them. spec/gateway.md (GWH-5,
 * GWH-8).
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { RpcRequest } from '../../src/enforce/adapters/mcp/frames.ts'
import { ClientPoint, clientReleases } from '../../src/enforce/adapters/mcp/http-point.ts'
import type { ReleaseDesk } from '../../src/enforce/adapters/mcp/release-tool.ts'
import type { Point } from '../../src/enforce/types.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Caller } from './access.ts'
import { childLink } from './child.ts'
import type { ServerConfig } from './config.ts'
import { HttpLink, HttpServer } from './http-link.ts'
import { HttpSession } from './http-session.ts'
import type { LinkEvents, PassedHeaders, ServerLink } from './server-link.ts'

/** Requests in flight of a caller that share one connection to a process, without sessions. */
const LANE_LOAD_MAX = 128
const SWEEP_MS = 5000

/** There is room for no more. */
export class Full extends Error {}

interface Entry {
  readonly session: HttpSession
  readonly server: ServerConfig
  readonly identity: string
  /** Null: of a revision without sessions. */
  readonly id: string | null
}

export interface SessionsOptions {
  readonly point: Point
  readonly releases?: ReleaseDesk
  readonly clock: Clock
  readonly log: (text: string) => void
}

export class Sessions {
  readonly #o: SessionsOptions
  readonly #entries = new Set<Entry>()
  readonly #byId = new Map<string, Entry>()
  /** Without sessions: by server and caller. */
  readonly #lanes = new Map<string, Set<Entry>>()
  /** Connections to servers at an address, by their settings: replaced settings are another server. */
  readonly #pools = new Map<ServerConfig, HttpServer>()
  readonly #timer: NodeJS.Timeout

  constructor(options: SessionsOptions) {
    this.#o = options
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS)
    this.#timer.unref()
  }

  /** Requests in flight. */
  get load(): number {
    return [...this.#entries].reduce((sum, { session }) => sum + session.load, 0)
  }

  /** @throws {Full} */
  begin(server: ServerConfig, caller: Caller): HttpSession {
    return this.#open(server, caller, base64url(nodeCrypto.randomBytes(32))).session
  }

  /** Null for another caller's too. */
  find(id: string, server: string, identity: string): HttpSession | null {
    const entry = this.#byId.get(id)
    return entry?.server.name === server && entry.identity === identity ? entry.session : null
  }

  /**
   * One in which the request's identifier is free: clients that know nothing of each other number alike. Strangers
   * share none: what a server says belongs to a request is not always clear, nor who may withdraw one (GWH-10).
   * @throws {Full}
   */
  lane(server: ServerConfig, caller: Caller, request: RpcRequest | null): HttpSession {
    const most = isStranger(caller) ? 1 : LANE_LOAD_MAX
    for (const { session } of this.#lanes.get(laneOf(server, caller.identity)) ?? [])
      if (request === null || (session.load < most && !session.has(request))) return session
    return this.#open(server, caller, null).session
  }

  /** Once in a while, by the clock. */
  sweep(): void {
    const now = this.#o.clock.monotonic()
    for (const { session, server } of this.#entries) {
      if (session.isIdle && now - session.used >= server.limits.idle_s * 1000) session.close()
      else session.tick()
    }
  }

  /** The settings of these servers are others now, or they are gone. */
  closeOf(servers: readonly ServerConfig[]): void {
    for (const entry of this.#entries) if (servers.includes(entry.server)) entry.session.close()
    for (const server of servers) {
      this.#pools.get(server)?.close()
      this.#pools.delete(server)
    }
  }

  closeAll(): void {
    clearInterval(this.#timer)
    for (const { session } of this.#entries) session.close()
    for (const pool of this.#pools.values()) pool.close()
  }

  #open(server: ServerConfig, caller: Caller, id: string | null): Entry {
    const { sessions, sessions_per_client, answer_s } = server.limits
    const same = [...this.#entries].filter((entry) => entry.server.name === server.name)
    if (same.length >= sessions) throw new Full('too many sessions of this server: try again later')
    // Who proves each call by itself is nobody to its connection.
    const isNamed = caller.identity !== ''
    const room = server.access === 'oauth' ? Math.ceil(sessions / 2) : sessions
    if (!isNamed && same.filter(({ identity }) => identity === '').length >= room)
      throw new Full('too many sessions without a token: try again later')
    if (isNamed && same.filter(({ identity }) => identity === caller.identity).length >= sessions_per_client)
      throw new Full('too many sessions of this client: end one of them')
    const { point, releases, clock, log } = this.#o
    const say = (text: string): void => log(`${server.name}: ${text}`)
    const session: HttpSession = new HttpSession({
      point: new ClientPoint(point, caller.viewer),
      ...(releases === undefined ? {} : { releases: clientReleases(releases, caller.viewer) }),
      server: server.name,
      hosted: caller.hosted,
      id,
      answer_ms: answer_s * 1000,
      link: (events, passed) => this.#link(server, events, passed, say),
      monotonic: () => clock.monotonic(),
      log: say,
      onEnd: () => this.#forget(entry),
    })
    const entry: Entry = { session, server, identity: caller.identity, id }
    this.#entries.add(entry)
    if (id !== null) this.#byId.set(id, entry)
    else {
      const lane = laneOf(server, caller.identity)
      this.#lanes.set(lane, (this.#lanes.get(lane) ?? new Set()).add(entry))
    }
    return entry
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry)
    if (entry.id !== null) this.#byId.delete(entry.id)
    const name = laneOf(entry.server, entry.identity)
    const lane = this.#lanes.get(name)
    lane?.delete(entry)
    if (lane?.size === 0) this.#lanes.delete(name)
  }

  #link(
    server: ServerConfig,
    events: LinkEvents,
    passed: (key: string | undefined) => PassedHeaders,
    say: (text: string) => void,
  ): ServerLink {
    const { upstream, limits } = server
    if (upstream.kind === 'stdio') return childLink(upstream, events, say)
    let pool = this.#pools.get(server)
    if (pool === undefined) {
      pool = new HttpServer(upstream.url, upstream.headers, limits.answer_s * 1000)
      this.#pools.set(server, pool)
    }
    return new HttpLink(pool, events, passed)
  }
}

/** Nothing is known of it, and it has no authority that everybody here has. */
export function isStranger({ identity, hosted }: Caller): boolean {
  return identity === '' && !hosted
}

function laneOf({ name }: ServerConfig, identity: string): string {
  return `${name}\n${identity}`
}
