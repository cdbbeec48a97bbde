/**
 * The log publishes a moment after it commits, and points bring what they recorded a while later: what is to be computed
 * over every entry of a period waits for both.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { CHECKPOINT_PATH } from '../../src/log/tiles.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { awaitHeads } from '../../src/registry/heads.ts'
import { ApiError } from './errors.ts'

/** Ten seconds in all. */
const SETTLE_EVERY_MS = 50
const SETTLE_TRIES = 200

/** What a period that is over waits for active points, in milliseconds: they report every 10 s (POP-9). */
const POINTS_WAIT_MS = 30_000
const POINTS_EVERY_MS = 500

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

/** POP-9. Those that did not come by then are limitations of what is computed. */
export async function settledPoints(
  { registry }: { readonly registry: RegistryContext },
  to_ms: number,
): Promise<void> {
  for (let waited_ms = 0; waited_ms < POINTS_WAIT_MS; waited_ms += POINTS_EVERY_MS) {
    const { awaited } = await awaitHeads(registry, to_ms)
    if (awaited.length === 0) return
    await sleep(POINTS_EVERY_MS)
  }
}
