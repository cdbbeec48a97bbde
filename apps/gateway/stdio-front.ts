/**
 * An MCP client on standard streams before a server of `countersign.yaml`, at an address or as a process.
 * spec/gateway.md (GWC-5).
 * @module
 */
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { FrameReader } from '../../src/enforce/adapters/mcp/frames.ts'
import { McpProxy } from '../../src/enforce/adapters/mcp/proxy.ts'
import type { ReleaseDesk } from '../../src/enforce/adapters/mcp/release-tool.ts'
import type { Point } from '../../src/enforce/types.ts'
import { lineWriter } from './line-writer.ts'
import type { LinkEvents, PassedHeaders, ServerLink } from './server-link.ts'

/** How long calls in flight may take to be answered once the client has said its last. */
const ANSWER_MS = 5000

export interface StdioFrontOptions {
  readonly point: Point
  readonly releases?: ReleaseDesk
  readonly server: string
  readonly hosted: boolean
  readonly link: (events: LinkEvents, passed: () => PassedHeaders) => ServerLink
  readonly stdin: Readable
  readonly stdout: Writable
  readonly say: (text: string) => void
}

/** Runs until the client, the server or `stop` ends it. */
export async function runStdioFront(options: StdioFrontOptions, stop: AbortSignal): Promise<void> {
  const { stdin, stdout } = options
  const ended = new AbortController()
  const end = (): void => ended.abort()
  const link = options.link(
    { frame: (frame) => proxy.fromServer(frame), stream: () => undefined, ended: end },
    () => ({}),
  )
  const toClient = lineWriter(stdout, {
    onFull: () => {
      stdin.pause()
      link.pause()
    },
    onRoom: () => {
      stdin.resume()
      link.resume()
    },
  })
  const proxy: McpProxy = new McpProxy({
    crypto: nodeCrypto,
    point: options.point,
    ...(options.releases === undefined ? {} : { releases: options.releases }),
    server: options.server,
    hosted: options.hosted,
    toClient: toClient.write,
    toServer: (line, key) => link.send(line, key),
    endServer: end,
    log: options.say,
  })
  let isListening = false
  const frames = new FrameReader((frame) => {
    proxy.fromClient(frame)
    // What the server says of itself is asked for once it is ready to say it.
    if (isListening || frame.kind !== 'notification' || frame.method !== 'notifications/initialized') return
    isListening = true
    void link.settled().then(() => link.listen())
  }, true)
  const onData = (chunk: Uint8Array): void => frames.push(chunk)
  stdout.on('error', end)
  stdin.on('data', onData).on('end', end).on('close', end).on('error', end)
  stop.addEventListener('abort', end)
  if (!ended.signal.aborted && !stop.aborted) await once(ended.signal, 'abort')
  stdin.off('data', onData).pause()
  await Promise.race([proxy.idle(), new Promise((resolve) => setTimeout(resolve, ANSWER_MS).unref())])
  proxy.serverEnded()
  toClient.flush()
  link.close()
}
