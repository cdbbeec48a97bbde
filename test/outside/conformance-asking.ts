/** TEST FIXTURE: what the suite expects of a server of 2025-11-25 that asks its client, logs and is subscribed to. @module */
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const described = (properties: Record<string, object>, required: string[] = []) =>
  ({ type: 'object', properties, required }) as never
const titled = (prefix: string) =>
  ['First', 'Second', 'Third'].map((name, i) => ({ const: `${prefix}${i + 1}`, title: `${name} Option` }))
const options = ['option1', 'option2', 'option3']

const DEFAULTS = described({
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
})
const ENUMS = described({
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled('value') },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', items: { anyOf: titled('value') } },
})
const USER = described({ username: { type: 'string' }, email: { type: 'string' } }, ['username', 'email'])

/** Every keyword that SEP-1613 and SEP-2106 want to survive. */
const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
} as const

export function askingTools(server: McpServer): void {
  for (const [name, description, requestedSchema] of [
    ['test_elicitation_sep1034_defaults', 'Asks with defaults', DEFAULTS],
    ['test_elicitation_sep1330_enums', 'Asks for a choice', ENUMS],
  ] as const)
    server.registerTool(name, { description }, async ({ mcpReq }) => {
      const { action, content } = await mcpReq.elicitInput({ mode: 'form', message: name, requestedSchema })
      return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`)
    })
  const inputSchema = z.object({ message: z.string() })
  server.registerTool(
    'test_elicitation',
    { description: 'Asks', inputSchema },
    async ({ message }, { mcpReq }) => {
      const answer = await mcpReq.elicitInput({ mode: 'form', message, requestedSchema: USER })
      return text(`User response: ${JSON.stringify(answer)}`)
    },
  )
  server.registerTool(
    'test_sampling',
    { description: 'Samples', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }]
      const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 })
      return text(`LLM response: ${JSON.stringify(content)}`)
    },
  )
  server.registerTool('test_tool_with_logging', { description: 'Logs' }, async ({ mcpReq }) => {
    for (const said of ['Tool execution started', 'Tool processing data', 'Tool execution completed'])
      await mcpReq.log('info', said)
    return text('logged')
  })
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'A schema', inputSchema: fromJsonSchema(SCHEMA_2020_12 as never) },
    () => text('fits'),
  )
  server.server.setRequestHandler('resources/subscribe', () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', () => ({}))
}
