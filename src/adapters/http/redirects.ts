/**
 * Requests to a server that is not trusted with where else we ask: it may move a file within its own origin, and send us
 * nowhere else. spec/log.md (LOG-46).
 * @module
 */
import { LogError } from '../../log/entries.ts'

/** A file that moved, and a slash that was missing: more is a loop. */
const REDIRECTS_MAX = 3
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * GET, following redirects within the origin of `url`: scheme, host and port.
 * @throws {LogError} `LOG_REDIRECTED`; whatever `fetch` throws
 */
export async function fetchWithinOrigin(url: string, init: RequestInit): Promise<Response> {
  const { origin } = new URL(url)
  let at = url
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(at, { ...init, redirect: 'manual' })
    if (!REDIRECTS.has(response.status)) return response
    await response.body?.cancel()
    const next = targetOf(response.headers.get('location'), at)
    if (next?.origin !== origin) {
      const where = next === null ? 'to nowhere' : `to ${next.origin}`
      throw redirected(`${origin} redirects ${where}: if its log is to be read there, name that address`)
    }
    if (redirects === REDIRECTS_MAX) throw redirected(`${origin} redirects more than ${REDIRECTS_MAX} times`)
    at = next.href
  }
}

function targetOf(location: string | null, from: string): URL | null {
  return location === null ? null : URL.parse(location, from)
}

function redirected(message: string): LogError {
  return new LogError('LOG_REDIRECTED', message)
}
