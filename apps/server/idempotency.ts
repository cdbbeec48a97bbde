/**
 * `Idempotency-Key`: a request that comes again does nothing again, and gets the first answer. spec/api.md (API-6 to
 * API-9), after draft-ietf-httpapi-idempotency-key-header.
 * Invariant: what a named request writes is committed with its name, so a crash at any moment leaves it done once or not
 * at all. The answer is kept after that; a crash between the two leaves an answer that nobody had, and is made again.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Context, Next } from 'hono'
import { z } from 'zod'
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../src/core/encoding.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { ONCE_MS, withWrite, type Store } from '../../src/ports/store.ts'
import type { Caller } from '../../src/registry/callers.ts'
import { ApiError } from './errors.ts'

/** Enough for a random UUID, and no room for a counter: what is kept is sealed under it (API-8). */
const KEY_CHARS = { min: 16, max: 128 }
/** An RFC 8941 string, without parameters. */
const KEY_HEADER = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
const TAG = 'countersign-idempotency-v1'
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

const keptSchema = z.strictObject({ request: z.string(), box: z.string() })
type Kept = z.infer<typeof keptSchema>
const answerSchema = z.strictObject({ status: z.int(), type: z.string(), body: z.string() })

/** Values of other people's: an erasure would not reach a copy of them (ERA-2). */
const REFUSED_PATHS = new Set(['/v1/openings'])

const scope = new AsyncLocalStorage<NamedRequest>()

/** One request under one key of one caller. */
class NamedRequest {
  readonly #crypto: Crypto
  readonly #key: Uint8Array
  /** Keyed like the rest: a body holds what can be guessed. */
  readonly #request: string
  readonly name: string
  #writes = 0
  /** What goes on in the background afterwards is not part of it. */
  ended = false

  constructor(crypto: Crypto, key: string, { kind, id }: Caller, path: string, body: Uint8Array) {
    const derive = (...of: string[]): Uint8Array =>
      crypto.hmacSha256(utf8(key), canonicalBytes([TAG, kind, id, ...of]))
    this.#crypto = crypto
    this.#key = derive('answer')
    this.#request = base64url(derive('request', path, base64url(crypto.sha256(body))))
    this.name = `http/${base64url(crypto.sha256(canonicalBytes([kind, id, key])))}`
  }

  nextWrite(): string {
    return `${this.name}/${this.#writes++}`
  }

  seal(value: unknown): Kept {
    const nonce = this.#crypto.randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce)
    const text = JSON.stringify({ value })
    const box = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return { request: this.#request, box: base64url(box) }
  }

  /** @throws {ApiError} `IDEMPOTENCY_KEY_REUSED` */
  open(stored: unknown): unknown {
    const kept = keptSchema.parse(stored)
    if (kept.request !== this.#request)
      throw new ApiError(
        'IDEMPOTENCY_KEY_REUSED',
        'another request was sent with this Idempotency-Key: give each its own',
      )
    const box = fromBase64url(kept.box)
    const decipher = createDecipheriv(CIPHER, this.#key, box.subarray(0, NONCE_BYTES))
    decipher.setAuthTag(box.subarray(-TAG_BYTES))
    const text = Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    return (JSON.parse(fromUtf8(text)) as { value?: unknown }).value
  }
}

/** The same store, in which the writes of a named request have names (`WriteOptions.once`). */
export function namingStore(store: Store): Store {
  return withWrite(store, async <T>(...[work, options]: Parameters<typeof store.write<T>>): Promise<T> => {
    const request = scope.getStore()
    if (request === undefined || request.ended) return store.write(work, options)
    const once = request.nextWrite()
    const kept = await store.write(async (tx) => request.seal(await work(tx)), { ...options, once })
    return request.open(kept) as T
  })
}

export class Idempotency {
  readonly #crypto: Crypto
  readonly #store: Store
  readonly #report: (error: unknown) => void
  /** Of this node. At another one the second waits in the sequencer for the first, and finds its name. */
  readonly #inFlight = new Set<string>()

  constructor(crypto: Crypto, store: Store, report: (error: unknown) => void) {
    this.#crypto = crypto
    this.#store = store
    this.#report = report
  }

  /**
   * @returns the first answer when there is one; nothing when `next` answered
   * @throws {ApiError} `IDEMPOTENCY_KEY_INVALID`, `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_KEY_REFUSED`, `IDEMPOTENCY_IN_FLIGHT`
   */
  async run(c: Context, caller: Caller, next: Next): Promise<Response | undefined> {
    const header = c.req.header('idempotency-key')
    if (header === undefined || c.req.method !== 'POST') {
      await next()
      return undefined
    }
    if (REFUSED_PATHS.has(c.req.path))
      throw new ApiError(
        'IDEMPOTENCY_KEY_REFUSED',
        'this answer is not kept: send it without Idempotency-Key',
      )
    const { pathname, search } = new URL(c.req.url)
    const body = new Uint8Array(await c.req.arrayBuffer())
    const request = new NamedRequest(this.#crypto, keyIn(header), caller, pathname + search, body)
    if (this.#inFlight.has(request.name))
      throw new ApiError(
        'IDEMPOTENCY_IN_FLIGHT',
        'the first request with this Idempotency-Key is under way: repeat it later',
      )
    this.#inFlight.add(request.name)
    try {
      return (await this.#earlier(request)) ?? (await this.#first(c, request, next))
    } finally {
      request.ended = true
      this.#inFlight.delete(request.name)
    }
  }

  async #earlier(request: NamedRequest): Promise<Response | undefined> {
    const since = (await this.#store.now()) - ONCE_MS
    const row = await this.#store.query((db) =>
      db
        .selectFrom('submissions')
        .select('result_json')
        .where('key', '=', request.name)
        .where('time', '>', since)
        .executeTakeFirst(),
    )
    if (row === undefined) return undefined
    const { status, type, body } = answerSchema.parse(request.open(JSON.parse(row.result_json ?? 'null')))
    return new Response(body, { status, headers: { 'content-type': type } })
  }

  async #first(c: Context, request: NamedRequest, next: Next): Promise<undefined> {
    await scope.run(request, next)
    if (c.error !== undefined || !c.res.ok) return
    const { status } = c.res
    const answer = { status, type: c.res.headers.get('content-type') ?? '', body: await c.res.clone().text() }
    try {
      await this.#store.write(async () => request.seal(answer), { once: request.name })
    } catch (cause) {
      this.#report(cause) // what was asked for is done, and a repetition still finds that
    }
  }
}

/** @throws {ApiError} `IDEMPOTENCY_KEY_INVALID` */
function keyIn(header: string): string {
  const key = KEY_HEADER.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  if (key === undefined || key.length < KEY_CHARS.min || key.length > KEY_CHARS.max)
    throw new ApiError(
      'IDEMPOTENCY_KEY_INVALID',
      `Idempotency-Key is one quoted string of ${KEY_CHARS.min} to ${KEY_CHARS.max} characters, such as a random UUID`,
    )
  return key
}
