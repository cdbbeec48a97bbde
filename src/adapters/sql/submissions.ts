/**
 * Writes with a name run once. What the first returned is kept in its own transaction, so that the name and the work
 * are there together or not at all.
 * @module
 */
import { ONCE_CHARS_MAX, ONCE_MS, type Tx } from '../../ports/store.ts'

/** Forgotten names are looked for at most this often, in milliseconds. */
const PRUNE_MS = 60_000

export class Submissions {
  #pruned = 0

  once<T>(key: string, work: (tx: Tx) => Promise<T>): (tx: Tx) => Promise<T> {
    return async (tx) => {
      if (key.length > ONCE_CHARS_MAX) throw new TypeError('the name of a write is too long')
      const earlier = await tx.db
        .selectFrom('submissions')
        .select('result_json')
        .where('key', '=', key)
        .where('time', '>', tx.now - ONCE_MS)
        .executeTakeFirst()
      if (earlier) return parse(earlier.result_json) as T
      await this.#prune(tx)
      const result = await work(tx)
      const result_json = (JSON.stringify(result) as string | undefined) ?? null
      await tx.db
        .insertInto('submissions')
        .values({ key, time: tx.now, result_json })
        .onConflict((on) => on.column('key').doUpdateSet({ time: tx.now, result_json }))
        .execute()
      return parse(result_json) as T
    }
  }

  async #prune(tx: Tx): Promise<void> {
    if (Math.abs(tx.now - this.#pruned) < PRUNE_MS) return
    this.#pruned = tx.now
    await tx.db
      .deleteFrom('submissions')
      .where('time', '<=', tx.now - ONCE_MS)
      .execute()
  }
}

/** The first caller gets what later ones get. */
function parse(json: string | null): unknown {
  return json === null ? undefined : JSON.parse(json)
}
