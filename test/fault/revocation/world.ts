/**
 * Real processes for a run: two nodes on one PostgreSQL, enforcement points with agents that never pause, and the network
 * between them. One world serves many schedules.
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  addAgentKey,
  addSystem,
  approveAgent,
  changeAgent,
  delegate,
  endorse,
  enroll,
  enrollPoint,
  invite,
  proposeAgent,
} from '../../../apps/cli/operator.ts'
import { openProfile, writePrivate, type Profile } from '../../../apps/cli/profile.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, PublicJwk } from '../../../src/core/crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { freePort, Postgres } from '../../fixtures/postgres.ts'
import { startControlPlane, until, type ControlPlane } from '../../fixtures/processes.ts'
import type { Act } from './check.ts'
import type { Chains } from './point-process.ts'
import { Proxy } from './proxy.ts'

const POINT_PROCESS = fileURLToPath(new URL('point-process.ts', import.meta.url))
const SERVER = 'echo'
const REVIVE_MS = 200
const SAID_MAX = 4_096
const ENV = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'countersign-compile-cache') }

interface PointState {
  readonly id: string
  readonly jkt: string
  readonly enrolment: string
  readonly acts: string
  process: ChildProcess | null
  /** The end of what its lives wrote to stderr. */
  said: string
}

export const now = (): number => Number(process.hrtime.bigint()) / 1e6

export class World {
  readonly folder: string
  readonly proxy: Proxy
  readonly points: PointState[] = []
  readonly #postgres: Postgres
  readonly #store: string
  readonly #ports: number[] = []
  readonly #nodes: (ControlPlane | null)[] = []
  readonly #turns = new Map<string, Promise<void>>()
  #isEnding = false
  /** Under the harness's own key: it has no weather, and asks any node. */
  #manager: Profile | null = null
  #agent = { id: '', jkt: '', key: {} as PrivateJwk }

  private constructor(folder: string, proxy: Proxy, postgres: Postgres, store: string) {
    this.folder = folder
    this.proxy = proxy
    this.#postgres = postgres
    this.#store = store
  }

  static async set(options: { nodes: number; points: number; random: () => number }): Promise<World> {
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

  async #begin({ nodes, points }: { nodes: number; points: number }): Promise<void> {
    for (let i = 0; i < nodes; i++) this.#ports.push(await freePort())
    const first = await this.startNode(0)
    const manager = openProfile(await enroll(this.proxy.url, first.bootstrap_secret ?? '', 'Manager'))
    this.#manager = manager
    await this.#register(manager)
    for (let i = 1; i < nodes; i++) {
      await cp(join(this.folder, 'node-0', 'keys'), join(this.folder, `node-${i}`, 'keys'), {
        recursive: true,
      })
      await this.startNode(i)
    }
    for (let i = 0; i < points; i++) await this.#enrol(manager, i)
    await this.#hold([])
    for (let i = 0; i < points; i++) this.startPoint(i)
    await until(
      'every point is up',
      async () => (await this.#lines()).filter((line) => 'up' in line).length >= points,
      60_000,
    )
  }

  async #register(manager: Profile): Promise<void> {
    const lead = openProfile(await enroll(this.proxy.url, (await invite(manager, 'Lead')).invitation, 'Lead'))
    await endorse(manager, lead.person)
    const id = await proposeAgent(manager, {
      name: 'restless',
      class: 'assistant',
      purpose: 'Calls without a pause',
      systems: [await addSystem(manager, 'Echoes')],
      manifest: { version: 1 },
    })
    await approveAgent(lead, id)
    await changeAgent(manager, id, 'activate', 'approved')
    const key = nodeCrypto.generateKey('Ed25519')
    const { publicJwk } = nodeCrypto.signer(key)
    await addAgentKey(manager, id, publicJwk)
    this.#agent = { id, key, jkt: thumbprint(nodeCrypto, publicJwk) }
  }

