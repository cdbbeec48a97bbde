/**
 * The tool server of the scene about consent: a real MCP server over stdio that knows a few customers, and writes to them.
 * What it sends it appends to a file: what no gateway can alter.
 * @module
 */
import { appendFileSync } from 'node:fs'
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const [, , file = ''] = process.argv
const server = new McpServer({ name: 'crm', version: '1.0.0' })

const NAMES = ['ann', 'bo', 'cy', 'zoe']
const customerSchema = z.object({ id: z.string(), mail: z.string() })
const CUSTOMERS = NAMES.map((name) => ({ id: `${name}@customer.example`, mail: `${name}@customer.example` }))

server.registerTool('customers', { description: 'All customers', inputSchema: z.object({}) }, () => {
  const found = { customers: CUSTOMERS }
  return { content: [{ type: 'text' as const, text: JSON.stringify(found) }], structuredContent: found }
})

server.registerTool(
  'customer',
  { description: 'A customer', inputSchema: z.object({ id: z.string() }), outputSchema: customerSchema },
  ({ id }) => {
    const found = CUSTOMERS.find((customer) => customer.id === id) ?? { id, mail: '' }
    return { content: [{ type: 'text' as const, text: JSON.stringify(found) }], structuredContent: found }
  },
)

server.registerTool(
  'offer',
  { description: 'Sends an offer', inputSchema: z.object({ to: z.string(), text: z.string() }) },
  (args) => {
    appendFileSync(file, `${JSON.stringify(args)}\n`)
    return { content: [{ type: 'text' as const, text: 'sent' }] }
  },
)

await server.connect(new StdioServerTransport())
