/**
 * The SDK: puts the calls of a connected MCP client (`@modelcontextprotocol/client` 2) under its agent's delegation.
 * spec/sdk.md, spec/mcp.md (MCP-1, MCP-2). What an agent embeds, so it chooses the crypto of this platform.
 *
 * A denied call is an answer and is returned, typed, with the text that a model can read. Only a connection that is
 * refused is thrown, as {@link ConnectionDenied}: there is nothing to call with.
 * @module
 */
import type {
  CallToolRequestOptions,
  CallToolResult,
  Client,
  ListToolsResult,
} from '@modelcontextprotocol/client'
import { z } from 'zod'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, Signer } from '../core/crypto.ts'
import { parseJson, type JsonObject } from '../core/json.ts'
import { manifestDigest, type Manifest } from '../core/manifest.ts'
import { systemClock } from '../ports/clock.ts'
import type { VersionReport } from '../token/version.ts'
import { CountersignMcpSession, type McpHolder } from './adapters/mcp/client.ts'
import { DECISION_META, RPC_DENIED } from './adapters/mcp/messages.ts'
import { ConnectionDenied, SdkError, type ReasonCode } from './sdk-errors.ts'

/** Of the arguments of one call: the gateway reads frames of 4 MiB and 64 levels, envelope included. */
const ARGUMENT_LIMITS = { bytes_max: 4 * 1024 * 1024, depth_max: 60 }

export interface ConnectOptions {
  /** The chain, as `countersign delegate` or `countersign narrow` wrote it. */
  readonly chain: string
  /**
   * Claims of the root to show to the gateway besides the grants for its server (SEL-1). The instruction unless told
   * otherwise: it is what a reviewer reads, and rules about where data may go rest on it.
   */
  readonly claims?: readonly ('instruction' | 'sub')[]
  /** The holder key that the chain is bound to: a private JWK, or its text as `countersign agent key` wrote it. */
  readonly key: PrivateJwk | string
  /**
   * The version that runs: its manifest, or the manifest's digest (VER-3). One that nobody approved is refused with
   * `VERSION_NOT_APPROVED`.
   */
  readonly manifest?: Manifest | string
  /** The issuer's word for a version that the root does not name, as `countersign agent version statement` wrote it. */
  readonly version?: string
}

/** `result` is the MCP result in both cases: for a denial a tool error whose text names the reasons. */
export type ToolAnswer =
  | { readonly decision: 'allow'; readonly result: CallToolResult }
  | {
      readonly decision: 'deny'
      /** The action's identifier: receipts and `countersign verify --action` know it by this. */
      readonly action: string
      readonly reasons: readonly ReasonCode[]
      readonly result: CallToolResult
    }

export interface ToolCall {
  readonly name: string
  readonly arguments?: Record<string, unknown>
  readonly _meta?: Record<string, unknown>
}

export interface Connection {
  /** The tool server behind the gateway, as grants name it. */
  readonly server: string
  /**
   * Calls a tool with a proof of its own. A session that the gateway no longer knows (it restarted, or an hour is
   * over) is opened anew and the call, which did not run, is made once more.
   * @throws {ConnectionDenied} if no new session is given; {CoreError} for arguments that are not JSON; what the
   * client throws, e.g. for a time-out: whether the tool ran is then not known.
   */
  callTool(call: ToolCall, options?: CallToolRequestOptions): Promise<ToolAnswer>
  /** The tools that the delegation names. Asked anew each time: a list from before this session is empty. */
  listTools(): Promise<ListToolsResult>
}

/**
 * Opens a session of `chain` with the holder key over a fresh challenge (PRF-2).
 * Not checked here: that the chain is good and in force. The enforcement point does that, for every call.
 * @param client connected to a gateway; stays the caller's to close
 * @throws {ConnectionDenied} with the reasons; {SdkError} `KEY_INVALID`; {McpSessionError}; what the client throws,
 * e.g. when no gateway stands before the tool server
 */
