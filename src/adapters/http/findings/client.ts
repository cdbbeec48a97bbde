/**
 * Requests to services that keep findings. spec/connectors.md (CNX-6 to CNX-8).
 * Invariants: TLS, or this machine; no redirect is followed; no error holds a secret, or what a service answered.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { FindingsError } from '../../../ports/findings.ts'
import { readBody } from '../body.ts'

const ANSWER_BYTES_MAX = 8 * 1024 * 1024
const ANSWER_MS_MAX = 30_000
/** Of one step of a push. */
const TRIES_MAX = 5
/** Whoever wants us to wait longer is asked again at the next push. */
const WAIT_MS_MAX = 60_000
const BACKOFF_MS = 1_000
/** What GraphQL services call it. */
const UNAUTHORIZED: ReadonlySet<string> = new Set([
  'AUTHENTICATION_ERROR',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'UNAUTHORIZED',
])
const LOOPBACK = /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/

export interface FindingsClientOptions {
  /** The vendor's name, in errors. */
  readonly service: string
  /** With or without a slash at its end. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** In place of the timer, for tests. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Answer {
  readonly status: number
  /** Null: it has no body. */
  readonly json: unknown
}

/** It is worth asking again. */
class Busy extends Error {
  /** Null: nobody said for how long. */
  readonly wait_ms: number | null

  constructor(wait_ms: number | null) {
    super('busy')
    this.wait_ms = wait_ms
  }
}

export class FindingsClient {
  readonly #o: FindingsClientOptions
  readonly #base: string

  /** @throws {FindingsError} `FINDINGS_INSECURE`, `FINDINGS_SETTINGS_INVALID` */
  constructor(options: FindingsClientOptions) {
    this.#o = options
    this.#base = safeBase(options)
  }

  get service(): string {
    return this.#o.service
  }

  /** One try. @throws {FindingsError}, or what {@link retrying} takes for a reason to ask again */
  async send(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.#fetch(method, path, body, signal, more)
    const { status } = response
    if (isBusy(response)) {
      await response.body?.cancel()
      throw new Busy(waitOf(response.headers))
    }
    const json = await this.#json(response)
    if (status === 401 || status === 403) throw this.#unauthorized(status)
    if (status < 200 || status >= 300) this.refused(status, json)
    return { status, json }
  }

  /** GraphQL services say in the body what others say by a status. @throws always */
  refused(status: number, json: unknown): never {
    const codes = errorCodesOf(json)
    if (codes.includes('RATELIMITED')) throw new Busy(null)
    if (codes.some((code) => UNAUTHORIZED.has(code))) throw this.#unauthorized(status)
    throw this.fault(
      'FINDINGS_REFUSED',
      `answered with status ${status}: see docs/connectors.md for what it wants`,
    )
  }

  #unauthorized(status: number): FindingsError {
    const what = `answered with status ${status}: see that its credentials are right, and what they may do`
    return this.fault('FINDINGS_UNAUTHORIZED', what)
  }

  /** @param work told how many tries were before @throws {FindingsError} */
  async retrying<T>(signal: AbortSignal, work: (tries: number) => Promise<T>): Promise<T> {
    const { pause = wait } = this.#o
    for (let tries = 0; ; tries++) {
      try {
        return await work(tries)
      } catch (error) {
        if (!(error instanceof Busy)) throw error
        const wait_ms = error.wait_ms ?? BACKOFF_MS * 2 ** tries
        if (tries + 1 >= TRIES_MAX || wait_ms > WAIT_MS_MAX)
          throw this.fault(
            'FINDINGS_BUSY',
            `asks to wait, or fails: push again in ${Math.max(1, Math.ceil(wait_ms / 60_000))} minutes`,
          )
        await pause(wait_ms, signal)
      }
    }
  }

  fault(code: FindingsError['code'], what: string): FindingsError {
    return new FindingsError(code, `${this.#o.service} ${what}`)
  }

  async #fetch(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
    more: Record<string, string>,
  ): Promise<Response> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)])
    try {
      return await fetch(this.#base + path, {
        method,
        headers: {
          accept: 'application/json',
          'user-agent': 'countersign',
          ...json,
          ...this.#o.headers,
          ...more,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal: limit,
      })
    } catch {
      // What went wrong may quote the address; and it may have been taken all the same.
      if (signal.aborted)
        throw this.fault('FINDINGS_UNREACHABLE', 'was not told all: the push was broken off')
      throw limit.aborted
        ? new Busy(null)
        : this.fault('FINDINGS_UNREACHABLE', 'cannot be reached: see its URL and the network')
    }
  }

  async #json(response: Response): Promise<unknown> {
    try {
      const bytes = await readBody(response, ANSWER_BYTES_MAX)
      return bytes.length === 0 ? null : (JSON.parse(new TextDecoder().decode(bytes)) as unknown)
    } catch {
      // A refusal may come as a page.
      if (!response.ok) return null
      throw this.fault(
        'FINDINGS_ANSWER_INVALID',
        'answered with what is no JSON, or too much of it: see its URL',
      )
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal })
}

function safeBase({ service, url }: FindingsClientOptions): string {
  const parsed = URL.parse(url)
  if (
    parsed === null ||
    parsed.username !== '' ||
    parsed.password !== '' ||
    parsed.search !== '' ||
    parsed.hash !== ''
  )
    throw new FindingsError(
      'FINDINGS_SETTINGS_INVALID',
      `the URL of ${service} is an address without user, query or fragment`,
    )
  const isSafe =
    parsed.protocol === 'https:' || (parsed.protocol === 'http:' && LOOPBACK.test(parsed.hostname))
  if (!isSafe)
    throw new FindingsError(
      'FINDINGS_INSECURE',
      `the URL of ${service} begins with https: credentials go nowhere else`,
    )
  return parsed.href.replace(/\/+$/, '')
}

/** GitHub says it with 403 as well. */
function isBusy({ status, headers }: Response): boolean {
  if (status === 429 || status >= 500) return true
  return status === 403 && (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0')
}

/** @returns milliseconds, or null: nobody said */
function waitOf(headers: Headers): number | null {
  const after = headers.get('retry-after')
  if (after !== null) {
    const ms = /^\d{1,9}$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
    return Number.isNaN(ms) ? null : Math.max(0, ms)
  }
  const reset = headers.get('x-ratelimit-reset')
  if (reset === null || !/^\d{9,11}$/.test(reset)) return null
  return Math.max(0, Number(reset) * 1000 - Date.now())
}

/** Of a GraphQL answer. */
function errorCodesOf(json: unknown): string[] {
  if (typeof json !== 'object' || json === null || !('errors' in json) || !Array.isArray(json.errors))
    return []
  return json.errors.map((error: { extensions?: { code?: unknown } } | null) => {
    const code = error?.extensions?.code
    return typeof code === 'string' ? code : ''
  })
}
