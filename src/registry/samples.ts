/**
 * Samples: populations are frozen, and rows of them drawn, as whoever reads the log computes it. spec/samples.md (SMP-1 to
 * SMP-3). The control plane takes the caller's word for digests and rows: a verifier draws every sample again.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { decodeEntry, type AnyEntry } from '../log/entries.ts'
import type { Drawn, Frozen } from '../log/sample-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'

const LISTED_MAX = 1000
/** Anchors after a freezing of which the first is looked for: what was under way may be of a tree from before. */
const ANCHORS_READ = 32

/** @throws {RegistryError} `NOT_ENDORSED`; `SAMPLE_INVALID`: over more entries than there are, or no period */
export function freezePopulations(
  ctx: RegistryContext,
  person: string,
  frozen: Frozen,
): Promise<{ id: string; entry: number }> {
  if (!(Date.parse(frozen.from) < Date.parse(frozen.to))) throw invalid('the period ends before it starts')
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const id = newId(ctx.crypto, 'frz', tx.now)
    const actor = personActor(person)
    const entry = await tx.append({ type: 'population.frozen', actor, subject: id, body: frozen })
    if (frozen.tree.size > entry) throw invalid('the log has fewer entries than that tree')
    return { id, entry }
  })
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_ENTRY`, `SAMPLE_INVALID` */
export function drawSample(
  ctx: RegistryContext,
  person: string,
  drawn: Drawn,
): Promise<{ id: string; entry: number }> {
  const { frozen: at, anchor, nonce, population, rows, tree } = drawn
  if (nonce !== null && anchor === null)
    throw invalid("an auditor's nonce joins once somebody outside has seen the frozen population")
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const frozen = await entryAt(tx.db, at)
    if (frozen.type !== 'population.frozen') throw invalid('that entry freezes no population')
    const of = frozen.body.populations.find(({ name }) => name === population)
    if (of === undefined) throw invalid('that population was not frozen with the others')
    const isAscending = rows.every((row, i) => row < of.count && (i === 0 || row > (rows[i - 1] ?? row)))
    if (!isAscending) throw invalid('the rows are not rows of that population, in order')
    if (tree.size <= at) throw invalid('that tree does not have the freezing')
    if (anchor !== null && !isFromOutside(await entryAt(tx.db, anchor)))
      throw invalid('that entry is no word from outside')
    const id = newId(ctx.crypto, 'smp', tx.now)
    const actor = personActor(person)
    const entry = await tx.append({ type: 'sample.drawn', actor, subject: id, body: drawn })
    return { id, entry }
  })
}

/** What a mail proves, only its receiver can tell (ANC-1). */
function isFromOutside(entry: AnyEntry): entry is Extract<AnyEntry, { type: 'log.anchored' }> {
  return entry.type === 'log.anchored' && entry.body.kind !== 'mail'
}

function invalid(why: string): RegistryError {
  return new RegistryError('SAMPLE_INVALID', why)
}

async function entryAt(db: Kysely<Schema>, index: number): Promise<AnyEntry> {
  const row = await db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_ENTRY', 'the log has no such entry')
  return decodeEntry(row.bytes)
}

/** The first word from outside about the frozen populations (SMP-3); null: nobody has seen them yet. */
export type Anchored = { readonly entry: number; readonly time: string } | null

export interface ListedSamples {
  readonly freezings: (Frozen & {
    readonly id: string
    readonly entry: number
    readonly anchored: Anchored
  })[]
  readonly samples: (Drawn & { readonly id: string; readonly entry: number })[]
}

/** The latest first. */
export async function listSamples(db: Kysely<Schema>): Promise<ListedSamples> {
  const listed: ListedSamples = { freezings: [], samples: [] }
  for (const { idx, bytes } of await newestOf(db, 'population.frozen')) {
    const { type, subject: id = '', body } = decodeEntry(bytes)
    if (type !== 'population.frozen') continue
    listed.freezings.push({ id, entry: idx, ...body, anchored: await anchorOf(db, idx) })
  }
  for (const { idx, bytes } of await newestOf(db, 'sample.drawn')) {
    const { type, subject: id = '', body } = decodeEntry(bytes)
    if (type === 'sample.drawn') listed.samples.push({ id, entry: idx, ...body })
  }
  return listed
}

/** One type at a time: then the index `entries_telling` has them, and nobody walks a long log. */
function newestOf(
  db: Kysely<Schema>,
  type: 'population.frozen' | 'sample.drawn',
): Promise<{ idx: number; bytes: Uint8Array }[]> {
  return db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where('type', '=', type)
    .orderBy('idx', 'desc')
    .limit(LISTED_MAX)
    .execute()
}

async function anchorOf(db: Kysely<Schema>, frozen: number): Promise<Anchored> {
  const rows = await db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where('type', '=', 'log.anchored')
    .where('idx', '>', frozen)
    .orderBy('idx')
    .limit(ANCHORS_READ)
    .execute()
  for (const { idx, bytes } of rows) {
    const entry = decodeEntry(bytes)
    if (isFromOutside(entry) && entry.body.size > frozen) return { entry: idx, time: entry.time }
  }
  return null
}