export async function connect(client: Client, options: ConnectOptions): Promise<Connection> {
  const holder = signerOf(options.key)
  const chain = options.chain.trim()
  const claims = options.claims ?? ['instruction']
  const report = reportOf(options)
  const held = { chain, claims, holder, ...(report === undefined ? {} : { report }) }
  let session = await openSession(client, held)
  /** The session that is being opened, so that calls in flight together open one. */
  let opening: Promise<CountersignMcpSession> | null = null

  const renew = async (dead: CountersignMcpSession): Promise<void> => {
    if (session !== dead) return
    opening ??= openSession(client, held).finally(() => {
      opening = null
    })
    session = await opening
  }

  const callOnce = async (call: ToolCall, callOptions?: CallToolRequestOptions): Promise<ToolAnswer> => {
    const args = parseJson(JSON.stringify(call.arguments ?? {}), ARGUMENT_LIMITS) as JsonObject
    const _meta = { ...call._meta, ...session.metaFor(call.name, args) }
    return answerOf(await client.callTool({ name: call.name, arguments: args, _meta }, callOptions))
  }

  return {
    get server() {
      return session.server
    },
    callTool: async (call, callOptions) => {
      const used = session
      const answer = await callOnce(call, callOptions)
      if (answer.decision === 'allow' || answer.reasons[0] !== 'SESSION_UNKNOWN') return answer
      await renew(used)
      return callOnce(call, callOptions)
    },
    listTools: () => client.listTools({ _meta: session.metaForList() }, { cacheMode: 'refresh' }),
  }
}

/** The signer checks the rest: encodings, the curve, and that both halves are of one key. */
const privateJwkSchema = z.looseObject({ kty: z.enum(['OKP', 'EC']), d: z.string() })

export function signerOf(key: PrivateJwk | string): Signer {
  try {
    const jwk = privateJwkSchema.parse(typeof key === 'string' ? parseJson(key) : key)
    return nodeCrypto.signer(jwk as unknown as PrivateJwk)
  } catch {
    // Without the cause: it may quote the key.
    throw new SdkError('KEY_INVALID', 'the key is not a private JWK: give what "countersign agent key" wrote')
  }
}

function reportOf({ manifest, version }: ConnectOptions): VersionReport | undefined {
  if (manifest === undefined) return undefined
  const digest = typeof manifest === 'string' ? manifest : manifestDigest(nodeCrypto, manifest)
  return { manifest: digest, ...(version === undefined ? {} : { version: version.trim() }) }
}

const anyResult = z.record(z.string(), z.unknown())

async function openSession(
  client: Client,
  held: Pick<McpHolder, 'chain' | 'claims' | 'holder' | 'report'>,
): Promise<CountersignMcpSession> {
  try {
    return await CountersignMcpSession.open({
      crypto: nodeCrypto,
      clock: systemClock,
      ...held,
      request: (method, params) => client.request({ method, params }, anyResult),
    })
  } catch (error) {
    throw refusalIn(error) ?? error
  }
}

const reasonsSchema = z.array(z.string()).min(1)
const refusedSchema = z.object({
  code: z.literal(RPC_DENIED),
  message: z.string(),
  data: z.object({ reasons: reasonsSchema }),
})

/** A denial of `countersign/open` arrives as the client's own error for JSON-RPC code -32001. */
function refusalIn(error: unknown): ConnectionDenied | null {
  const refused = refusedSchema.safeParse(error)
  if (!refused.success) return null
  return new ConnectionDenied(refused.data.data.reasons, refused.data.message)
}

const decisionSchema = z.object({
  action: z.string(),
  decision: z.literal('deny'),
  reasons: reasonsSchema,
})

function answerOf(result: CallToolResult): ToolAnswer {
  const decision = decisionSchema.safeParse(result._meta?.[DECISION_META])
  return decision.success ? { ...decision.data, result } : { decision: 'allow', result }
}
