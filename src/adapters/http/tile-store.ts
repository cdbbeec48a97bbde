/**
 * {@link TileStore} to read from over HTTP: any server that has the files of C2SP tlog-tiles under a prefix, ours or
 * another. spec/log.md, Files.
 * Invariant: no answer takes more memory than the largest file there can be; what fails for a moment is tried again.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError } from '../../log/entries.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import { fetchWithinOrigin } from './redirects.ts'

/** The largest file there can be, in bytes: a full bundle of the largest entries with their length prefixes. */
const FILE_BYTES_MAX = 256 * (2 + 65_535)
const TIMEOUT_MS = 30_000
/** Attempts at a file whose server answers 429 or 5xx, or not at all. */
const TRIES = 4
const RETRY_MS = 250

export interface HttpTileStoreOptions {
  /** Under which `checkpoint` and `tile/` are, with or without a slash at the end. */
  readonly prefix: string
  /** How a request is made: signed by a caller's key, where the server wants to know who asks. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** `read` throws {LogError} `LOG_UNAVAILABLE`; `LOG_REDIRECTED`; `TILE_INVALID` for an answer over 16 MiB. `write` throws. */
export function httpTileStore({ prefix, fetch: ask = fetchWithinOrigin }: HttpTileStoreOptions): TileStore {
  const base = prefix.replace(/\/+$/, '')
  return {
    read: (path) => readFile(`${base}/${path}`, ask),
    write: () => Promise.reject(new LogError('LOG_UNAVAILABLE', 'a log is not written to over HTTP')),
  }
}

type Ask = NonNullable<HttpTileStoreOptions['fetch']>

async function readFile(url: string, ask: Ask): Promise<Uint8Array | null> {
  for (let tries = 1; ; tries++) {
    const answer = await attempt(url, ask)
    if (!('again' in answer)) return answer.bytes
    if (tries === TRIES) throw unavailable(url, answer.again, answer.cause)
    await sleep(RETRY_MS * 2 ** (tries - 1))
  }
}

type Answer = { readonly bytes: Uint8Array | null } | { readonly again: string; readonly cause?: unknown }

async function attempt(url: string, ask: Ask): Promise<Answer> {
  try {
    const response = await ask(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return { bytes: await bodyOf(response) }
    await response.body?.cancel()
    const { status } = response
    if (status === 404 || status === 410) return { bytes: null }
    if (status === 429 || status >= 500) return { again: `answers with status ${status}` }
    if (status === 401)
      throw unavailable(
        url,
        'wants to know who reads: use the profile of somebody enrolled there, or verify a copy that they export',
      )
    throw unavailable(url, `answers with status ${status}`)
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    return { again: 'cannot be reached', cause }
  }
}

/** Bounded as it comes in: a length that the server states is only its word. */
async function bodyOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > FILE_BYTES_MAX) throw new LogError('TILE_INVALID', 'a file of the log is over 16 MiB')
    parts.push(part)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The query of a URL may hold a secret: it is not said. */
function unavailable(url: string, what: string, cause?: unknown): LogError {
  return new LogError('LOG_UNAVAILABLE', `${url.replace(/\?.*$/, '')} ${what}`, { cause })
}
