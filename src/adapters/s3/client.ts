/**
 * Objects of an S3-compatible service: get, put, put on a condition, list and remove, signed (SigV4), tried again and bounded in time.
 * Invariant: no error says a key, a signature or what the service answered. A put that may or may not have been stored
 * is never reported as refused.
 * @module
 */
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { LogError } from '../../log/entries.ts'

/** The largest object we read, in bytes: a full bundle of the largest entries. */
const OBJECT_BYTES_MAX = 256 * (2 + 65_535)
/** One request, in milliseconds. */
const REQUEST_MS_MAX = 5_000
/** A request with all its repetitions, in milliseconds. */
const DEADLINE_MS = 20_000
const ATTEMPTS_MAX = 6
/** The wait before the second attempt, in milliseconds: doubled each time, and a random share of it. */
const BACKOFF_MS = 50

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface S3Options {
  readonly bucket: string
  /** What the names of all objects begin with: empty, or with a slash at the end. */
  readonly prefix: string
  /** `https://s3.<region>.amazonaws.com` when not given. */
  readonly endpoint?: string
  readonly region: string
  /** The bucket in the host name (as AWS wants it) or in the path (as most others do). */
  readonly style: 'path' | 'virtual-host'
  readonly credentials: S3Credentials
  /** How requests leave. For tests: a seam at which each can fail. */
  readonly fetch?: typeof fetch
  readonly limits?: Partial<S3Limits>
}

export interface S3Limits {
  readonly request_ms: number
  readonly deadline_ms: number
  readonly backoff_ms: number
}

export interface S3Object {
  readonly bytes: Uint8Array
  readonly etag: string
}

/** What a put depends on: that there is no such object, or that it is still this one. */
export type Condition = { readonly absent: true } | { readonly etag: string }

export interface Put {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly cacheControl: string
  readonly condition?: Condition
}

/** `refused`: the condition did not hold, perhaps because of an earlier attempt of this very put. */
export type PutResult = { readonly stored: true; readonly etag: string } | { readonly stored: false }

export class S3Client {
  readonly #options: S3Options
  readonly #limits: S3Limits
  /** Derived signing keys, by day. */
  readonly #cache = new Map<string, ArrayBuffer>()

