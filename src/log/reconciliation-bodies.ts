/** Bodies of the entries about sources that are not ours. spec/entries.md, spec/sources.md. @module */
import { z } from 'zod'

const name = z.string().min(1).max(128)
const text = z.string().min(1).max(512)
const time = z.iso.datetime()

/**
 * RCN-3, by number of the test: the keys by which its items are found in a source, and what a source may be narrowed to.
 * The first key is taken where none is named.
 */
export const SOURCE_KEYS = {
  1: { keys: ['agent'], scopes: ['class'] },
  6: { keys: ['subject', 'person'], scopes: ['kind'] },
  9: { keys: ['action'], scopes: ['server', 'point', 'agent'] },
  10: { keys: ['caller'], scopes: [] },
  14: { keys: ['incident'], scopes: ['kind', 'severity'] },
  25: { keys: ['output'], scopes: ['kind'] },
  27: { keys: ['checkpoint'], scopes: [] },
} as const satisfies Readonly<Record<number, { keys: readonly string[]; scopes: readonly string[] }>>

/** Of one upload: what goes through one request, and is kept as one value. */
export const SOURCE_CHARS_MAX = 3 * 1024 * 1024
export const SOURCE_LIMITS = { rows_max: 200_000, columns_max: 64, cell_chars_max: 8192 } as const

export const uploadSchema = z.strictObject({
  test: z.int().min(1).max(34),
  /** Of the items of the test. */
  key: name,
  /** Of the CSV, whose cells are that key. */
  column: name,
  /** What the source is narrowed to: the items whose member has this value. */
  scope: z.strictObject({ member: name, value: name }).nullable(),
  /** What the source covers, half-open. */
  from: time,
  to: time,
  source: text,
  query: text,
  extractor: text,
  /** When it was taken out of the source. */
  taken: time,
})
export type SourceUpload = z.infer<typeof uploadSchema>

export const reconciliationBodies = {
  'reconciliation.uploaded': uploadSchema.extend({
    columns: z.array(name).min(1).max(SOURCE_LIMITS.columns_max),
    rows_n: z.int().nonnegative().max(SOURCE_LIMITS.rows_max),
  }),
}
