/**
 * An MCP server of our own process behind an enforcement point: a transport around the server's transport, with the
 * gateway's logic in between. So each tool is decided where it runs (`tool_side`), by the rules of MCP-1 to MCP-5, and
 * the server is written as it would be without. spec/sdk.md (SDK-8).
 * @module
 */
import type { JSONRPCMessage, MessageExtraInfo, Transport } from '@modelcontextprotocol/client'
import { utf8 } from '../../../core/encoding.ts'
import type { Served } from '../../served.ts'
import { readFrame, type RpcId } from '../mcp/frames.ts'
import { McpProxy } from '../mcp/proxy.ts'

type SendOptions = Parameters<Transport['send']>[1]

/** `server.connect(protectTransport(new StdioServerTransport(), served))`. Closing it does not close the point. */
export function protectTransport(
  transport: Transport,
  served: Pick<Served, 'crypto' | 'point' | 'releases' | 'server'>,
  log: (message: string) => void = () => undefined,
): Transport {
  return new GuardedTransport(transport, served, log)
}

class GuardedTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: Transport['onmessage']
  readonly #outer: Transport
  readonly #proxy: McpProxy
  /** What came with a request beside it (who is signed in, say), until the request goes on. */
  readonly #extras = new Map<RpcId, MessageExtraInfo>()
  /** Of the message that the server sends right now: which request it belongs to. */
  #options: SendOptions

  constructor(
    outer: Transport,
    served: Pick<Served, 'crypto' | 'point' | 'releases' | 'server'>,
    log: (message: string) => void,
  ) {
    this.#outer = outer
    this.#proxy = new McpProxy({
      ...served,
      hosted: false,
      toClient: (line) => void this.#toClient(line),
      toServer: (line) => this.#toServer(line),
      endServer: () => void this.close(),
      log,
    })
  }

  get sessionId(): string | undefined {
    return this.#outer.sessionId
  }

  get hasPerRequestStream(): boolean {
    return this.#outer.hasPerRequestStream ?? false
  }

  setProtocolVersion(version: string): void {
    this.#outer.setProtocolVersion?.(version)
  }

  async start(): Promise<void> {
    /* oxlint-disable unicorn/prefer-add-event-listener -- a transport has no other way */
    this.#outer.onclose = () => {
      this.#proxy.serverEnded()
      this.onclose?.()
    }
    this.#outer.onerror = (error) => this.onerror?.(error)
    this.#outer.onmessage = (message, extra) => this.#fromClient(message, extra)
    /* oxlint-enable unicorn/prefer-add-event-listener */
    await this.#outer.start()
  }

  async send(message: JSONRPCMessage, options?: SendOptions): Promise<void> {
    this.#options = options
    try {
      this.#proxy.fromServer(readFrame(utf8(JSON.stringify(message))))
    } finally {
      this.#options = undefined
    }
  }

  close(): Promise<void> {
    return this.#outer.close()
  }

  #fromClient(message: JSONRPCMessage, extra: MessageExtraInfo | undefined): void {
    const frame = readFrame(utf8(JSON.stringify(message)))
    if (frame.kind === 'request' && extra !== undefined) this.#extras.set(frame.id, extra)
    this.#proxy.fromClient(frame)
  }

  #toServer(line: string): void {
    const message = JSON.parse(line) as JSONRPCMessage
    const id = 'id' in message && 'method' in message ? message.id : undefined
    const extra = id === undefined ? undefined : this.#extras.get(id)
    this.onmessage?.(message, extra)
  }

  async #toClient(line: string): Promise<void> {
    const message = JSON.parse(line) as JSONRPCMessage
    if (!('method' in message) && message.id !== undefined) this.#extras.delete(message.id)
    try {
      await this.#outer.send(message, this.#options)
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error('the message could not be sent'))
    }
  }
}
