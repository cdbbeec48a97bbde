/**
 * Real processes for a run: two nodes on one PostgreSQL, a relay, enforcement points with agents that never pause, and
 * the network between them. One world serves many schedules.
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { saveProfile } from '../../../apps/cli/profile.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../../src/core/crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { freePort, Postgres } from '../../fixtures/postgres.ts'
import { startControlPlane, until, type ControlPlane } from '../../fixtures/processes.ts'
import type { Act } from './check.ts'
import { PATIENCE_MS } from './patience.ts'
import { People, type AgentName, type Chain } from './people.ts'
import { ENV, Point } from './point.ts'
import type { Chains } from './point-process.ts'
import { Proxy } from './proxy.ts'
import type { Handed, Judged } from './receipts.ts'
import { RelayProcess } from './relay-process.ts'
import type { Shape } from './schedule.ts'

const RECEIPTS = fileURLToPath(new URL('receipts-process.ts', import.meta.url))
const SAID_MAX = 4_096

type Size = Omit<Shape, 'revocable'>

/** Those that are there once a world is set. */
interface Cast {
  readonly people: People
  readonly relay: RelayProcess
  readonly receipts: ChildProcess
}

export class World {
  readonly folder: string
  readonly proxy: Proxy
  readonly points: Point[] = []
  readonly #postgres: Postgres
  readonly #store: string
  readonly #ports: number[] = []
  readonly #nodes: (ControlPlane | null)[] = []
  readonly #turns = new Map<number, Promise<void>>()
  readonly #cast: Partial<{ -readonly [K in keyof Cast]: Cast[K] }> = {}

  private constructor(folder: string, proxy: Proxy, postgres: Postgres, store: string) {
    this.folder = folder
    this.proxy = proxy
    this.#postgres = postgres
    this.#store = store
  }

