/**
 * TEST FIXTURE: what `@modelcontextprotocol/conformance` expects of a server, on SDK v2 over HTTP, both revisions. What
 * it fails by itself says nothing of a gateway before it.
 * @module
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import {
  acceptedContent,
  completable,
  createMcpHandler,
  inputRequired,
  isLegacyRequest,
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node'
import { z } from 'zod'
import { askingTools } from './conformance-asking.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='
const text = (value: string) => ({ type: 'text' as const, text: value })
const image = { type: 'image' as const, data: PNG, mimeType: 'image/png' }
const resource = (uri: string, value: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType: 'text/plain', text: value },
})

function contents(server: McpServer): void {
  const tool = (name: string, content: Parameters<typeof reply>[0]): void => {
    server.registerTool(name, { description: name }, () => reply(content))
  }
  const reply = (
    content: readonly (ReturnType<typeof text> | typeof image | ReturnType<typeof resource> | Audio)[],
  ) => ({
    content: [...content],
  })
  tool('test_simple_text', [text('This is a simple text response for testing.')])
  tool('test_image_content', [image])
  tool('test_audio_content', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }])
  tool('test_embedded_resource', [
    resource('test://embedded-resource', 'This is an embedded resource content.'),
  ])
  tool('test_multiple_content_types', [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', '{"test":"data","value":123}'),
  ])
  server.registerTool('test_error_handling', { description: 'Fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
}

interface Audio {
  readonly type: 'audio'
  readonly data: string
  readonly mimeType: string
}

function asking(server: McpServer): void {
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Says how far it is' },
    async ({ mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        const params = { progressToken: progressToken ?? 0, progress, total: 100 }
        await mcpReq.notify({ method: 'notifications/progress', params })
      }
      return { content: [text('done')] }
    },
  )
  const requestedSchema = {
    type: 'object' as const,
    properties: { name: { type: 'string' as const } },
    required: ['name'],
  }
  server.registerTool('test_input_required_result_elicitation', { description: 'Asks' }, ({ mcpReq }) => {
    const given = acceptedContent<{ name: string }>(mcpReq.inputResponses, 'user_name')
    if (typeof given?.name === 'string') return { content: [text(`Hello, ${given.name}!`)] }
    const user_name = inputRequired.elicit({ message: 'What is your name?', requestedSchema })
    return inputRequired({ inputRequests: { user_name } })
  })
}

function prompts(server: McpServer): void {
  const user = (content: ReturnType<typeof text> | typeof image | ReturnType<typeof resource>) => ({
    messages: [{ role: 'user' as const, content }],
  })
  server.registerPrompt('test_simple_prompt', { description: 'Simple' }, () =>
    user(text('This is a simple prompt for testing.')),
  )
  const argsSchema = z.object({
    arg1: completable(z.string(), () => ['paris', 'park', 'party']),
    arg2: z.string(),
  })
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'Arguments', argsSchema },
    ({ arg1, arg2 }) => user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  )
  const embedded = z.object({ resourceUri: z.string() })
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'Resource', argsSchema: embedded },
    ({ resourceUri }) => user(resource(resourceUri, 'Embedded resource content for testing.')),
  )
  server.registerPrompt('test_prompt_with_image', { description: 'Image' }, () => user(image))
}

function resources(server: McpServer): void {
  const [plain, png] = ['text/plain', 'image/png']
  server.registerResource('static-text', 'test://static-text', { mimeType: plain }, ({ href }) => ({
    contents: [{ uri: href, mimeType: plain, text: 'This is the content of the static text resource.' }],
  }))
  server.registerResource('static-binary', 'test://static-binary', { mimeType: png }, ({ href }) => ({
    contents: [{ uri: href, mimeType: png, blob: PNG }],
  }))
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined })
  server.registerResource('template', template, { mimeType: 'application/json' }, ({ href }, { id }) => ({
    contents: [
      {
        uri: href,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
      },
    ],
  }))
}

/** Before 2026-07-28 a server asks its client in the stream of a session. */
function legacySessions(made: () => McpServer): (request: Request) => Promise<Response> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  return async (request) => {
    const id = request.headers.get('mcp-session-id')
    const known = sessions.get(id ?? '')
    if (known !== undefined) return known.handleRequest(request)
    if (id !== null) return new Response(null, { status: 404 })
    const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (session) => void sessions.set(session, transport),
    })
    await made().connect(transport)
    return transport.handleRequest(request)
  }
}

export function conformanceServer(): Server {
  const made = (): McpServer => {
    const capabilities = { logging: {}, resources: { subscribe: true } }
    const server = new McpServer({ name: 'conformance', version: '1.0.0' }, { capabilities })
    for (const part of [contents, asking, askingTools, prompts, resources]) part(server)
    return server
  }
  const modern = createMcpHandler(made, { legacy: 'reject' })
  const legacy = legacySessions(made)
  const answer = toNodeHandler({
    fetch: async (request: Request) =>
      (await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request),
  })
  const [isHost, isOrigin] = [localhostHostValidation(), localhostOriginValidation()]
  return createServer((req, res) => {
    if (isHost(req, res) && isOrigin(req, res))
      void answer(req as IncomingMessage & { method: string; url: string }, res)
  })
}
