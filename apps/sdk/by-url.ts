/**
 * A connection to a gateway's server by its address alone. spec/sdk.md (SDK-2), spec/gateway.md.
 * @module
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { connect, type Connection } from '../../src/enforce/sdk.ts'
import { heldBy, type HeldOptions } from './held.ts'

/** To the gateway: each call brings its own proof, so this client is sent nowhere to get a token. */
const PROOF_HEADER = { 'Countersign-Proof': 'call' }

export interface UrlOptions extends HeldOptions {
  /** Of one server behind a gateway: `https://…/servers/NAME/mcp`. */
  readonly url: string | URL
  /** How the agent calls itself to the server. */
  readonly name?: string
}

export interface UrlConnection extends Connection {
  close(): Promise<void>
}

/** @throws {ConnectionDenied}, {SdkError}, and what the MCP client throws */
export async function connectUrl(options: UrlOptions): Promise<UrlConnection> {
  const held = await heldBy(options)
  const client = new Client({ name: options.name ?? 'countersign-agent', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(options.url), {
    requestInit: { headers: PROOF_HEADER },
  })
  await client.connect(transport)
  try {
    const connection = await connect(client, held)
    return {
      get server() {
        return connection.server
      },
      callTool: (call, callOptions) => connection.callTool(call, callOptions),
      listTools: () => connection.listTools(),
      close: () => client.close(),
    }
  } catch (cause) {
    await client.close()
    throw cause
  }
}