  static async set(options: Size & { random: () => number }): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-faults-'))
    const postgres = await Postgres.start()
    const proxy = new Proxy(options.random)
    await proxy.listen()
    const world = new World(folder, proxy, postgres, await postgres.database())
    try {
      await world.#begin(options)
      return world
    } catch (cause) {
      await world.remove()
      throw cause
    }
  }

  async #begin({ nodes, points, relayed }: Size): Promise<void> {
    for (let i = 0; i < nodes; i++) this.#ports.push(await freePort())
    const first = await this.#startNode(0)
    const keys = join(this.folder, 'node-0', 'keys')
    const people = await People.begin(this.proxy.url, first.bootstrap_secret ?? '', keys)
    this.#cast.people = people
    await this.#beginReceipts(first.vkey)
    for (let i = 1; i < nodes; i++) {
      await cp(keys, join(this.folder, `node-${i}`, 'keys'), { recursive: true })
      await this.#startNode(i)
    }
    for (let i = 0; i < points; i++) {
      const ways_n = relayed[i - (points - relayed.length)] ?? 0
      const ways = Array.from({ length: ways_n }, (_, way) => `${i}-${way}`)
      const sources = ways.map((way) => this.proxy.wayToRelay(way))
      const enrolled = await people.enrol(this.folder, `point-${i}`, sources)
      this.points.push(new Point(enrolled, ways, this.#chains))
    }
    this.#cast.relay = await RelayProcess.start(this.proxy, await people.enrol(this.folder, 'relay'))
    await this.hold([])
    for (const point of this.points) point.start()
    await this.allUp()
  }

  /** Under a key of its own, of one node: each publishes the log for itself, and a pack is of one that was published. */
  async #beginReceipts(vkey: string): Promise<void> {
    const profile = await this.people.newcomer('Auditor')
    const { publicJwk } = nodeCrypto.signer(profile.operator as unknown as PrivateJwk)
    this.proxy.setRoute(thumbprint(nodeCrypto, publicJwk), 0)
    const folder = join(this.folder, 'auditor')
    await saveProfile(folder, profile)
    this.#cast.receipts = fork(RECEIPTS, [folder, vkey], { env: ENV })
  }

  get people(): People {
    return this.#there('people')
  }

  get relay(): RelayProcess {
    return this.#there('relay')
  }

  #there<K extends keyof Cast>(who: K): Cast[K] {
    const there = this.#cast[who]
    if (there === undefined) throw new Error(`the world is not set: no ${who}`)
    return there
  }

  point(i: number): Point {
    const point = this.points[i]
    if (point === undefined) throw new Error(`there is no point ${i}`)
    return point
  }

  /** Good at every point. @param calls how many each allows in all */
  delegate(name: AgentName, calls: readonly (number | null)[]): Promise<Chain[]> {
    const aud = this.points.map(({ id }) => id)
    return this.people.delegate(name, aud, calls)
  }

  /** What the agents call with from now on. */
  async hold(restless: readonly Chain[], killed: readonly Chain[] = []): Promise<void> {
    const { people } = this
    const held: Chains = {
      chains: [
        ...restless.map((chain) => ({ ...chain, key: people.agent('restless').key })),
        ...killed.map((chain) => ({ ...chain, key: people.agent('killed').key })),
      ],
    }
    // Renamed into place: a point that looks meanwhile reads the old file or the new one.
    await writeFile(`${this.#chains}.new`, JSON.stringify(held))
    await rename(`${this.#chains}.new`, this.#chains)
  }

  get #chains(): string {
    return join(this.folder, 'chains.json')
  }

  async #startNode(node: number): Promise<ControlPlane> {
    const args = ['--public-url', this.proxy.url, '--vault', join(this.folder, 'vault.db')]
    const data = join(this.folder, `node-${node}`)
    const port = this.#ports[node] ?? 0
    const started = await startControlPlane(data, port, { store: this.#store, args })
    this.#nodes[node] = started
    this.proxy.setNode(node, `http://127.0.0.1:${port}`)
    return started
  }

  /** Killed, away for a while, and back. One life after the other. */
  restartNode(node: number, away_ms: number): Promise<void> {
    const before = this.#turns.get(node) ?? Promise.resolve()
    const done = before.then(async () => {
      await this.#killNode(node)
      await pause(away_ms)
      await this.#startNode(node)
    })
    this.#turns.set(
      node,
      done.catch(() => undefined),
    )
    return done
  }

  async #killNode(node: number): Promise<void> {
    this.proxy.setNode(node, null)
    await this.#nodes[node]?.process.end('SIGKILL')
    this.#nodes[node] = null
  }

  signalNode(node: number, signal: NodeJS.Signals): void {
    this.#nodes[node]?.process.child.kill(signal)
  }

  /** Every point has begun its present life. */
  async allUp(): Promise<void> {
    for (const point of this.points) await until('a point is up', () => point.isUp(), PATIENCE_MS)
  }

  async acts(): Promise<Act[]> {
    return (await Promise.all(this.points.map((point) => point.acts()))).flat()
  }

  /** What the log says of it all: {@link judge}. */
  async judged(from_ms: number, acts: readonly Act[]): Promise<Judged> {
    const handed = this.points.flatMap(({ id: point }) =>
      [
        ...Map.groupBy(
          acts.filter((act) => act.point === point),
          ({ jti }) => jti,
        ),
      ].map(([jti, { length: n }]): Handed => ({ point, jti, n })),
    )
    const child = this.#there('receipts')
    const answer = Promise.withResolvers<Judged>()
    const gone = (): void => answer.reject(new Error('who reads the receipts is gone'))
    child.once('message', (judged) => answer.resolve(judged as Judged)).once('exit', gone)
    child.send({ from_ms, handed })
    return answer.promise.finally(() => child.off('exit', gone))
  }

  /** What each point last said of a chain, for whoever looks for a cause. */
  lastWords(jti: string): Promise<string[]> {
    return Promise.all(this.points.map((point) => point.lastWords(jti)))
  }

  /** The end of what each process wrote to stderr. */
  said(): string[] {
    const nodes = this.#nodes.map((node, i) => [`node ${i}`, node?.process.stderr ?? ''] as const)
    const points = this.points.map(({ id, said }) => [id, said] as const)
    const all = [...nodes, ['relay', this.#cast.relay?.said ?? ''] as const, ...points]
    return all.flatMap(([who, text]) => (text === '' ? [] : [`${who} said: ${text.slice(-SAID_MAX)}`]))
  }

  async remove(): Promise<void> {
    await Promise.all(this.points.map((point) => point.end()))
    for (let i = 0; i < this.#nodes.length; i++) await this.#killNode(i)
    this.#cast.receipts?.kill()
    await this.#cast.relay?.kill()
    await this.proxy.close()
    await this.#postgres.remove()
    await rm(this.folder, { recursive: true, force: true })
  }
}
