/**
 * The agent's side of a guarded HTTP service: makes requests that carry the chain and a proof of their own (PRF-5).
 * spec/sdk.md (SDK-12). Given its way to send; knows no file.
 * @module
 */
import { z } from 'zod'
import type { Crypto, Signer } from '../../../core/crypto.ts'
import { base64url } from '../../../core/encoding.ts'
import { seconds } from '../../../core/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { DisclosableClaim } from '../../../token/disclosure.ts'
import { signDpop } from '../../../token/dpop.ts'
import { discloseFor } from '../../../token/present.ts'
import { argsCommit } from '../../../token/proof.ts'
import { checkedArguments } from '../../checked-arguments.ts'
import type { ReasonCode } from '../../sdk-errors.ts'
import { parseTool, requestFor } from './arguments.ts'
import type { HeldNotice } from '../../types.ts'
import { APPROVAL_HEADER, SALT_HEADER } from './door.ts'

const SALT_BYTES = 32
/** Of a refusal. */
const REFUSAL_LENGTH_MAX = 64 * 1024

export interface HttpHolder {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly chain: string
  readonly claims?: readonly DisclosableClaim[]
  readonly holder: Signer
  /** What grants call the service by. */
  readonly server: string
  /** As the service's door has it. */
  readonly origin: string
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Told of a request that waits for a person, with the link for them. It comes back for the decision by itself. */
  readonly onHeld?: (held: HeldNotice) => void
}

/** `response` is what the service answered in both cases; of a denial its body is read. */
export type HttpAnswer =
  | { readonly decision: 'allow'; readonly action: string; readonly response: Response }
  | {
      readonly decision: 'deny'
      readonly action: string
      readonly reasons: readonly ReasonCode[]
      readonly text: string
      readonly response: Response
      /** It waits for a person. */
      readonly held?: HeldNotice
    }

const refusalSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    action: z.string().optional(),
    reasons: z.array(z.string()).optional(),
    held: z.object({ approval: z.string(), url: z.string(), expires_at: z.number() }).exactOptional(),
  }),
})

export class HttpConnection {
  readonly #o: HttpHolder
  /** The door's challenge, as its last answer had it. */
  #nonce: string | null = null

  constructor(holder: HttpHolder) {
    this.#o = holder
  }

  /**
   * @param tool the route as grants name it: `GET /notes/:id`
   * @param args of the path, the rest as query or JSON body
   * @throws {SdkError} `ROUTE_INVALID`, `ARGUMENTS_INVALID`; what `fetch` throws: whether it arrived is then not known
   */
  async call(tool: string, args: Readonly<Record<string, unknown>> = {}): Promise<HttpAnswer> {
    const answer = await this.#proven(tool, args)
    if (answer.decision === 'allow' || answer.held === undefined) return answer
    this.#o.onHeld?.(answer.held)
    return this.#proven(tool, args, answer.held.approval)
  }

  async #proven(
    tool: string,
    args: Readonly<Record<string, unknown>>,
    approval?: string,
  ): Promise<HttpAnswer> {
    const had = this.#nonce
    const answer = await this.#once(tool, args, approval)
    // Without the challenge in force nothing was decided on but the proof: once more with the one that came back.
    if (answer.response.status !== 401 || this.#nonce === had || this.#nonce === null) return answer
    return this.#once(tool, args, approval)
  }

  async #once(
    tool: string,
    given: Readonly<Record<string, unknown>>,
    approval: string | undefined,
  ): Promise<HttpAnswer> {
    const args = checkedArguments(given)
    const call = parseTool(tool)
    const { path, body } = requestFor(call, args)
    const { crypto, clock, claims = [], server, origin } = this.#o
    const chain =
      discloseFor(crypto, this.#o.chain, { server, call: { tool, args }, claims }) ?? this.#o.chain
    const salt = crypto.randomBytes(SALT_BYTES)
    const url = new URL(path, origin)
    const proof = signDpop(crypto, this.#o.holder, chain, {
      method: call.method,
      url: `${url.origin}${url.pathname}`,
      iat: seconds(clock.now()),
      nonce: this.#nonce ?? '',
      args_commit: argsCommit(crypto, salt, args),
    })
    const response = await this.#o.fetch(url.href, {
      method: call.method,
      redirect: 'manual',
      headers: {
        authorization: `DPoP ${chain}`,
        dpop: proof,
        [SALT_HEADER]: base64url(salt),
        ...(approval === undefined ? {} : { [APPROVAL_HEADER]: approval }),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { body }),
    })
    this.#nonce = response.headers.get('dpop-nonce') ?? this.#nonce
    return answerOf(response)
  }
}

async function answerOf(response: Response): Promise<HttpAnswer> {
  const action = response.headers.get('countersign-action') ?? ''
  if (response.headers.get('countersign-decision') !== 'deny') return { decision: 'allow', action, response }
  const text = (await response.text()).slice(0, REFUSAL_LENGTH_MAX)
  const refusal = refusalSchema.safeParse(jsonOrNull(text))
  if (!refusal.success)
    return { decision: 'deny', action, reasons: [], text: 'the service refused', response }
  const { code, message, reasons = [code], held } = refusal.data.error
  const said = { decision: 'deny' as const, action, reasons, text: message, response }
  return held === undefined ? said : { ...said, held }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
