/** Where the log's public files and its last checkpoint live, as the options say. @module */
import { join } from 'node:path'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import type { CheckpointLock, PublicTiles } from '../../src/ports/tile-store.ts'

/** Plain data: it goes to the thread that publishes. */
export type LogPlace = { readonly kind: 'fs'; readonly tilesDir: string; readonly lockDir: string }

export function placeOfLog({ dataDir }: { readonly dataDir: string }): LogPlace {
  return { kind: 'fs', tilesDir: join(dataDir, 'log'), lockDir: join(dataDir, 'lock') }
}

export interface OpenedLogPlace {
  readonly tiles: PublicTiles
  readonly lock: CheckpointLock
}

export function openLogPlace(place: LogPlace): OpenedLogPlace {
  return { tiles: fsTileStore(place.tilesDir), lock: fsCheckpointLock(place.lockDir) }
}
