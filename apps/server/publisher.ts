/** Which publisher a control plane has: it depends on who else may write to its database, and on where its log lives. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { LogPublisher, type LogPublisherOptions } from '../../src/log/publisher.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { Elsewhere, type ElsewhereOptions } from './elsewhere.ts'
import type { Publisher } from './log-runner.ts'
import { NodePublisher } from './node-publisher.ts'
import { startPublisherThread } from './publisher-thread.ts'
import { keptNote, openLogPlace, type LogPlace } from './tiles.ts'

interface Published {
  readonly store: Store
  /** The SQLite file, where the store is one. */
  readonly database: string
  readonly place: LogPlace
  /** The log's. */
  readonly key: PrivateJwk
  readonly origin: string
  readonly clock: Clock
  readonly onPublished: (note: Uint8Array, size: number) => Promise<void>
  /** In a thread of its own, where the database is a file and no witness is asked. */
  readonly thread: boolean
  /** Of several nodes with folders of their own; alone unless given. */
  readonly elsewhere?: Omit<ElsewhereOptions, 'kept'>
  /** Asks witnesses before a checkpoint is public. */
  readonly cosign?: NonNullable<LogPublisherOptions['cosign']>
}

const ALONE = { peers: [], isWitnessed: false, isFirst: true, takeOverFrom: null }

/**
 * On several nodes side by side in a bucket, by turns in folders; of a file on the thread that appends, unless it is told
 * to use one of its own (docs/adr/0023).
 */
export async function publisherOf(options: Published): Promise<Publisher> {
  const { store, database, place, key, origin, clock, onPublished, thread, cosign } = options
  const { nodes } = store
  if (nodes === null && thread && cosign === undefined)
    return startPublisherThread({ database, place, key, origin, onPublished })
  const parts = {
    crypto: nodeCrypto,
    source: store.entries,
    ...openLogPlace(place),
    signer: nodeCrypto.signer(key),
    origin,
    clock,
    onPublished,
    ...(cosign === undefined ? {} : { cosign }),
  }
  if (nodes === null || place.kind === 's3') return new LogPublisher(parts)
  const vkey = formatVkey(noteKey(nodeCrypto, origin, parts.signer.publicJwk))
  const kept = keptNote(place.lockDir)
  const elsewhere = new Elsewhere({ ...(options.elsewhere ?? ALONE), kept, crypto: nodeCrypto, clock, vkey })
  return new NodePublisher({ ...parts, store, nodes, elsewhere })
}
