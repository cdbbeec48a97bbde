/**
 * A fault at every call by which the log's adapters reach a bucket, one at a time, both failed and not stored and failed but
 * stored. After each, by trying again and by a restart: nothing lost, nothing twice, no gap, and every checkpoint ever signed
 * is consistent with the last.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3CheckpointLock } from '../../src/adapters/s3/checkpoint-lock.ts'
import { S3Client } from '../../src/adapters/s3/client.ts'
import { s3TileStore } from '../../src/adapters/s3/tile-store.ts'
import { Faults, faultyFetch, forEachCall } from '../fixtures/faults.ts'
import { STORIES, story } from '../fixtures/io-story.ts'
import type { Place } from '../fixtures/log-world.ts'
import { BUCKET, CREDENTIALS, REGION, startS3Server, type S3Server } from '../fixtures/s3-server.ts'

let s3: S3Server
beforeAll(async () => {
  s3 = await startS3Server()
})
afterAll(() => s3.close())

function s3Place(name: string, faults: Faults | null, which: 'tiles' | 'lock'): Place {
  const client = (isFaulty: boolean): S3Client =>
    new S3Client({
      bucket: BUCKET,
      prefix: `${name}/`,
      endpoint: s3.endpoint,
      region: REGION,
      style: 'path',
      credentials: CREDENTIALS,
      limits: { backoff_ms: 0 },
      ...(isFaulty && faults !== null ? { fetch: faultyFetch(faults) } : {}),
    })
  return { tiles: s3TileStore(client(which === 'tiles')), lock: s3CheckpointLock(client(which === 'lock')) }
}

describe.each(['tiles', 'lock'] as const)('every request to the bucket for the %s', (which) => {
  const open = (name: string, faults: Faults | null): Place => s3Place(name, faults, which)
  test.each(STORIES)(
    '$what, once, and nobody notices ($recovery)',
    async ({ when, recovery }) => {
      const injected = await forEachCall((k) => story(open, new Faults(k, when), recovery))
      expect(injected.length).toBeGreaterThan(which === 'tiles' ? 10 : 7)
    },
    60_000,
  )

  test.each(STORIES)(
    '$what, until we give up, then $recovery',
    async ({ when, recovery }) => {
      const injected = await forEachCall((k) => story(open, new Faults(k, when, 6), recovery))
      expect(injected.length).toBeGreaterThan(which === 'tiles' ? 10 : 7)
    },
    60_000,
  )
})