  constructor(options: S3Options) {
    this.#options = options
    this.#limits = {
      request_ms: REQUEST_MS_MAX,
      deadline_ms: DEADLINE_MS,
      backoff_ms: BACKOFF_MS,
      ...options.limits,
    }
  }

  /** @throws {LogError} `LOG_UNAVAILABLE`; `TILE_INVALID`: too large, or not what its checksum says */
  async get(name: string): Promise<S3Object | null> {
    return this.#repeat(`read ${name}`, async (signal) => {
      const response = await this.#send('GET', name, { 'x-amz-checksum-mode': 'ENABLED' }, null, signal)
      if (response.status === 404) return discard(response, null)
      if (response.status !== 200) return discard(response, undefined)
      return { bytes: await bodyOf(response), etag: response.headers.get('etag') ?? '' }
    })
  }

  /** Durable once it resolves to stored. @throws {LogError} `LOG_UNAVAILABLE`: it may or may not be stored */
  async put(name: string, { bytes, contentType, cacheControl, condition }: Put): Promise<PutResult> {
    const headers: Record<string, string> = {
      'content-type': contentType,
      'cache-control': cacheControl,
      'x-amz-checksum-sha256': createHash('sha256').update(bytes).digest('base64'),
      ...(condition === undefined
        ? {}
        : 'absent' in condition
          ? { 'if-none-match': '*' }
          : { 'if-match': condition.etag }),
    }
    return this.#repeat<PutResult>(`store ${name}`, async (signal) => {
      const response = await this.#send('PUT', name, headers, bytes, signal)
      const { status } = response
      if (status === 200) return discard(response, { stored: true, etag: response.headers.get('etag') ?? '' })
      // If-Match on an object that is not there is 404; elsewhere a bucket that is not there, which a read tells.
      if (status === 412 || (status === 404 && condition !== undefined))
        return discard(response, { stored: false })
      if (status === 501 && condition !== undefined) throw unsupported()
      return discard(response, undefined)
    })
  }

  /** What is not there is removed. @throws {LogError} `LOG_UNAVAILABLE`: it may or may not be removed */
  async remove(name: string): Promise<void> {
    await this.#repeat(`remove ${name}`, async (signal) => {
      const response = await this.#send('DELETE', name, {}, null, signal)
      return discard(response, [200, 204, 404].includes(response.status) ? true : undefined)
    })
  }

  /** The names that begin with `start`, without it: at most the first 1,000. @throws {LogError} `LOG_UNAVAILABLE` */
  async list(start: string): Promise<string[]> {
    const { prefix } = this.#options
    const query = `list-type=2&prefix=${encodeURIComponent(`${prefix}${start}`)}`
    return this.#repeat(`list ${start}`, async (signal) => {
      const response = await this.#send('GET', '', {}, null, signal, query)
      if (response.status !== 200) return discard(response, undefined)
      const text = new TextDecoder().decode(await bodyOf(response))
      const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key)
      return keys.map((key) => key.slice(key.lastIndexOf(start) + start.length))
    })
  }

  /** @param attempt undefined: worth another attempt */
  async #repeat<T>(what: string, attempt: (signal: AbortSignal) => Promise<T | undefined>): Promise<T> {
    const { request_ms, deadline_ms, backoff_ms } = this.#limits
    const deadline = AbortSignal.timeout(deadline_ms)
    let cause: unknown
    for (let n = 0; n < ATTEMPTS_MAX && !deadline.aborted; n++) {
      if (n > 0) await delay(Math.random() * backoff_ms * 2 ** n)
      try {
        const done = await attempt(AbortSignal.any([deadline, AbortSignal.timeout(request_ms)]))
        if (done !== undefined) return done
      } catch (error) {
        if (error instanceof LogError) throw error
        cause = error
      }
    }
    throw new LogError('LOG_UNAVAILABLE', `the object store did not ${what}`, { cause: bare(cause) })
  }

  async #send(
    method: 'DELETE' | 'GET' | 'PUT',
    name: string,
    headers: Record<string, string>,
    body: Uint8Array | null,
    signal: AbortSignal,
    query?: string,
  ): Promise<Response> {
    const { credentials, region } = this.#options
    const hash = createHash('sha256')
      .update(body ?? '')
      .digest('hex')
    const signer = new AwsV4Signer({
      ...credentials,
      method,
      url: this.#urlOf(name, query),
      headers: { ...headers, 'x-amz-content-sha256': hash },
      service: 's3',
      region,
      cache: this.#cache,
    })
    const signed = await signer.sign()
    const send = this.#options.fetch ?? fetch
    const response = await send(signed.url, {
      method,
      headers: signed.headers,
      redirect: 'error',
      signal,
      ...(body === null ? {} : { body: Uint8Array.from(body) }),
    })
    const refusal = refusalOf(response.status)
    if (refusal === null) return response
    throw await discard(response, new LogError('LOG_UNAVAILABLE', refusal))
  }

  /** @param query of a request about the bucket, whose name is empty */
  #urlOf(name: string, query?: string): string {
    const { bucket, prefix, region, style } = this.#options
    const url = new URL(this.#options.endpoint ?? `https://s3.${region}.amazonaws.com`)
    if (style === 'virtual-host') url.host = `${bucket}.${url.host}`
    const inBucket = query === undefined ? `${prefix}${name}` : ''
    const path = style === 'virtual-host' ? inBucket : `${bucket}/${inBucket}`
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`
    if (query !== undefined) url.search = query
    return url.href
  }
}

/** Answers that no repetition changes. */
function refusalOf(status: number): string | null {
  if (status === 400) return 'the object store does not understand the request: check region and endpoint'
  if (status === 401 || status === 403)
    return 'the object store refuses these credentials, or this clock: check keys, policy and time'
  if (status === 405 || (status >= 300 && status < 400))
    return 'the object store is somewhere else: check endpoint, region and path style'
  return null
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  if (length > OBJECT_BYTES_MAX) throw await discard(response, tooLarge())
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of response.body ?? []) {
    total += chunk.length
    if (total > OBJECT_BYTES_MAX) throw tooLarge()
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(Buffer.concat(chunks, total))
  const checksum = response.headers.get('x-amz-checksum-sha256')
  // A checksum of parts ends in their number, and ours are never stored in parts.
  if (checksum !== null && checksum !== createHash('sha256').update(bytes).digest('base64')) {
    throw new LogError('TILE_INVALID', 'an object is not what its checksum says')
  }
  return bytes
}

function tooLarge(): LogError {
  return new LogError('TILE_INVALID', `an object is over the limit of ${OBJECT_BYTES_MAX} bytes`)
}

export function unsupported(): LogError {
  return new LogError(
    'LOCK_UNSUPPORTED',
    'the object store does not keep conditional writes (If-None-Match, If-Match), so two signers could fork the log: ' +
      'use a service that has them, or tiles in a directory',
  )
}

/** Frees the connection. */
async function discard<T>(response: Response, value: T): Promise<T> {
  await response.body?.cancel().catch(() => undefined)
  return value
}

/** Only the name of a transport's fault: its message may quote what was sent. */
function bare(cause: unknown): Error | undefined {
  return cause instanceof Error ? new Error(cause.name) : undefined
}
