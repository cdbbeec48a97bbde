/** The published log, read over HTTP: of a control plane, or from wherever its files are served. @module */
import { LogError } from '../../log/entries.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import type { ApiClient } from './client.ts'
import { readBody } from './body.ts'
import { fetchWithinOrigin } from './redirects.ts'

/** A full bundle of the largest entries, in bytes. */
const FILE_BYTES_MAX = 256 * (2 + 65_535)
const TIMEOUT_MS = 10_000

export function httpTiles(client: ApiClient): Pick<TileStore, 'read'> {
  return { read: (path) => client.bytes(`/log/${path}`) }
}

/** @param prefix URL below which the files lie. `read` throws {LogError} `LOG_UNAVAILABLE`, `LOG_REDIRECTED`. */
export function publicTiles(prefix: string): Pick<TileStore, 'read'> {
  const base = prefix.replace(/\/$/, '')
  return {
    read: async (path) => {
      try {
        const response = await fetchWithinOrigin(`${base}/${path}`, {
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        if (response.status === 404 || response.status === 410) return null
        if (response.ok) return await readBody(response, FILE_BYTES_MAX)
      } catch (cause) {
        if (cause instanceof LogError) throw cause
        throw new LogError('LOG_UNAVAILABLE', `a file of the log at ${base} cannot be read`, { cause })
      }
      throw new LogError('LOG_UNAVAILABLE', `the log at ${base} refused a file`)
    },
  }
}
