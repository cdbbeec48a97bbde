/** Rows of capacity samples. spec/capacity.md (CAP-1). @module */
import type { Kysely } from 'kysely'
import { canonicalize } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'

export async function insertSample(
  db: Kysely<Schema>,
  row: Pick<Schema['capacity'], 'hour' | 'entry'>,
  sample: EntryBody<'capacity.sampled'>,
): Promise<void> {
  await db
    .insertInto('capacity')
    .values({ ...row, sample_json: canonicalize(sample) })
    .execute()
}
