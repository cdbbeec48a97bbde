/**
 * An MCP server of your own, each tool decided where it runs, and an agent that calls it: `node examples/sdk/mcp-server.ts`,
 * with a point that was enrolled with `--placement tool_side`.
 * @module
 */
import assert from 'node:assert/strict'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { connect, serve } from 'countersign'
import { protectTransport } from 'countersign/mcp-server'
import { z } from 'zod'
import { ALLOWED, DENIED, read, readNote } from './notes.ts'

const served = await serve({ point: 'notes.point.json' })
const server = new McpServer({ name: 'notes', version: '1.0.0' })
const inputSchema = z.object({ path: z.string() })
server.registerTool('read_note', { description: 'Reads a note', inputSchema }, (args) => ({
  content: [{ type: 'text', text: readNote(args) }],
}))
server.registerTool('delete_note', { description: 'Deletes a note', inputSchema }, () => ({
  content: [{ type: 'text', text: 'deleted' }],
}))
const [near, far] = InMemoryTransport.createLinkedPair() // or new StdioServerTransport()
await server.connect(protectTransport(far, served))

const client = new Client({ name: 'reader', version: '1.0.0' })
await client.connect(near)
const tools = await connect(client, { key: 'notes.key.json' })
const listed = (await tools.listTools()).tools.map(({ name }) => name)
assert.deepEqual(listed, ['read_note'], 'what no grant names is not listed')
const allowed = await tools.callTool({ name: 'read_note', arguments: ALLOWED })
assert.deepEqual(allowed.result.content, [{ type: 'text', text: 'Ship on Friday.' }])
const denied = await tools.callTool({ name: 'read_note', arguments: DENIED })
assert.deepEqual(denied.decision === 'deny' && denied.reasons, ['CONSTRAINT_VIOLATED'])
const bare = await client.callTool({ name: 'read_note', arguments: ALLOWED })
assert.ok(bare.isError, 'a call without a proof is denied')
assert.deepEqual(read, [ALLOWED.path], 'what was denied never ran')

await client.close()
await served.close()
process.stdout.write('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
