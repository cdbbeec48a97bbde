/**
 * Keys that another node has ended are destroyed here too, while this one runs. spec/keys.md (KEY-11), spec/kill.md
 * (KIL-21).
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Store } from '../../src/ports/store.ts'
import { replacedFrameKeys } from '../../src/registry/frame-keys.ts'
import type { SetupKeys } from '../../src/registry/setup.ts'

/** Commits come in thousands a second, ends of keys a few times a year. In milliseconds. */
const LOOK_MS = 1_000

type Keys = Pick<SetupKeys, 'issuer' | 'frame'>

/** Private halves of keys that sign no more. @throws {StoreError} */
export async function endKeys(store: Store, { issuer, frame }: Keys): Promise<void> {
  await store.query((db) => issuer.destroyEnded(db))
  await frame.destroyReplaced(await store.query((db) => replacedFrameKeys({ crypto: nodeCrypto }, db)))
}

/**
 * Looks after a commit, and only while there is a key besides those that sign.
 * @param report hears of a database that does not answer: the next commit tries again
 * @returns a function that stops it
 */
export function destroyEndedKeys(store: Store, keys: Keys, report: (error: unknown) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  const unsubscribe = store.onCommit(() => {
    if (keys.issuer.signers.length < 2 && !keys.frame.mayHaveReplaced) return
    timer ??= setTimeout(() => {
      timer = null
      endKeys(store, keys).catch(report)
    }, LOOK_MS)
  })
  return () => {
    unsubscribe()
    if (timer !== null) clearTimeout(timer)
  }
}
