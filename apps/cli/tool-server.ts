/** Looks at a tool server over MCP: which tools it has, and the hashes of their definitions. @module */
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import { CliError } from './output.ts'

/** Pages of one listing. */
const PAGES_MAX = 256

export interface InspectedTool {
  readonly tool: string
  readonly definition_hash: string
  /** As it was listed. */
  readonly definition: JsonObject
}

/** A definition is hashed as it was listed, so no member may be dropped on the way. */
const pageSchema = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string() })),
  nextCursor: z.string().optional(),
})

/** Starts the server, lists its tools and ends it. @throws {CliError} `TOOL_SERVER_FAILED` */
export async function inspectToolServer(command: string, args: readonly string[]): Promise<InspectedTool[]> {
  const client = new Client({ name: 'countersign', version: '0.1.0' })
  try {
    await client.connect(new StdioClientTransport({ command, args: [...args], stderr: 'inherit' }))
    return await listTools(client)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'fault'
    throw new CliError(
      'TOOL_SERVER_FAILED',
      `${command} did not list its tools: ${why}; see that it starts by itself`,
      {
        cause,
      },
    )
  } finally {
    await client.close()
  }
}

async function listTools(client: Client): Promise<InspectedTool[]> {
  const tools: InspectedTool[] = []
  let cursor: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const answer = await client.request({ method: 'tools/list', params }, pageSchema)
    for (const tool of answer.tools) {
      const definition = tool as JsonObject
      tools.push({ tool: tool.name, definition_hash: definitionHash(nodeCrypto, definition), definition })
    }
    cursor = answer.nextCursor
    if (cursor === undefined) break
  }
  return tools
}
