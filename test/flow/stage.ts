/** A real control plane in a temporary folder, with an agent that may read under `files/`. @module */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
} from '../../apps/cli/operator.ts'
import { openProfile, writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import type { ServerOptions } from '../../apps/server/server-options.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { Grant } from '../../src/token/grant.ts'

export const CLI = fileURLToPath(new URL('../../apps/cli/main.ts', import.meta.url))
export const FILES_SERVER = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js', import.meta.url),
)
export const NOTES = 'The quarter was good.\n'

/** Reads of anything under `folder/files`. */
export function readGrant(folder: string): Grant {
  return {
    type: 'tool',
    server: 'files',
    actions: ['read_text_file', 'list_directory'],
    constraints: { path: { glob: `${folder}/files/**` } },
  }
}

export interface FlowStage {
  /** Holds `files/notes.txt`, `gateway.json`, `agent.key.json`, `agent.chain`, and the profiles `manager` and `lead`. */
  readonly folder: string
  readonly server: RunningServer
  readonly manager: Profile
  /** The second person. */
  readonly lead: Profile
  readonly agent: string
  readonly point: string
  readonly jkt: string
  /** Of the chain in `agent.chain`. */
  readonly jti: string
  /** Arguments of `node` that start the gateway in front of the filesystem server, from within `folder`. */
  gateway(...options: string[]): string[]
  remove(): Promise<void>
}

export async function setFlowStage(options: Partial<ServerOptions> = {}): Promise<FlowStage> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-flow-')))
  await mkdir(join(folder, 'files'))
  await writeFile(join(folder, 'files', 'notes.txt'), NOTES)
  const server = await createServer({ ...options, dataDir: join(folder, 'control-plane') })
  const enrolledAs = await enroll(server.url, server.bootstrapSecret ?? '', 'Manager')
  const manager = openProfile(enrolledAs)
  await mkdir(join(folder, 'manager'))
  await writePrivate(join(folder, 'manager', 'profile.json'), enrolledAs)
  const { invitation } = await invite(manager, 'Security lead')
  const leadAs = await enroll(server.url, invitation, 'Security lead')
  const lead = openProfile(leadAs)
  await mkdir(join(folder, 'lead'))
  await writePrivate(join(folder, 'lead', 'profile.json'), leadAs)
  await endorse(manager, lead.person)
  const agent = await proposeAgent(manager, {
    name: 'note-reader',
    class: 'assistant',
    purpose: 'Reads notes',
    systems: [await addSystem(manager, 'Files')],
    manifest: { version: 1 },
  })
  await approveAgent(lead, agent)
  await changeAgent(manager, agent, 'activate', 'approved')
  const key = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(key)
  await addAgentKey(manager, agent, publicJwk)
  await writePrivate(join(folder, 'agent.key.json'), { ...key })
  const enrolled = await enrollPoint(manager, 'gateway', 'files')
  await writePrivate(join(folder, 'gateway.json'), enrolled)
  const jkt = thumbprint(nodeCrypto, publicJwk)
  const input = { agent, jkt, aud: [enrolled.point], grants: [readGrant(folder)], ttl_s: 600, depth_max: 0 }
  const { jti, chain } = await delegate(manager, input)
  await writePrivate(join(folder, 'agent.chain'), `${chain}\n`)
  return {
    folder,
    server,
    manager,
    lead,
    agent,
    point: enrolled.point,
    jkt,
    jti,
    gateway: (...options) => {
      const own = [CLI, 'gateway', '--stdio', '--point', 'gateway.json', ...options]
      return [...own, '--', process.execPath, FILES_SERVER, 'files']
    },
    remove: async () => {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