  async #enrol(manager: Profile, i: number): Promise<void> {
    const file = await enrollPoint(manager, `point-${i}`, SERVER)
    const folder = join(this.folder, `point-${i}`)
    await mkdir(folder, { recursive: true })
    const enrolment = join(folder, 'point.json')
    await writePrivate(enrolment, file)
    const { publicJwk } = nodeCrypto.signer(file.key as unknown as PrivateJwk)
    const jkt = thumbprint(nodeCrypto, publicJwk as PublicJwk)
    this.points.push({ id: file.point, jkt, enrolment, acts: join(folder, 'acts'), process: null, said: '' })
  }

  /** Delegations to the agent, good at every point. @param calls how many each allows in all */
  async delegate(calls: readonly (number | null)[]): Promise<{ jti: string; chain: string }[]> {
    const aud = this.points.map(({ id }) => id)
    const { id, jkt } = this.#agent
    const made: { jti: string; chain: string }[] = []
    for (const max of calls) {
      const limits = max === null ? [] : [{ measure: 'calls', unit: '1', max, per: 'delegation' as const }]
      const grant = {
        type: 'tool' as const,
        server: SERVER,
        actions: ['echo'],
        ...(max === null ? {} : { limits }),
      }
      const input = { agent: id, jkt, aud, grants: [grant], ttl_s: 3600, depth_max: 0 }
      made.push(await again(() => delegate(this.manager, input)))
    }
    return made
  }

  /** What the agents call with from now on. */
  #hold(chains: Chains['chains']): Promise<void> {
    const held: Chains = { key: this.#agent.key, chains }
    const path = this.#chains
    // Renamed into place: a point that looks meanwhile reads the old file or the new one.
    return writeFile(`${path}.new`, JSON.stringify(held)).then(() => rename(`${path}.new`, path))
  }

  hold(chains: Chains['chains']): Promise<void> {
    return this.#hold(chains)
  }

  get #chains(): string {
    return join(this.folder, 'chains.json')
  }

  get manager(): Profile {
    if (this.#manager === null) throw new Error('nobody is enrolled yet')
    return this.#manager
  }

  /** At any node, again and again until one answers. @returns when it was acknowledged */
  async revoke(jti: string): Promise<number> {
    const request = { kind: 'delegation', target: jti, reason: 'drill' }
    await again(() => this.manager.client.post('/v1/revocations', request))
    return now()
  }

  async startNode(node: number): Promise<ControlPlane> {
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
    return this.#inTurn(`node ${node}`, async () => {
      await this.killNode(node)
      await pause(away_ms)
      await this.startNode(node)
    })
  }

  restartPoint(i: number): Promise<void> {
    return this.#inTurn(`point ${i}`, async () => {
      await this.killPoint(i)
      this.startPoint(i)
    })
  }

  #inTurn(what: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#turns.get(what) ?? Promise.resolve()).then(work)
    this.#turns.set(
      what,
      done.catch(() => undefined),
    )
    return done
  }

  async killNode(node: number): Promise<void> {
    this.proxy.setNode(node, null)
    await this.#nodes[node]?.process.end('SIGKILL')
    this.#nodes[node] = null
  }

  signalNode(node: number, signal: NodeJS.Signals): void {
    this.#nodes[node]?.process.child.kill(signal)
  }

  /** As a supervisor does: one that ends by itself, because no node answered as it began, is begun again. */
  startPoint(i: number): void {
    const point = this.#point(i)
    const child = fork(POINT_PROCESS, [point.enrolment, this.#chains, point.acts], {
      env: ENV,
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    })
    point.process = child
    child.stdin?.on('error', () => undefined) // it was killed: nothing is to be told
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      point.said = (point.said + text).slice(-SAID_MAX)
    })
    child.once('exit', (code) => {
      if (code !== null && !this.#isEnding) setTimeout(() => this.#revive(i, child), REVIVE_MS)
    })
  }

  #revive(i: number, dead: ChildProcess): void {
    if (this.#point(i).process === dead && !this.#isEnding) this.startPoint(i)
  }

  #point(i: number): PointState {
    const point = this.points[i]
    if (point === undefined) throw new Error(`there is no point ${i}`)
    return point
  }

  async killPoint(i: number): Promise<void> {
    const { process: child } = this.#point(i)
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  signalPoint(i: number, signal: NodeJS.Signals): void {
    this.#point(i).process?.kill(signal)
  }

  stepClock(i: number, ms: number): void {
    this.#point(i).process?.stdin?.write(`step ${ms}\n`)
  }

  async #lines(): Promise<(Act | { point: string; up: number })[]> {
    const texts = await Promise.all(this.points.map(({ acts }) => readFile(acts, 'utf8').catch(() => '')))
    return texts.flatMap((text) =>
      text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Act),
    )
  }

  async acts(): Promise<Act[]> {
    return (await this.#lines()).filter((line): line is Act => 'jti' in line)
  }

  async remove(): Promise<void> {
    this.#isEnding = true
    for (let i = 0; i < this.points.length; i++) {
      this.signalPoint(i, 'SIGCONT')
      await this.killPoint(i)
    }
    for (let i = 0; i < this.#nodes.length; i++) {
      this.signalNode(i, 'SIGCONT')
      await this.killNode(i)
    }
    await this.proxy.close()
    await this.#postgres.remove()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A node that was killed a moment ago, or waits for its place, is asked again. @throws what it said for a minute */
async function again<T>(work: () => Promise<T>): Promise<T> {
  const end = now() + 60_000
  for (;;) {
    try {
      return await work()
    } catch (cause) {
      if (now() > end) throw cause
      await pause(100)
    }
  }
}
