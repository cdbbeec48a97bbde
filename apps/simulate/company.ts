/**
 * The company of a simulation: who works there, what its agents may call, and who guards it. Everything in it was made as
 * people make it, by requests to the control plane. spec/simulation.md (SIM-5).
 * @module
 */
import { ApiClient } from '../../src/adapters/http/client.ts'
import type { Crypto, Signer } from '../../src/core/crypto.ts'
import { canonicalize } from '../../src/core/json.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import { z } from 'zod'
import { addSystem, readInfo, type ControlPlaneInfo } from '../cli/operator.ts'
import type { Profile } from '../cli/profile.ts'
import { registerTool } from '../cli/tools.ts'
import type { SimulatedClock } from './clock.ts'
import type { PointPlace } from './compose-point.ts'
import type { Plane } from './plane.ts'
import { SimulatedPoint } from './point.ts'
import type { Chance } from './random.ts'
import { enrolFirst, hire } from './staff.ts'
import { TOOLS, type SimulatedTool } from './tools.ts'

/** Roles, and who has them for as long as the simulation goes. */
export interface Staff {
  /** Proposes, and keeps the control plane. */
  readonly operations: Profile
  /** Approves, triages, closes. */
  readonly security: Profile
  /** Stands behind agents, reviews what leaves. */
  readonly business: Profile
  readonly privacy: Profile
  /** Of those who own agents. */
  owners: Profile[]
}

export interface Tool extends SimulatedTool {
  readonly id: string
  readonly system: string
  readonly hash: string
}

export interface Company {
  readonly plane: Plane
  readonly crypto: Crypto
  readonly clock: SimulatedClock
  readonly chance: Chance
  readonly staff: Staff
  readonly info: ControlPlaneInfo
  /** Systems by the tool server that stands before each. */
  readonly systems: ReadonlyMap<string, string>
  readonly tools: ReadonlyMap<string, Tool>
  /** One a tool server. */
  readonly points: Map<string, SimulatedPoint>
  readonly report: (error: unknown) => void
}

export type CompanyParts = Pick<Company, 'plane' | 'crypto' | 'clock' | 'chance' | 'report'>

export async function foundCompany(parts: CompanyParts): Promise<Company> {
  const { plane } = parts
  const operations = await enrolFirst(parts)
  const security = await hire(parts, operations, 'Security lead')
  const business = await hire(parts, security, 'Business lead')
  const privacy = await hire(parts, security, 'Privacy officer')
  const owners = [await hire(parts, security, 'Agent owner 1'), await hire(parts, security, 'Agent owner 2')]
  const info = await readInfo(plane.url, new ApiClient({ ...parts, url: plane.url, fetch: plane.fetch }))
  const systems = new Map<string, string>()
  const tools = new Map<string, Tool>()
  for (const tool of TOOLS) {
    const { server, definition } = tool
    const system = systems.get(server) ?? (await addSystem(operations, tool.systemName))
    systems.set(server, system)
    const hash = definitionHash(parts.crypto, definition)
    const registered = { system, server, tool: tool.name, definition_hash: hash, measures: tool.measures }
    const { id } = await registerTool(operations, { ...registered, definition: canonicalize(definition) })
    tools.set(nameOf(server, tool.name), { ...tool, id, system, hash })
  }
  const staff = { operations, security, business, privacy, owners }
  const company = { ...parts, staff, info, systems, tools, points: new Map<string, SimulatedPoint>() }
  for (const server of systems.keys()) company.points.set(server, await addPoint(company, server))
  return company
}

export function nameOf(server: string, tool: string): string {
  return `${server}/${tool}`
}

/** @throws {TypeError} nobody registered it */
export function toolOf({ tools }: Pick<Company, 'tools'>, server: string, name: string): Tool {
  const tool = tools.get(nameOf(server, name))
  if (tool === undefined) throw new TypeError(`no tool ${nameOf(server, name)}`)
  return tool
}

/** @throws {TypeError} nothing stands before it */
export function pointOf({ points }: Pick<Company, 'points'>, server: string): SimulatedPoint {
  const point = points.get(server)
  if (point === undefined) throw new TypeError(`no point before ${server}`)
  return point
}

/** Enrols an enforcement point before a tool server, and starts it. */
export async function addPoint(
  company: Omit<Company, 'points'>,
  server: string,
  more: Pick<PointPlace, 'bend'> = {},
): Promise<SimulatedPoint> {
  const { plane, crypto, clock, staff, info, report } = company
  const signer = crypto.signer(crypto.generateKey('Ed25519'))
  const placement = 'gateway'
  const asked = { name: `${server} gateway`, jwk: { ...signer.publicJwk }, placement, servers: [server] }
  const { point } = z
    .object({ point: z.string() })
    .parse(await staff.operations.client.post('/v1/points', asked))
  const file: PointPlace['file'] = {
    point,
    servers: [server],
    placement,
    control_plane: plane.url,
    trust: {
      iss: info.issuer,
      issuer_keys: info.issuer_keys.map(({ jwk }) => jwk),
      frame_key: info.frame_key,
      frame_key_seq: info.frame_key_seq,
      frame_epoch: info.frame_epoch,
      rp_id: info.rp_id,
      origins: info.origins,
      break_glass: info.break_glass,
      separation: info.separation,
    },
    bound_ms: info.bound_ms,
  }
  return SimulatedPoint.start({ file, signer, crypto, clock, fetch: plane.fetch, onFault: report, ...more })
}

/** A key of its own, for an agent. */
export function newHolder({ crypto }: Pick<Company, 'crypto'>): Signer {
  return crypto.signer(crypto.generateKey('Ed25519'))
}
