/**
 * The tool server of the scene about flow: a real MCP server of a help desk over stdio. It looks up customers and writes
 * on a public board. What it publishes it appends to a file: what no gateway can alter.
 * @module
 */
import { appendFileSync } from 'node:fs'
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const [, , board = ''] = process.argv
const CUSTOMER = { name: 'Ann Example', opened: 3, account: 'DE89370400440532013000' }

const server = new McpServer({ name: 'desk', version: '1.0.0' })
server.registerTool(
  'customer',
  { description: 'What the desk knows of a customer', inputSchema: z.object({ name: z.string() }) },
  () => ({ content: [{ type: 'text', text: JSON.stringify(CUSTOMER) }] }),
)
server.registerTool(
  'publish',
  { description: 'Writes on the public board', inputSchema: z.object({ text: z.string() }) },
  ({ text }) => {
    appendFileSync(board, `${text}\n`)
    return { content: [{ type: 'text', text: 'published' }] }
  },
)
await server.connect(new StdioServerTransport())
