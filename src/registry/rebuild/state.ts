/** What the fold carries from entry to entry besides the tables. @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { canonicalize } from '../../core/json.ts'
import type { Entry, EntryBody, EntryType } from '../../log/entries.ts'
import type { Schema } from '../../ports/schema.ts'
import { SETTINGS } from '../setup.ts'
import type { SegmentFacts } from './chains.ts'

export interface FoldState {
  readonly db: Kysely<Schema>
  readonly crypto: Crypto
  /** Whether `sealed` has a row without its box for what each entry commits to: what kept values are held against. */
  readonly withCommitments: boolean
  settings: EntryBody<'log.created'> | null
  /** Thumbprints of the first frame key and the log's key. */
  readonly kids: { frame: string; log: string }
  /** Of each segment that is one of a root or a hop. */
  readonly segments: Map<string, SegmentFacts>
  /** Where the stream of each point stands in its open epoch. */
  readonly streams: Map<string, { readonly epoch: number; readonly seq: number; readonly hash: string }>
  /** `delegation.issued` follows the segment of its root (LOG-6), so the last one is enough. */
  lastSegment: { readonly id: string; readonly text: string } | null
}

export interface At extends FoldState {
  readonly index: number
  /** Of the entry, which is that of the transaction that wrote the rows. */
  readonly time_ms: number
  /** The state itself, for what is replaced. */
  readonly state: FoldState
}

export type Folds = { readonly [T in EntryType]?: (at: At, entry: Entry<T>) => Promise<void> }

export function newState(db: Kysely<Schema>, crypto: Crypto, withCommitments: boolean): FoldState {
  return {
    db,
    crypto,
    withCommitments,
    settings: null,
    kids: { frame: '', log: '' },
    segments: new Map(),
    streams: new Map(),
    lastSegment: null,
  }
}

export async function setMeta(db: Kysely<Schema>, name: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ name, value })
    .onConflict((on) => on.column('name').doUpdateSet({ value }))
    .execute()
}

/** Rows that hold what the whole log adds up to. */
export async function finish(state: FoldState, size: number): Promise<void> {
  const { db, settings, kids, streams } = state
  for (const [id, stream] of streams)
    await db.updateTable('points').set(stream).where('id', '=', id).execute()
  if (size > 0) await setMeta(db, NEXT_INDEX, String(size))
  if (settings !== null) await setMeta(db, SETTINGS, canonicalize({ settings, kids }))
}

/** Where a store keeps the number of its next entry. */
const NEXT_INDEX = 'entries.next'
