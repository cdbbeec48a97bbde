/**
 * The agent's side of the MCP gateway: opens a session with the holder key and makes the proof that goes with each
 * call. spec/delegation.md PRF-1 to PRF-3, spec/enforcement.md MCP-1 and MCP-2.
 *
 * It knows no MCP client; it is given one way to send a request. With `@modelcontextprotocol/client` 2 (a method that
 * the MCP specification does not know needs a result schema, and `callTool` sends `_meta` as it is given):
 *
 * ```ts
 * const client = new Client({ name: 'agent', version: '1.0.0' })
 * await client.connect(new StdioClientTransport({ command: 'countersign', args: ['gateway', …] }))
 * const anyResult = z.record(z.string(), z.unknown())
 * const session = await CountersignMcpSession.open({
 *   crypto, clock, chain, holder,
 *   request: (method, params) => client.request({ method, params }, anyResult),
 * })
 * const args = { path: 'notes.txt' }
 * await client.callTool({ name: 'read_file', arguments: args, _meta: session.metaFor('read_file', args) })
 * ```
 *
 * A client that lists the tools as it connects sees none: list again once the session is open.
 * @module
 */
import { z } from 'zod'
import type { Crypto, Signer } from '../../../core/crypto.ts'
import { base64url, fromBase64url } from '../../../core/encoding.ts'
import { CountersignError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import { seconds } from '../../../core/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import { argsCommit, callMac, sessionKey, signCallProof, signSessionProof } from '../../../token/proof.ts'
import type { DisclosableClaim } from '../../../token/disclosure.ts'
import { discloseFor, type Audience } from '../../../token/present.ts'
import { sdHashOf } from '../../../token/presentation.ts'
import type { VersionReport } from '../../../token/version.ts'
import { CALL_META, METHOD_CHALLENGE, METHOD_OPEN } from './messages.ts'

/** PRF-3: bytes of the salt of one call. */
const SALT_BYTES = 32
/** PRF-1: random bytes that follow the challenge in a nonce. */
const NONCE_BYTES = 16

const key32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const challengeSchema = z.object({
  challenge: z.string().min(1).max(256),
  audience: z.string().min(1).max(256),
  key: key32,
  server: z.string().min(1).max(256),
})
const openSchema = z.object({ session: z.string().min(1).max(64), expires_at: z.number() })

/** MCP-1: what the gateway answers to `countersign/challenge`. */
export type McpChallenge = z.infer<typeof challengeSchema>

export type McpSessionErrorCode = 'ANSWER_INVALID' | 'POINT_KEY_INVALID'

/** The gateway's answer cannot be used. A denial arrives as the MCP client's own error for code -32001. */
export class McpSessionError extends CountersignError<McpSessionErrorCode> {}

export interface McpHolder {
  readonly crypto: Crypto
  readonly clock: Clock
  /** The chain as it is held. Ends in `~`. What the server or the call needs of it is shown (SEL-1). */
  readonly chain: string
  /** Claims of the root to show besides. */
  readonly claims?: readonly DisclosableClaim[]
  /** The key that the last delegation of the chain is bound to. */
  readonly holder: Signer
  /** What the agent says it runs (VER-3). */
  readonly report?: VersionReport
  /** Sends one MCP request and resolves to its result. Rejects for a JSON-RPC error. */
  readonly request: (method: string, params: Record<string, unknown>) => Promise<unknown>
}

/** An open session: counts the calls and authenticates each. A restarted agent opens a new one. */
export class CountersignMcpSession {
  /** As grants name the tool server behind the gateway. */
  readonly server: string
  readonly session: string
  /** As the point gave it, seconds. */
  readonly expires_at: number
  readonly #crypto: Crypto
  readonly #key: Uint8Array
  #n = 0

  private constructor(
    crypto: Crypto,
    key: Uint8Array,
    opened: { server: string; session: string; expires_at: number },
  ) {
    this.#crypto = crypto
    this.#key = key
    this.server = opened.server
    this.session = opened.session
    this.expires_at = opened.expires_at
  }

  /**
   * Takes a challenge and opens a session (PRF-2).
   * @throws {McpSessionError} `ANSWER_INVALID`, `POINT_KEY_INVALID` (small order); and whatever `request` rejects
   * with, the error for a denial among it.
   */
  static async open(holder: McpHolder): Promise<CountersignMcpSession> {
    const { crypto } = holder
    const { challenge, audience, key: peer, server } = await takeChallenge(holder)
    const chain = shownTo(holder, { server })
    const pair = crypto.x25519()
    const x25519 = base64url(pair.publicKey)
    const target = { aud: audience, nonce: challenge, iat: seconds(holder.clock.now()) }
    const presentation = signSessionProof(crypto, holder.holder, chain, target, {
      x25519,
      peer,
      ...holder.report,
    })
    const shared = pair.agree(keyBytes(peer))
    if (shared === null)
      throw new McpSessionError('POINT_KEY_INVALID', 'the key of the point is of small order')
    const parts = { challenge, client: x25519, point: peer, sd_hash: sdHashOf(crypto, chain) }
    const key = sessionKey(crypto, shared, parts)
    const answer = openSchema.safeParse(await holder.request(METHOD_OPEN, { presentation }))
    if (!answer.success)
      throw new McpSessionError('ANSWER_INVALID', 'countersign/open was not answered as MCP-1 says')
    return new CountersignMcpSession(crypto, key, { server, ...answer.data })
  }

  /**
   * The `_meta` of the next call: good once, for these very arguments.
   * @param args as the call sends them; `{}` for a call without
   */
  metaFor(tool: string, args: JsonObject): Record<string, unknown> {
    const { server, session } = this
    const salt = this.#crypto.randomBytes(SALT_BYTES)
    const n = ++this.#n
    const args_commit = argsCommit(this.#crypto, salt, args)
    const mac = callMac(this.#crypto, this.#key, { session, n, server, tool, args_commit })
    return { [CALL_META]: { session, n, salt: base64url(salt), mac } }
  }

  /** The `_meta` of a `tools/list` over a connection that did not open this session itself (MCP-4). */
  metaForList(): Record<string, unknown> {
    return { [CALL_META]: { session: this.session } }
  }
}

/** @throws {McpSessionError} `ANSWER_INVALID` */
export async function takeChallenge(holder: Pick<McpHolder, 'request'>): Promise<McpChallenge> {
  const answer = challengeSchema.safeParse(await holder.request(METHOD_CHALLENGE, {}))
  if (answer.success) return answer.data
  throw new McpSessionError('ANSWER_INVALID', 'countersign/challenge was not answered as MCP-1 says')
}

/**
 * The `_meta` of one call without a session (PRF-1): a signature for each call, nothing to keep.
 * @param challenge the point's current one, from {@link takeChallenge}
 */
export function metaForOneCall(
  holder: Omit<McpHolder, 'request'>,
  challenge: McpChallenge,
  tool: string,
  args: JsonObject,
): Record<string, unknown> {
  const { crypto, clock } = holder
  const chain = shownTo(holder, { server: challenge.server, call: { tool, args } })
  const salt = crypto.randomBytes(SALT_BYTES)
  const presentation = signCallProof(
    crypto,
    holder.holder,
    chain,
    {
      aud: challenge.audience,
      nonce: `${challenge.challenge}.${base64url(crypto.randomBytes(NONCE_BYTES))}`,
      iat: seconds(clock.now()),
    },
    { server: challenge.server, tool, args_commit: argsCommit(crypto, salt, args), ...holder.report },
  )
  return { [CALL_META]: { presentation, salt: base64url(salt) } }
}

/** A chain without a grant for this server is shown as it is: the point says why it is of no use. */
function shownTo({ crypto, chain, claims = [] }: Omit<McpHolder, 'request'>, audience: Audience): string {
  return discloseFor(crypto, chain, { ...audience, claims }) ?? chain
}

function keyBytes(key: string): Uint8Array {
  try {
    return fromBase64url(key)
  } catch (cause) {
    throw new McpSessionError('ANSWER_INVALID', 'the key of the point is not canonical base64url', { cause })
  }
}
