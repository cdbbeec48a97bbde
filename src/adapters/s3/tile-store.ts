/** {@link PublicTiles} over an S3 bucket, whose objects any web server or CDN can serve as they are. spec/log.md, Files. @module */
import { LogError } from '../../log/entries.ts'
import type { PublicTiles } from '../../ports/tile-store.ts'
import type { Condition, Put, S3Client } from './client.ts'

const PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/
const PATH_LENGTH_MAX = 256
/** Writers that were faster, before one gives up. */
const CONFLICTS_MAX = 16

const IMMUTABLE = {
  contentType: 'application/octet-stream',
  cacheControl: 'public, max-age=31536000, immutable',
}
const CHECKPOINT = { contentType: 'text/plain; charset=utf-8', cacheControl: 'no-cache' }

export function s3TileStore(client: S3Client): PublicTiles {
  const put = (path: string, bytes: Uint8Array, condition?: Condition): Put => ({
    ...(path.startsWith('tile/') ? IMMUTABLE : CHECKPOINT),
    bytes: Uint8Array.from(bytes),
    ...(condition === undefined ? {} : { condition }),
  })
  return {
    read: async (path) => (await client.get(checked(path)))?.bytes ?? null,
    write: async (path, bytes) => void (await client.put(checked(path), put(path, bytes))),
    remove: async (path) => {
      const partials = `${checked(path)}.p/`
      for (const width of await client.list(partials)) await client.remove(partials + width)
      await client.remove(path)
    },
    writeIf: async (path, bytes, mayReplace) => {
      for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts++) {
        const there = await client.get(checked(path))
        if (!mayReplace(there?.bytes ?? null)) return false
        const condition = there === null ? { absent: true as const } : { etag: there.etag }
        if ((await client.put(path, put(path, bytes, condition))).stored) return true
        // Somebody else's, or ours whose answer was lost: what is there tells.
        const now = await client.get(path)
        if (now !== null && Buffer.compare(now.bytes, bytes) === 0) return true
      }
      throw new LogError('LOG_UNAVAILABLE', `others wrote ${path} ${CONFLICTS_MAX} times meanwhile`)
    },
  }
}

function checked(path: string): string {
  if (path.length > PATH_LENGTH_MAX || !PATH.test(path)) {
    throw new LogError('TILE_INVALID', 'not a relative path inside the tile store')
  }
  return path
}
