/**
 * TEST FIXTURE, never shipped: an {@link McpProxy} for each POST to a stateless server, so that suites that drive HTTP
 * see what the proxy makes of messages. Status, headers and everything that is no message pass as they are.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { readFrame } from '../../src/enforce/adapters/mcp/frames.ts'
import { McpProxy } from '../../src/enforce/adapters/mcp/proxy.ts'
import { ListPoint } from '../fixtures/mcp-rig.ts'

/** Decides on everything, and allows it: what a suite misses then is missing because of the proxy. */
class AllowingPoint extends ListPoint {
  override isVisible(): boolean {
    return true
  }
}

export function conformanceBridge(upstream: string): Server {
  return createServer((req, res) => void relay(upstream, req, res).catch(() => res.destroy()))
}

async function relay(upstream: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await buffer(req)
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headersDistinct)) {
    if (!/^(connection|content-length|host|transfer-encoding)$/.test(name))
      headers.set(name, (value ?? []).join(', '))
  }
  // The one header that fetch does not send: the server's own check of it is what is tested.
  const isForeign = !/^(localhost|127\.0\.0\.1)(:|$)/.test(req.headers.host ?? '')
  if (isForeign) return void res.writeHead(403).end()
  const frame = readFrame(body, true)
  if (req.method !== 'POST' || frame.kind === 'invalid') {
    const init = req.method === 'POST' ? { body } : {}
    const answer = await fetch(upstream, { method: req.method ?? 'GET', headers, ...init })
    copyHead(answer, res)
    return void res.end(Buffer.from(await answer.arrayBuffer()))
  }
  const aborter = new AbortController()
  res.on('close', () => aborter.abort())
  let [isStream, hasAnswer] = [false, false]
  const proxy = new McpProxy({
    crypto: nodeCrypto,
    point: new AllowingPoint(),
    server: 'conformance',
    hosted: true,
    toClient: (line) => {
      if (!res.headersSent && !res.hasHeader('content-type'))
        res.setHeader('content-type', 'application/json')
      // What the proxy answers itself has no status of a server's: 2026-07-28 asks for this one.
      if (!hasAnswer && line.includes('"code":-32601')) res.statusCode = 404
      res.write(isStream ? `event: message\ndata: ${line}\n\n` : line)
    },
    toServer: (line) => void send(line).catch(() => proxy.serverEnded()),
    endServer: () => proxy.serverEnded(),
    log: () => undefined,
  })
  const send = async (line: string): Promise<void> => {
    const isOwn = line.includes('"countersign-')
    const own = new Headers(headers)
    if (isOwn) own.set('mcp-method', 'tools/list')
    if (isOwn) for (const name of Array.from(own.keys())) if (/^mcp-(name|param)/.test(name)) own.delete(name)
    const answer = await fetch(upstream, { method: 'POST', headers: own, body: line, signal: aborter.signal })
    const isEvents = answer.headers.get('content-type')?.startsWith('text/event-stream') ?? false
    if (!isOwn) {
      hasAnswer = true
      isStream = isEvents
      copyHead(answer, res)
      if (isStream) res.flushHeaders()
    }
    if (answer.body === null || answer.status === 202) return
    if (!isEvents) return proxy.fromServer(readFrame(new Uint8Array(await answer.arrayBuffer())))
    const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { data } of events) if (data !== '') proxy.fromServer(readFrame(Buffer.from(data)))
  }
  if (frame.kind === 'request') {
    proxy.fromClient(frame)
    await finished(proxy, res)
  } else {
    await send(frame.line)
  }
  res.end()
}

/** A subscription is over when its client goes. */
async function finished(proxy: McpProxy, res: ServerResponse): Promise<void> {
  await proxy.idle()
  if (proxy.lasts) await new Promise((resolve) => res.on('close', resolve))
}

function copyHead(answer: Response, res: ServerResponse): void {
  if (res.headersSent) return
  res.statusCode = answer.status
  for (const [name, value] of answer.headers) {
    if (!/^(connection|content-length|transfer-encoding|keep-alive|content-encoding)$/.test(name))
      res.setHeader(name, value)
  }
}
