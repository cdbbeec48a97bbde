/** What the gateways that are measured stand on: the tools registered, a point each, one delegation that all host. @module */
import { join } from 'node:path'
import { z } from 'zod'
import { addAgentKey, addSystem, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import { McpProcess } from '../../test/fixtures/processes.ts'
import type { Stage } from '../../test/fixtures/stage.ts'

export const NAME = 'everything'
export const EVERYTHING = join(
  import.meta.dirname,
  '../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
)

export interface Planted {
  readonly folder: string
  /** Options of `countersign gateway`. */
  readonly hosted: readonly string[]
  /** Enrolment files: a spool is one process's at a time. */
  readonly points: Readonly<Record<'stdio' | 'unsynced' | 'http', string>>
}

export async function plant({ manager, agent, folder }: Stage): Promise<Planted> {
  const system = await addSystem(manager, 'Everything')
  for (const tool of await toolsOfEverything()) {
    const definition_hash = definitionHash(nodeCrypto, tool)
    await registerTool(manager, { system, server: NAME, tool: tool.name, definition_hash, measures: {} })
  }
  const path = (name: string): string => join(folder, name)
  const points = {
    stdio: path('stdio.json'),
    unsynced: path('unsynced.json'),
    http: path('http.json'),
  }
  const aud: string[] = []
  for (const each of Object.values(points)) {
    const file = await enrollPoint(manager, 'bench', NAME)
    aud.push(file.point)
    await writePrivate(each, file)
  }
  const jwk = nodeCrypto.generateKey('Ed25519')
  const { publicJwk } = nodeCrypto.signer(jwk)
  await addAgentKey(manager, agent.id, publicJwk)
  const { chain } = await delegate(manager, {
    agent: agent.id,
    jkt: thumbprint(nodeCrypto, publicJwk),
    aud,
    grants: [{ type: 'tool', server: NAME, actions: ['echo'] }],
    ttl_s: 3600,
    depth_max: 0,
  })
  await writePrivate(path('bench.chain'), chain)
  await writePrivate(path('bench.jwk'), { ...jwk })
  return { folder, points, hosted: ['--delegation', path('bench.chain'), '--key', path('bench.jwk')] }
}

async function toolsOfEverything(): Promise<{ name: string }[]> {
  const server = await new McpProcess(process.execPath, [EVERYTHING, 'stdio']).initialize()
  try {
    const listed = z.object({ tools: z.array(z.looseObject({ name: z.string() })) })
    return listed.parse(await server.request('tools/list', {})).tools
  } finally {
    await server.end('SIGTERM')
  }
}
