/**
 * The network between the points, the relay and the nodes: one address before all of them, where each way has its own
 * weather. Requests to nodes are told apart by the key that signs them, those to the relay, which nobody signs, by their
 * address.
 * @module
 */
import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { thumbprint } from '../../../src/core/jwk.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { parseJws } from '../../../src/core/sign.ts'
import type { PublicJwk } from '../../../src/core/crypto.ts'
import type { Weather } from './schedule.ts'

/** Before the address of what is asked of the relay: {@link Proxy.wayToRelay}. */
const TO_RELAY = /^\/relay\/([^/]+)(\/.*)$/

interface Path {
  weather: Weather
  /** Null: any. */
  node: number | null
  readonly sockets: Set<ServerResponse>
  /** What is held back, to be let go at once. */
  held: (() => void)[]
  /** An event that changes places with the next. */
  swapped: (() => void) | null
}

export class Proxy {
  readonly #server: Server
  readonly #nodes: (string | null)[] = []
  #relay: string | null = null
  readonly #paths = new Map<string, Path>()
  readonly #random: () => number
  /** Without keep-alive: a connection to a node that was killed is no good for the next one. */
  readonly #agent = new Agent({ keepAlive: false })
  url = ''

  constructor(random: () => number) {
    this.#random = random
    this.#server = createServer((request, response) => this.#pass(request, response))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  setNode(node: number, url: string | null): void {
    this.#nodes[node] = url
  }

  setRelay(url: string | null): void {
    this.#relay = url
  }

  /** Where the relay is reached by a way of this name. */
  wayToRelay(way: string): string {
    return `${this.url}/relay/${way}`
  }

  /** @param way the thumbprint of who asks nodes, or the name of a way to the relay */
  setWeather(way: string, weather: Weather): void {
    const path = this.#pathOf(way)
    path.weather = weather
    if (weather.kind !== 'hold') for (const letGo of path.held.splice(0)) letGo()
    if (weather.kind === 'cut') this.#cut(path)
  }

  /** The point is served by another node from its next connection on, which is now. */
  setRoute(jkt: string, node: number): void {
    const path = this.#pathOf(jkt)
    path.node = node
    this.#cut(path)
  }

  #cut(path: Path): void {
    for (const response of path.sockets) response.destroy()
    path.sockets.clear()
    path.held = []
  }

  #pathOf(way: string): Path {
    let path = this.#paths.get(way)
    if (path === undefined) {
      path = { weather: { kind: 'clear' }, node: null, sockets: new Set(), held: [], swapped: null }
      this.#paths.set(way, path)
    }
    return path
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const [, way, address = request.url ?? '/'] = TO_RELAY.exec(request.url ?? '') ?? []
    const path = this.#pathOf(way ?? callerOf(request))
    const base = way === undefined ? this.#nodeFor(path) : this.#relay
    if (path.weather.kind === 'cut' || base === null) return void response.destroy()
    path.sockets.add(response)
    response.on('close', () => path.sockets.delete(response))
    const target = new URL(address, base)
    const upstream = send(
      target,
      { method: request.method, headers: request.headers, agent: this.#agent },
      (answer) => {
        const isStream = (answer.headers['content-type'] ?? '').startsWith('text/event-stream')
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        if (isStream) {
          response.flushHeaders()
          this.#events(path, answer, response)
        } else answer.on('data', (chunk: Buffer) => this.#weathered(path, () => response.write(chunk), false))
        answer.on('end', () => this.#weathered(path, () => response.end(), false))
        answer.on('error', () => response.destroy())
      },
    )
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  /** The point's own while it is there; any for who has none. */
  #nodeFor({ node }: Path): string | null {
    const alive = this.#nodes.filter((each) => each !== null)
    const own = node === null ? undefined : this.#nodes[node]
    return own ?? alive[Math.floor(this.#random() * alive.length)] ?? null
  }

  #events(path: Path, answer: IncomingMessage, response: ServerResponse): void {
    let rest = ''
    answer.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) this.#weathered(path, () => response.write(`${part}\n\n`), true)
    })
  }

  #weathered(path: Path, deliver: () => void, isEvent: boolean): void {
    const { weather } = path
    switch (weather.kind) {
      case 'delay':
        setTimeout(deliver, weather.ms)
        return
      case 'hold':
        path.held.push(deliver)
        return
      case 'drop':
        if (!isEvent || this.#random() >= weather.share) deliver()
        return
      case 'repeat':
        deliver()
        if (isEvent) deliver()
        return
      case 'reorder':
        if (!isEvent) deliver()
        else if (path.swapped === null) path.swapped = deliver
        else {
          deliver()
          path.swapped()
          path.swapped = null
        }
        return
      case 'cut':
      case 'clear':
        deliver()
    }
  }
}

function callerOf(request: IncomingMessage): string {
  const proof = request.headers.dpop
  if (typeof proof !== 'string') return ''
  return thumbprint(nodeCrypto, parseJws(proof).header.jwk as unknown as PublicJwk)
}
