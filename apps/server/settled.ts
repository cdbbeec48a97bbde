/** The log publishes a moment after it commits: what is to be computed over every entry waits for it. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { CHECKPOINT_PATH } from '../../src/log/tiles.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { ApiError } from './errors.ts'

/** Ten seconds in all. */
const SETTLE_EVERY_MS = 50
const SETTLE_TRIES = 200

export interface Published {
  readonly registry: Pick<RegistryContext, 'store' | 'crypto'>
  readonly tiles: Pick<TileStore, 'read'>
  readonly vkey: string
}

/** A checkpoint over every entry of now. @throws {ApiError} `LOG_NOT_PUBLISHED` */
export async function settledCheckpoint({ registry, tiles, vkey }: Published): Promise<Uint8Array> {
  const wanted = await registry.store.entries.size()
  for (let tries = 0; tries < SETTLE_TRIES; tries++) {
    const note = await tiles.read(CHECKPOINT_PATH)
    if (note !== null && openCheckpoint(registry.crypto, note, vkey).size >= wanted) return note
    await sleep(SETTLE_EVERY_MS)
  }
  throw new ApiError('LOG_NOT_PUBLISHED', 'the log does not publish: see the output of the control plane')
}
