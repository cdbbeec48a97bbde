/**
 * A Messages API on loopback that says what a script says, for Claude Code's own command line. Requests that offer none of
 * the tools (titles, summaries) are answered with a word.
 * @module
 */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export type Said =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: object }

export interface ScriptedClaude {
  readonly url: string
  close(): Promise<void>
}

interface Asked {
  readonly stream?: boolean
  readonly tools?: readonly { readonly name: string }[]
}

/** @param tool offered in the requests that the script is for */
export async function scriptedClaude(tool: string, script: Said[]): Promise<ScriptedClaude> {
  const server = createServer((request, response) => {
    void (async () => {
      if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages')) {
        response.writeHead(404).end()
        return
      }
      if (request.url.includes('count_tokens')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":1}')
        return
      }
      const asked = (await json(request)) as Asked
      const isScripted = asked.tools?.some(({ name }) => name === tool) ?? false
      const said = (isScripted ? script.shift() : undefined) ?? { type: 'text', text: 'ok' }
      if (asked.stream === true) stream(response, said)
      else
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify(message([said], said)))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function message(content: readonly Said[], said: Said): object {
  return {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    content,
    stop_reason: said.type === 'text' ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  }
}

function stream(response: ServerResponse, said: Said): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (type: string, fields: object): void =>
    void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`)
  const begun = said.type === 'text' ? { ...said, text: '' } : { ...said, input: {} }
  const delta =
    said.type === 'text'
      ? { type: 'text_delta', text: said.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(said.input) }
  send('message_start', { message: { ...message([], said), stop_reason: null } })
  send('content_block_start', { index: 0, content_block: begun })
  send('content_block_delta', { index: 0, delta })
  send('content_block_stop', { index: 0 })
  const stop_reason = said.type === 'text' ? 'end_turn' : 'tool_use'
  send('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 1 } })
  send('message_stop', {})
  response.end()
}
