/**
 * The number of the trust list: how many entries have changed it. spec/keys.md (KEY-6). One row, moved in the
 * transaction of the entry, so that it never goes back and a verifier can count it.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'

export const NAME = 'trust_seq'

export async function trustSeq(db: Kysely<Schema>): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', NAME).executeTakeFirst()
  return Number(row?.value ?? 0)
}

/** For each entry that changes whom points trust. */
export async function nextTrustSeq(tx: Tx): Promise<number> {
  const seq = (await trustSeq(tx.db)) + 1
  await tx.db
    .insertInto('meta')
    .values({ name: NAME, value: String(seq) })
    .onConflict((on) => on.column('name').doUpdateSet({ value: String(seq) }))
    .execute()
  return seq
}
