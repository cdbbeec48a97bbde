/**
 * Real processes for a run: two nodes on one PostgreSQL, a relay, enforcement points with agents that never pause, and
 * the network between them. One world serves many schedules.
 * @module
 */
import { existsSync } from 'node:fs'
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
import {
  beginLift,
  offlineKill,
  openBreakGlass,
  pullKill,
  readSwitch,
  setRoster,
  signLift,
} from '../../../apps/cli/kills.ts'
import { openProfile, saveProfile, writePrivate, type Profile } from '../../../apps/cli/profile.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, Signer } from '../../../src/core/crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { freePort, Postgres } from '../../fixtures/postgres.ts'
import { startControlPlane, until, type ControlPlane } from '../../fixtures/processes.ts'
import type { Act } from './check.ts'
import type { Chains } from './point-process.ts'
import { Proxy } from './proxy.ts'
import type { Handed, Judged } from './receipts.ts'
import { RelayProcess } from './relay-process.ts'
import type { Shape } from './schedule.ts'

const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const POINT = programOf('point-process.ts')
const LYING_POINT = programOf('lying-point-process.ts')
const RECEIPTS = programOf('receipts-process.ts')
const SERVER = 'echo'
const REVIVE_MS = 200
const SAID_MAX = 4_096
/** For what is no subject of the run: that something begins or answers, however busy the machine. */
const PATIENCE_MS = 120_000
const ENV = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'countersign-compile-cache') }

interface Chain {
  readonly jti: string
  readonly chain: string
}

interface PointState {
  readonly id: string
  readonly jkt: string
  readonly enrolment: string
  readonly acts: string
  /** Names of the ways by which it follows the relay, if it does. */
  readonly ways: readonly string[]
  program: string
  process: ChildProcess | null
  /** When its present life began. */
  born: number
  /** The end of what its lives wrote to stderr. */
  said: string
}

type AgentName = 'restless' | 'killed'

interface Agent {
  readonly id: string
  readonly jkt: string
  readonly key: PrivateJwk
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
  #relay: RelayProcess | null = null
  #receipts: ChildProcess | null = null
  /** Under the harness's own key: it has no weather, and asks any node. */
  #manager: Profile | null = null
  #lead: Profile | null = null
  #breakGlass: Signer | null = null
  #iss = ''
  /** One whose delegations are revoked, and one whom kills are about. */
  readonly #agents = new Map<AgentName, Agent>()

  private constructor(folder: string, proxy: Proxy, postgres: Postgres, store: string) {
    this.folder = folder
    this.proxy = proxy
    this.#postgres = postgres
    this.#store = store
  }

  static async set(options: Omit<Shape, 'revocable'> & { random: () => number }): Promise<World> {
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

  async #begin({ nodes, points, relayed }: Omit<Shape, 'revocable'>): Promise<void> {
    for (let i = 0; i < nodes; i++) this.#ports.push(await freePort())
    const first = await this.startNode(0)
    const manager = openProfile(await enroll(this.proxy.url, first.bootstrap_secret ?? '', 'Manager'))
    this.#manager = manager
    await this.#beginReceipts(manager, first.vkey)
    await this.#register(manager)
    for (let i = 1; i < nodes; i++) {
      await cp(join(this.folder, 'node-0', 'keys'), join(this.folder, `node-${i}`, 'keys'), {
        recursive: true,
      })
      await this.startNode(i)
    }
    for (let i = 0; i < points; i++) {
      const ways = relayed[i - (points - relayed.length)] ?? 0
      await this.#enrol(manager, i, ways)
    }
    const { enrolment, jkt } = await this.#enrolled(manager, 'relay')
    this.#relay = await RelayProcess.start(this.proxy, enrolment, jkt)
    await this.hold([])
    for (let i = 0; i < points; i++) this.startPoint(i)
    await this.allUp()
  }

