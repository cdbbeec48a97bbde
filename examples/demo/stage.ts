/** Sets the stage: people, a system with a real tool server, agents with keys, gateways, real files. @module */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import {
  addAgentKey,
  addSystem,
  approveAgent,
  changeAgent,
  endorse,
  enroll,
  enrollPoint,
  invite,
  proposeAgent,
} from '../../apps/cli/operator.ts'
import { approveRole, proposeRole } from '../../apps/cli/roles.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { approveTemplate, proposeTemplate } from '../../apps/cli/operator-quorum.ts'
import { openProfile, saveProfile, writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import type { Role } from '../../src/core/roles.ts'
import { canonicalize, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import type { Grant } from '../../src/token/grant.ts'
import type { Narrator } from './narrator.ts'
import { FILES_SERVER, startControlPlane, type ControlPlaneProcess } from './processes.ts'

export const SERVER = 'files'
export const DAY_S = 24 * 3600
export const BOUND_S = 60

export interface StagedAgent {
  readonly id: string
  readonly keyFile: string
  readonly jwk: PublicJwk
  readonly jkt: string
}

export interface Stage {
  readonly folder: string
  /** What the tool server may serve at all; grants allow less. */
  readonly files: string
  readonly profileFolder: string
  readonly control: ControlPlaneProcess
  readonly manager: Profile
  readonly lead: Profile
  readonly agent: StagedAgent
  readonly subAgent: StagedAgent
  readonly thiefKey: string
  /** Identifiers and enrolment files of two gateways. */
  readonly points: readonly [{ id: string; file: string }, { id: string; file: string }]
}

/** @param store `postgres://…`, or SQLite */
export async function setStage(folder: string, tell: Narrator, store?: string): Promise<Stage> {
  tell.chapter('The stage')
  const files = join(folder, 'files')
  await makeFiles(files)
  const control = await startControlPlane(join(folder, 'control-plane'), store)
  tell.step(`control plane at ${control.url}, its keys and log in ${join(folder, 'control-plane')}`)

  const profileFolder = join(folder, 'manager')
  const managerFile = await enroll(control.url, control.bootstrap_secret, 'Manager')
  await saveProfile(profileFolder, managerFile)
  const manager = openProfile(managerFile)
  const { invitation } = await invite(manager, 'Security lead')
  const lead = openProfile(await enroll(control.url, invitation, 'Security lead'))
  await endorse(manager, lead.person)
  tell.step(
    'two people enrolled, each with a software authenticator (marked swk); the first endorsed the second',
  )

  await setRoles(manager, lead, tell)
  await setTemplate(manager, lead, files, tell)
  const system = await addSystem(manager, 'Shared files')
  const tools = await registerTools(manager, system, files)
  tell.step(`${tools} tools of the real filesystem server registered, with the hashes of their definitions`)
  const agent = await addAgent(manager, lead, folder, system, 'report-writer')
  const subAgent = await addAgent(manager, lead, folder, system, 'summarizer')
  tell.step('two agents proposed by the manager, approved by the security lead with a gesture, activated')

  const thiefKey = join(folder, 'thief.key.json')
  await writePrivate(thiefKey, { ...nodeCrypto.generateKey('Ed25519') })
  const points = [
    await addPoint(manager, folder, 'gateway-1'),
    await addPoint(manager, folder, 'gateway-2'),
  ] as const
  tell.step('two gateways enrolled')
  return {
    folder,
    files,
    profileFolder,
    control,
    manager,
    lead,
    agent,
    subAgent,
    thiefKey,
    points: [points[0], points[1]],
  }
}

/** What the scene with two people delegates. */
export function moveGrant(files: string): Grant {
  return {
    type: 'tool',
    server: SERVER,
    actions: ['move_file'],
    constraints: { source: { glob: `${files}/reports/*` }, destination: { glob: `${files}/out/*` } },
    limits: [{ measure: 'calls', unit: '1', max: 1, per: 'delegation' }],
  }
}

/** What the scenes of the kill switch delegate: it goes on for a minute without news of revocations. */
export function boundedRead(files: string): Grant {
  return {
    type: 'tool',
    server: SERVER,
    actions: ['read_text_file'],
    constraints: { path: { glob: `${files}/reports/**` } },
    bound: BOUND_S,
  }
}

/** Asked for by who is to hold it, approved by somebody else: from the first one on roles decide who may ask for what. */
export async function giveRole(holder: Profile, role: Role, approver: Profile): Promise<void> {
  await approveRole(approver, await proposeRole(holder, { kind: 'role', person: holder.person, role }))
}

/** The set-up made the manager owner; of everything else one says it, and the other approves. */
async function setRoles(manager: Profile, lead: Profile, tell: Narrator): Promise<void> {
  await giveRole(lead, 'security', manager)
  // In a company of two the second person also approves notices.
  await giveRole(lead, 'privacy', manager)
  const database = { kind: 'custody', person: manager.person, custody: 'database', of: 'demo' } as const
  await approveRole(lead, await proposeRole(manager, database))
  tell.step(
    'who administers is in a register: a role and the custody of the database, each approved by the other',
  )
}

/** A day at most, nothing outside of reports/ and out/: proposed by one, approved by the other. */
async function setTemplate(manager: Profile, lead: Profile, files: string, tell: Narrator): Promise<void> {
  const read = { actions: ['read_text_file', 'list_directory'], path: `${files}/reports/**` }
  const write = { actions: ['write_file'], path: `${files}/out/*` }
  const grants: Grant[] = [read, write].map(({ actions, path }) => ({
    type: 'tool',
    server: SERVER,
    actions,
    constraints: { path: { glob: path } },
  }))
  // Who asks for another bound gets it for reading alone.
  grants.push(boundedRead(files))
  const template = { class: 'assistant', ttl_s_max: DAY_S, depth_max: 1, approvals: null }
  const all = [...grants, moveGrant(files)] as unknown as JsonValue
  await approveTemplate(lead, await proposeTemplate(manager, { ...template, grants: all }))
  tell.step(
    'a template for assistants, proposed by the manager, approved by the security lead with a gesture',
  )
}

async function makeFiles(files: string): Promise<void> {
  for (const name of ['reports', 'reports/public', 'out', 'secret']) {
    await mkdir(join(files, name), { recursive: true })
  }
  await writeFile(join(files, 'reports', 'q3.txt'), 'Revenue in the third quarter: 4,200,000.\n')
  await writeFile(join(files, 'reports', 'draft.txt'), 'Not done yet.\n')
  await writeFile(join(files, 'reports', 'public', 'summary.txt'), 'A good quarter.\n')
  await writeFile(join(files, 'secret', 'salaries.txt'), 'Not for agents.\n')
}

async function registerTools(manager: Profile, system: string, files: string): Promise<number> {
  const client = new Client({ name: 'inventory', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [FILES_SERVER, files], stderr: 'ignore' }),
  )
  const { tools } = await client.listTools()
  for (const tool of tools) {
    const measures: JsonObject =
      tool.name === 'write_file' ? { bytes: { path: '/content', of: 'bytes', unit: 'B' } } : {}
    const definition_hash = definitionHash(nodeCrypto, tool as unknown as JsonObject)
    await registerTool(manager, { system, server: SERVER, tool: tool.name, definition_hash, measures })
  }
  await client.close()
  return tools.length
}

export async function addAgent(
  manager: Profile,
  lead: Profile,
  folder: string,
  system: string,
  name: string,
  agentClass = 'assistant',
): Promise<StagedAgent> {
  const manifest = { model: 'scripted', tools: [SERVER], version: 1 }
  const id = await proposeAgent(manager, {
    name,
    class: agentClass,
    purpose: 'Reads reports and writes summaries',
    systems: [system],
    manifest,
  })
  await approveAgent(lead, id)
  await changeAgent(manager, id, 'activate', 'approved')
  const key = nodeCrypto.generateKey('Ed25519')
  const { publicJwk: jwk } = nodeCrypto.signer(key)
  await addAgentKey(manager, id, jwk)
  const keyFile = join(folder, `${name}.key.json`)
  await writePrivate(keyFile, canonicalize({ ...key }))
  return { id, keyFile, jwk, jkt: thumbprint(nodeCrypto, jwk) }
}

async function addPoint(
  manager: Profile,
  folder: string,
  name: string,
): Promise<{ id: string; file: string }> {
  const enrolled = await enrollPoint(manager, name, SERVER)
  const file = join(folder, `${name}.json`)
  await writePrivate(file, enrolled)
  return { id: enrolled.point, file }
}
