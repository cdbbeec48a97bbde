/**
 * Keys that another node has ended are destroyed here too, while this one runs. spec/keys.md (KEY-11).
 * @module
 */
import type { Store } from '../../src/ports/store.ts'
import type { IssuerRing } from '../../src/registry/issuer-ring.ts'

/** Commits come in thousands a second, ends of keys a few times a year. In milliseconds. */
const LOOK_MS = 1_000

/**
 * Looks after a commit, and only while there is a key besides the one that signs.
 * @param report hears of a database that does not answer: the next commit tries again
 * @returns a function that stops it
 */
export function destroyEndedKeys(
  store: Store,
  issuer: IssuerRing,
  report: (error: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | null = null
  const unsubscribe = store.onCommit(() => {
    if (issuer.signers.length < 2) return
    timer ??= setTimeout(() => {
      timer = null
      store.query((db) => issuer.destroyEnded(db)).catch(report)
    }, LOOK_MS)
  })
  return () => {
    unsubscribe()
    if (timer !== null) clearTimeout(timer)
  }
}