  /** Under a key of its own, of one node: each publishes the log for itself, and a pack is of one that was published. */
  async #beginReceipts(manager: Profile, vkey: string): Promise<void> {
    const { invitation } = await invite(manager, 'Auditor')
    const profile = await enroll(this.proxy.url, invitation, 'Auditor')
    const { publicJwk } = nodeCrypto.signer(profile.operator as unknown as PrivateJwk)
    this.proxy.setRoute(thumbprint(nodeCrypto, publicJwk), 0)
    const folder = join(this.folder, 'auditor')
    await saveProfile(folder, profile)
    this.#receipts = fork(RECEIPTS, [folder, vkey], { env: ENV })
  }

  async #register(manager: Profile): Promise<void> {
    const lead = openProfile(await enroll(this.proxy.url, (await invite(manager, 'Lead')).invitation, 'Lead'))
    this.#lead = lead
    await endorse(manager, lead.person)
    const system = await addSystem(manager, 'Echoes')
    for (const name of ['restless', 'killed'] as const) {
      const id = await proposeAgent(manager, {
        name,
        class: 'assistant',
        purpose: 'Calls without a pause',
        systems: [system],
        manifest: { version: 1 },
      })
      await approveAgent(lead, id)
      await changeAgent(manager, id, 'activate', 'approved')
      const key = nodeCrypto.generateKey('Ed25519')
      const { publicJwk } = nodeCrypto.signer(key)
      await addAgentKey(manager, id, publicJwk)
      this.#agents.set(name, { id, key, jkt: thumbprint(nodeCrypto, publicJwk) })
    }
    this.#breakGlass = await openBreakGlass(join(this.folder, 'node-0', 'keys', 'break-glass.jwk'), null)
    const people = [manager.person, lead.person]
    await setRoster(manager, this.#breakGlass, { people, m: 2 }, () => undefined)
  }

  #agent(name: AgentName): Agent {
    const agent = this.#agents.get(name)
    if (agent === undefined) throw new Error(`there is no agent ${name}`)
    return agent
  }

  async #enrol(manager: Profile, i: number, ways_n: number): Promise<void> {
    const ways = Array.from({ length: ways_n }, (_, way) => `${i}-${way}`)
    const sources = ways.map((way) => this.proxy.wayToRelay(way))
    const enrolled = await this.#enrolled(manager, `point-${i}`, sources)
    const acts = join(enrolled.enrolment, '..', 'acts')
    this.points.push({ ...enrolled, acts, ways, program: POINT, process: null, born: 0, said: '' })
  }

  /** @param sources relays that it follows */
  async #enrolled(
    manager: Profile,
    name: string,
    sources: readonly string[] = [],
  ): Promise<Pick<PointState, 'id' | 'jkt' | 'enrolment'>> {
    const file = await enrollPoint(manager, name, SERVER)
    this.#iss = file.trust.iss
    const folder = join(this.folder, name)
    await mkdir(folder, { recursive: true })
    const enrolment = join(folder, 'point.json')
    await writePrivate(enrolment, sources.length === 0 ? file : { ...file, sources })
    const { publicJwk } = nodeCrypto.signer(file.key as unknown as PrivateJwk)
    return { id: file.point, jkt: thumbprint(nodeCrypto, publicJwk), enrolment }
  }

  /** Delegations to the agent, good at every point. @param calls how many each allows in all */
  delegate(
    calls: readonly (number | null)[],
    to: AgentName = 'restless',
  ): Promise<{ jti: string; chain: string }[]> {
    const aud = this.points.map(({ id }) => id)
    const { id, jkt } = this.#agent(to)
    const made = calls.map((max) => {
      const limits = max === null ? [] : [{ measure: 'calls', unit: '1', max, per: 'delegation' as const }]
      const grant = {
        type: 'tool' as const,
        server: SERVER,
        actions: ['echo'],
        ...(max === null ? {} : { limits }),
      }
      const input = { agent: id, jkt, aud, grants: [grant], ttl_s: 3600, depth_max: 0 }
      return again(() => delegate(this.manager, input))
    })
    return Promise.all(made)
  }

  /** What the agents call with from now on. */
  async hold(restless: readonly Chain[], killed: readonly Chain[] = []): Promise<void> {
    const held: Chains = {
      chains: [
        ...restless.map((chain) => ({ ...chain, key: this.#agent('restless').key })),
        ...killed.map((chain) => ({ ...chain, key: this.#agent('killed').key })),
      ],
    }
    // Renamed into place: a point that looks meanwhile reads the old file or the new one.
    await writeFile(`${this.#chains}.new`, JSON.stringify(held))
    await rename(`${this.#chains}.new`, this.#chains)
  }

  get #chains(): string {
    return join(this.folder, 'chains.json')
  }

  get relay(): RelayProcess {
    if (this.#relay === null) throw new Error('there is no relay yet')
    return this.#relay
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

  /** Of the second agent, at the control plane. @returns when it was acknowledged */
  async kill(): Promise<{ kill: string; t: number }> {
    const scope = { kind: 'agent' as const, id: this.#agent('killed').id }
    const { kill } = await again(() => pullKill(this.manager, scope, 'drill'))
    return { kill, t: now() }
  }

  /** The same by a file on the disk of one point. @returns when the point had acknowledged */
  async killByFile(i: number): Promise<{ kill: string; t: number }> {
    const { enrolment, id } = this.#point(i)
    if (this.#breakGlass === null) throw new Error('there is no break-glass key')
    const scope = { kind: 'agent' as const, id: this.#agent('killed').id }
    const signed = offlineKill(this.#breakGlass, this.#iss, scope, 'drill')
    const folder = join(enrolment, '..', 'statements')
    await mkdir(folder, { recursive: true })
    const path = join(folder, signed.kill.id)
    await writeFile(`${path}.new`, JSON.stringify(signed))
    await rename(`${path}.new`, `${path}.json`)
    await until('the point has acknowledged', () => existsSync(`${path}.${id}.ack`), PATIENCE_MS)
    return { kill: signed.kill.id, t: now() }
  }

  /** By two people, once the control plane knows all of them. */
  async lift(kills: readonly string[]): Promise<void> {
    if (kills.length === 0 || this.#lead === null) return
    const isKnown = async (): Promise<boolean> => {
      const known = new Set((await readSwitch(this.manager)).kills.map(({ kill }) => kill.id))
      return kills.every((id) => known.has(id))
    }
    await until('the control plane knows every kill', () => isKnown().catch(() => false), PATIENCE_MS)
    const lift = await again(() => beginLift(this.manager, kills, 'drill'))
    await again(() => signLift(this.manager, lift, kills, () => undefined))
    const lead = this.#lead
    await again(() => signLift(lead, lift, kills, () => undefined))
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

  /** From here on it hears of what is revoked, and lets it through. */
  corruptPoint(i: number): Promise<void> {
    this.#point(i).program = LYING_POINT
    return this.restartPoint(i)
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
    const child = fork(point.program, [point.enrolment, this.#chains, point.acts], {
      env: ENV,
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    })
    point.process = child
    point.born = now()
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

  /** Every point has begun its present life. */
  async allUp(): Promise<void> {
    const isUp = async ({ acts, born }: PointState): Promise<boolean> =>
      (await linesOf(acts)).some((line) => 'up' in line && line.up >= born)
    for (const point of this.points) await until('a point is up', () => isUp(point), PATIENCE_MS)
  }

  async acts(): Promise<Act[]> {
    const lines = await Promise.all(this.points.map(({ acts }) => linesOf(acts)))
    return lines.flat().filter((line): line is Act => 'jti' in line)
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
    const child = this.#receipts
    if (child === null) throw new Error('nobody reads the receipts yet')
    const answer = Promise.withResolvers<Judged>()
    child.once('message', (judged) => answer.resolve(judged as Judged))
    child.once('exit', () => answer.reject(new Error('who reads the receipts is gone')))
    child.send({ from_ms, handed })
    return answer.promise
  }

  /** What each point last said of a chain, for whoever looks for a cause. */
  async lastWords(jti: string): Promise<string[]> {
    const texts = await Promise.all(this.points.map(({ acts }) => readFile(acts, 'utf8').catch(() => '')))
    return texts.map(
      (text, i) =>
        `point ${i}: ${text.split('\n').findLast((line) => line.includes(`"about":"${jti}"`)) ?? 'nothing'}`,
    )
  }

  /** The end of what each process wrote to stderr. */
  said(): string[] {
    const nodes = this.#nodes.map((node, i) => [`node ${i}`, node?.process.stderr ?? ''] as const)
    const points = this.points.map(({ id, said }) => [id, said] as const)
    const all = [...nodes, ['relay', this.#relay?.said ?? ''] as const, ...points]
    return all.flatMap(([who, text]) => (text === '' ? [] : [`${who} said: ${text.slice(-SAID_MAX)}`]))
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
    this.#receipts?.kill()
    await this.#relay?.kill()
    await this.proxy.close()
    await this.#postgres.remove()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A node that was killed a moment ago, or waits for its place, is asked again. @throws what it said for long */
async function again<T>(work: () => Promise<T>): Promise<T> {
  const end = now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (cause) {
      if (now() > end) throw cause
      await pause(100)
    }
  }
}

type Line = Act | { readonly up: number }

async function linesOf(path: string): Promise<Line[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}
