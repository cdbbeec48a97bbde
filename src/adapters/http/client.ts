/**
 * Signed requests to a control plane. spec/api.md: each carries a DPoP proof (RFC 9449) of the caller's key that also
 * covers the body, so there is no bearer secret to steal.
 * @module
 */
import type { Crypto, Signer } from '../../core/crypto.ts'
import { base64url, utf8 } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../core/json.ts'
import { signJws } from '../../core/sign.ts'
import { seconds } from '../../core/time.ts'
import type { Clock } from '../../ports/clock.ts'
import { readBody } from './body.ts'

export type ApiErrorCode = 'API_ANSWER_INVALID' | 'API_REFUSED' | 'API_UNREACHABLE'

/** A request that did not succeed. `remote` is the control plane's own code when it answered. */
export class ApiError extends CountersignError<ApiErrorCode> {
  readonly status: number
  readonly remote: string

  constructor(
    code: ApiErrorCode,
    message: string,
    details: { status?: number; remote?: string; cause?: unknown } = {},
  ) {
    super(code, message, { cause: details.cause })
    this.status = details.status ?? 0
    this.remote = details.remote ?? ''
  }
}

const ANSWER_LIMITS = { bytes_max: 64 * 1024 * 1024, depth_max: 64 }
/** Of an error: a code and a sentence. */
const REFUSAL_BYTES_MAX = 64 * 1024
const TIMEOUT_MS = 10_000

export interface ClientOptions {
  /** e.g. `http://127.0.0.1:7400` */
  readonly url: string
  readonly crypto: Crypto
  readonly clock: Clock
  /** Absent for the public resources. */
  readonly signer?: Signer
  /** Where the control plane is in this process: what answers in place of the network. */
  readonly fetch?: typeof fetch
}

export class ApiClient {
  readonly #o: ClientOptions

  constructor(options: ClientOptions) {
    this.#o = options
  }

  get url(): string {
    return this.#o.url
  }

  /** To the same place without proofs: for what says by itself whose it is. */
  unsigned(): ApiClient {
    const { signer: _, ...rest } = this.#o
    return new ApiClient(rest)
  }

  /** @throws {ApiError} */
  get(path: string): Promise<JsonValue> {
    return this.#json('GET', path, null)
  }

  /** @throws {ApiError} */
  post(path: string, body: JsonObject): Promise<JsonValue> {
    return this.#json('POST', path, JSON.stringify(body))
  }

  /** @throws {ApiError} */
  put(path: string, body: JsonObject): Promise<JsonValue> {
    return this.#json('PUT', path, JSON.stringify(body))
  }

  /** @returns null for 404 and 410. @throws {ApiError} */
  async bytes(path: string): Promise<Uint8Array | null> {
    const response = await this.send('GET', path, null, AbortSignal.timeout(TIMEOUT_MS))
    if (response.status === 404 || response.status === 410) return null
    if (!response.ok) throw await refusal(response)
    return wholeBody(response)
  }

  async #json(method: string, path: string, body: string | null): Promise<JsonValue> {
    const response = await this.send(method, path, body, AbortSignal.timeout(TIMEOUT_MS))
    if (!response.ok) throw await refusal(response)
    const answer = await wholeBody(response)
    try {
      return parseJson(answer, ANSWER_LIMITS)
    } catch (cause) {
      throw new ApiError('API_ANSWER_INVALID', 'the control plane answered with something else than JSON', {
        cause,
      })
    }
  }

  /** The bare response. @throws {ApiError} `API_UNREACHABLE` */
  async send(method: string, path: string, body: string | null, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = {}
    if (body !== null) headers['content-type'] = 'application/json'
    if (this.#o.signer !== undefined) headers.dpop = this.#proof(this.#o.signer, method, path, body ?? '')
    try {
      const { url, fetch: answer = fetch } = this.#o
      return await answer(url + path, { method, headers, body, signal, redirect: 'error' })
    } catch (cause) {
      throw new ApiError('API_UNREACHABLE', `the control plane at ${this.#o.url} cannot be reached`, {
        cause,
      })
    }
  }

  /** API-1. */
  #proof(signer: Signer, method: string, path: string, body: string): string {
    const { crypto, clock } = this.#o
    return signJws(
      signer,
      { typ: 'dpop+jwt', jwk: { ...signer.publicJwk } },
      {
        htm: method,
        htu: this.#o.url + path.replace(/\?.*$/, ''),
        iat: seconds(clock.now()),
        jti: base64url(crypto.randomBytes(16)),
        body_sha256: base64url(crypto.sha256(utf8(body))),
      },
    )
  }
}

/** Bounded as it comes in. @throws {ApiError} `API_ANSWER_INVALID`: longer than any answer; `API_UNREACHABLE` */
async function wholeBody(response: Response): Promise<Uint8Array> {
  try {
    return await readBody(response, ANSWER_LIMITS.bytes_max)
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new ApiError('API_ANSWER_INVALID', 'the control plane answered with more than any answer has', {
        cause,
      })
    throw new ApiError('API_UNREACHABLE', 'the control plane broke off its answer', { cause })
  }
}

export async function refusal(response: Response): Promise<ApiError> {
  let code = ''
  let message = `status ${response.status}`
  try {
    const answer = parseJson(await readBody(response, REFUSAL_BYTES_MAX))
    const error = isJsonObject(answer) ? answer.error : undefined
    if (isJsonObject(error) && typeof error.code === 'string' && typeof error.message === 'string') {
      code = error.code
      message = error.message
    }
  } catch {
    // not our error format: the status has to do
  }
  return new ApiError('API_REFUSED', message, { status: response.status, remote: code })
}
