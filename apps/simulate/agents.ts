/** Agents of a simulation: proposed by their owners, approved, given keys and delegations, retired. spec/simulation.md (SIM-6). @module */
import type { Signer } from '../../src/core/crypto.ts'
import type { Manifest } from '../../src/core/manifest.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { Grant } from '../../src/token/grant.ts'
import { addAgentKey, approveAgent, changeAgent, delegate, proposeAgent, revoke } from '../cli/operator.ts'
import type { Profile } from '../cli/profile.ts'
import { DAY_MS } from './clock.ts'
import { newHolder, pointOf, type Company } from './company.ts'
import { CATEGORY, NOTE_KIND, PURPOSE } from './tools.ts'

/** What an agent is for: its class, and the tool servers that it calls. */
export const TRADES = {
  clerk: ['files', 'mail'],
  archivist: ['records', 'files'],
  support: ['customers', 'mail'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type Trade = keyof typeof TRADES

/** What people tell agents. An instruction that names a kind of output stands behind each of that kind (ATT-12). */
const WORK: Readonly<Record<string, string>> = {
  files: 'Keep the files of the day in order',
  records: 'Answer what is asked about the archive',
  customers: 'Care for the customers who ask',
  mail: `Tell the team of what was done, each time by a ${NOTE_KIND}`,
}

interface Authority {
  readonly grant: Grant
  readonly ttl_s: number
  /** The point that it is for; that of the server unless told otherwise. */
  readonly point: string
  readonly instruction: string
}

/** Delegations are issued anew before they end. */
const TTL_DAYS = 28
const RENEW_MS = 2 * DAY_MS

export interface Held {
  readonly jti: string
  readonly chain: string
  /** Milliseconds since 1970. */
  readonly ends: number
}

export interface Agent {
  readonly id: string
  readonly trade: Trade
  /** Who proposed it, and owns it in the register. */
  readonly proposer: Profile
  /** Who stands behind it now. */
  owner: Profile
  holder: Signer
  /** By tool server. */
  readonly held: Map<string, Held>
  /** Versions that were approved of it. */
  versions: number
  status: 'active' | 'suspended' | 'retired'
}

/** What agents run on. */
export const MODEL = 'simulated-model-1'

export function manifestOf(trade: Trade, version: number, failed = 0, model = MODEL): Manifest {
  return {
    version,
    model,
    tools: TRADES[trade].map(String),
    tests: [{ name: 'acceptance', passed: 40, failed }],
  }
}

/** Proposed by its owner, approved by somebody else, with a key and delegations. */
export async function takeOn(company: Company, trade: Trade, owner: Profile, n: number): Promise<Agent> {
  const { staff, systems } = company
  const id = await proposeAgent(owner, {
    name: `${trade} ${n}`,
    class: trade,
    purpose: `Works as ${trade}`,
    systems: TRADES[trade].map((server) => systems.get(server) ?? ''),
    manifest: manifestOf(trade, 1),
  })
  await approveAgent(staff.security, id)
  await changeAgent(owner, id, 'activate', 'approved')
  const agent: Agent = {
    id,
    trade,
    proposer: owner,
    owner,
    holder: newHolder(company),
    held: new Map(),
    versions: 1,
    status: 'active',
  }
  await addAgentKey(owner, id, agent.holder.publicJwk)
  return agent
}

/** Its delegations for every server of its trade, where one is missing or ends soon. @returns how many were issued */
export async function renewDelegations(company: Company, agent: Agent): Promise<number> {
  let issued = 0
  for (const server of TRADES[agent.trade]) {
    const held = agent.held.get(server)
    if (held !== undefined && held.ends - company.clock.now() > RENEW_MS) continue
    agent.held.set(server, await authorize(company, agent, server))
    issued++
  }
  return issued
}

export async function authorize(
  { clock, crypto, points }: Company,
  { id, owner, holder }: Pick<Agent, 'id' | 'owner' | 'holder'>,
  server: string,
  more: Partial<Authority> = {},
): Promise<Held> {
  const { ttl_s = (TTL_DAYS * DAY_MS) / 1000, grant = grantFor(server), instruction = WORK[server] } = more
  const { jti, chain } = await delegate(owner, {
    agent: id,
    jkt: thumbprint(crypto, holder.publicJwk),
    aud: [more.point ?? pointOf({ points }, server).id],
    grants: [grant],
    ttl_s,
    depth_max: 1,
    ...(instruction === undefined ? {} : { instruction }),
  })
  return { jti, chain, ends: clock.now() + ttl_s * 1000 }
}

/** What a trade is granted on a server. */
export function grantFor(server: string): Grant {
  switch (server) {
    case 'files':
      return {
        type: 'tool',
        server,
        actions: ['read_file', 'write_file'],
        constraints: { path: { glob: '/work/**' } },
        clearance: 'internal',
      }
    case 'records':
      return { type: 'tool', server, actions: ['read_record'], clearance: 'restricted' }
    case 'customers':
      return {
        type: 'tool',
        server,
        actions: ['find_customer'],
        clearance: 'confidential',
        categories: [CATEGORY],
        purposes: [PURPOSE],
      }
    default:
      return {
        type: 'tool',
        server,
        actions: ['send_mail'],
        clearance: 'internal',
        limits: [{ measure: 'calls', unit: '1', max: 10_000, per: 'day' }],
      }
  }
}

/** Its delegations die with it. */
export async function retire(agent: Agent, by: Profile, reason: string): Promise<void> {
  await revoke(by, 'agent', agent.id, reason)
  agent.status = 'retired'
  agent.held.clear()
}
