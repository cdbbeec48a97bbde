/**
 * The network between the points and the nodes: one address before all nodes, where each point has its own weather.
 * Requests are told apart by the key that signs them.
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

  setWeather(jkt: string, weather: Weather): void {
    const path = this.#pathOf(jkt)
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

  #pathOf(jkt: string): Path {
    let path = this.#paths.get(jkt)
    if (path === undefined) {
      path = { weather: { kind: 'clear' }, node: null, sockets: new Set(), held: [], swapped: null }
      this.#paths.set(jkt, path)
    }
    return path
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const path = this.#pathOf(callerOf(request))
    const base = this.#nodeFor(path)
    if (path.weather.kind === 'cut' || base === undefined) return void response.destroy()
    path.sockets.add(response)
    response.on('close', () => path.sockets.delete(response))
    const target = new URL(request.url ?? '/', base)
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
  #nodeFor({ node }: Path): string | undefined {
    const alive = this.#nodes.filter((each) => each !== null)
    const own = node === null ? undefined : this.#nodes[node]
    return own ?? alive[Math.floor(this.#random() * alive.length)]
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
