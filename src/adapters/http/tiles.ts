/** The published log of a control plane, read over HTTP. @module */
import type { TileStore } from '../../ports/tile-store.ts'
import type { ApiClient } from './client.ts'

export function httpTiles(client: ApiClient): Pick<TileStore, 'read'> {
  return { read: (path) => client.bytes(`/log/${path}`) }
}
