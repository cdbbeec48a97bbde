/**
 * A control plane as a process of its own, as a user starts it: embedded store, one agent, enforcement points and
 * delegations to revoke. In a folder that goes away.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addAgentKey,
  addSystem,
  approveAgent,
  changeAgent,
  delegate,
  enroll,
  enrollPoint,
  proposeAgent,
} from '../../apps/cli/operator.ts'
import { approveLabels, proposeLabels } from '../../apps/cli/labels/acts.ts'
import { openProfile, writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { BOTTOM, UNLABELLED } from '../../src/core/label.ts'
import { freePort } from '../../test/fixtures/postgres.ts'
import { startControlPlane, type ControlPlane } from '../../test/fixtures/processes.ts'
import { now } from './clock.ts'
import { DEFINITION, SERVER } from './names.ts'

/** Enforcement points that one chain may name (spec/delegation.md). */
const AUDIENCES_MAX = 16

/** A key of the agent, and what it holds: one frame stops it at every point. */
export interface Target {
  readonly jkt: string
  readonly key: PrivateJwk
  /** Chain by point: one chain names 16 of them. */
  readonly chains: ReadonlyMap<string, string>
  /** Of the tool that it calls, as it is registered; null: it is not. */
  readonly definition_hash: string | null
}

export interface Enrolled {
  readonly id: string
  readonly jkt: string
  readonly key: PrivateJwk
  /** Path of the enrolment file. */
  readonly file: string
}

export interface Plant {
  readonly folder: string
  readonly url: string
  /** Where the server itself listens, when `url` is that of a network in between. */
  readonly port: number
  readonly manager: Profile
  readonly points: readonly Enrolled[]
  /** Registers the tool, and labels it as one that is about nobody: a delegation on a consent needs to know. */
  label(): Promise<void>
  /** A key that may call at every point, without end, or for the data subject of a consent alone. */
  target(consent?: string): Promise<Target>
  /** Delegations that nobody uses. @returns their identifiers */
  delegations(count: number): Promise<string[]>
  /** @returns milliseconds of the shared clock: when the request was sent, and when it was answered */
  revoke(
    kind: 'key' | 'delegation',
    target: string,
  ): Promise<{ readonly sent: number; readonly acknowledged: number }>
  /** Resident memory of the server's process. */
  rssBytes(): number
  /** Processor time of the server's process so far, all threads. */
  cpuMs(): number
  remove(): Promise<void>
}

/** @param network told of the server's address; gives that at which callers reach it */
export async function openPlant(
  count: number,
  network: (node: string) => string = (node) => node,
): Promise<Plant> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const port = await freePort()
  const url = network(`http://127.0.0.1:${port}`)
  let server: ControlPlane | undefined
  const remove = async (): Promise<void> => {
    await server?.process.end('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    server = await startControlPlane(join(folder, 'data'), port, {
      args: ['--public-url', url, '--separation', 'after'],
    })
    const { child } = server.process
    const manager = openProfile(await enroll(url, server.bootstrap_secret ?? '', 'Manager'))
    const agent = await register(manager)
    const points: Enrolled[] = []
    for (let i = 0; i < count; i++) points.push(await enrol(manager, folder, i))
    return {
      folder,
      url,
      port,
      manager,
      points,
      label: () => labelTool(manager),
      target: (consent) => newTarget(manager, agent, points, consent),
      delegations: async (wanted) => {
        const { jkt } = await newKey(manager, agent)
        const aud = points.slice(0, 1).map(({ id }) => id)
        const made: string[] = []
        while (made.length < wanted) made.push((await delegateTo(manager, agent, jkt, aud)).jti)
        return made
      },
      revoke: async (kind, target) => {
        const sent = now()
        await manager.client.post('/v1/revocations', { kind, target, reason: 'drill' })
        return { sent, acknowledged: now() }
      },
      rssBytes: () => 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)])),
      cpuMs: () => processorMs(child.pid),
      remove,
    }
  } catch (cause) {
    await remove()
    throw cause
  }
}

/** Where Linux says it (proc(5)), in ticks of a hundredth of a second; else not a number. */
function processorMs(pid: number | undefined): number {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return Number.NaN
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

/** @returns the agent's identifier */
async function register(manager: Profile): Promise<string> {
  const id = await proposeAgent(manager, {
    name: 'caller',
    class: 'assistant',
    purpose: 'Calls until it is stopped',
    systems: [await addSystem(manager, 'Echoes')],
    manifest: { version: 1 },
  })
  await approveAgent(manager, id)
  await changeAgent(manager, id, 'activate', 'approved')
  return id
}

async function labelTool(manager: Profile): Promise<void> {
  const system = await addSystem(manager, 'Labelled echoes')
  const { id: tool } = await registerTool(manager, {
    system,
    server: SERVER,
    tool: SERVER,
    definition_hash: DEFINITION,
    measures: {},
  })
  const label = { ...UNLABELLED, result: BOTTOM, effect: 'none' as const, destination: [] }
  await approveLabels(manager, await proposeLabels(manager, [{ tool, definition_hash: DEFINITION, label }]))
}

async function enrol(manager: Profile, folder: string, i: number): Promise<Enrolled> {
  const enrolment = await enrollPoint(manager, `point-${i}`, SERVER)
  const file = join(folder, `point-${i}.json`)
  await writePrivate(file, enrolment)
  const key = enrolment.key as unknown as PrivateJwk
  return { id: enrolment.point, jkt: thumbprint(nodeCrypto, nodeCrypto.signer(key).publicJwk), key, file }
}

async function newKey(manager: Profile, agent: string): Promise<{ key: PrivateJwk; jkt: string }> {
  const key = nodeCrypto.generateKey('Ed25519')
  const jwk = nodeCrypto.signer(key).publicJwk
  await addAgentKey(manager, agent, jwk)
  return { key, jkt: thumbprint(nodeCrypto, jwk) }
}

async function newTarget(
  manager: Profile,
  agent: string,
  points: readonly Enrolled[],
  consent?: string,
): Promise<Target> {
  const { key, jkt } = await newKey(manager, agent)
  const chains = new Map<string, string>()
  for (let first = 0; first < points.length; first += AUDIENCES_MAX) {
    const aud = points.slice(first, first + AUDIENCES_MAX).map(({ id }) => id)
    const { chain } = await delegateTo(manager, agent, jkt, aud, consent)
    for (const point of aud) chains.set(point, chain)
  }
  return { jkt, key, chains, definition_hash: consent === undefined ? null : DEFINITION }
}

function delegateTo(
  manager: Profile,
  agent: string,
  jkt: string,
  aud: readonly string[],
  consent?: string,
): ReturnType<typeof delegate> {
  const grants = [{ type: 'tool' as const, server: SERVER, actions: [SERVER] }]
  const of = consent === undefined ? {} : { consent }
  return delegate(manager, { agent, jkt, aud: [...aud], grants, ttl_s: 3600, depth_max: 0, ...of })
}
