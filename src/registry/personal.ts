/**
 * Personal values: filed under a subject, sealed under the subject's key, opened for showing. spec/erasure.md (ERA-1,
 * ERA-2, ERA-7). Invariant: what is written to the database of a person's words is encrypted, and nothing is filed
 * under a subject that was erased.
 * @module
 */
import type { Kysely } from 'kysely'
import { fromUtf8, utf8 } from '../core/encoding.ts'
import { canonicalBytes, parseJson } from '../core/json.ts'
import { openingSchema, type Committed, type Opening } from '../log/commitment.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** A whole value with its salt: arguments are bounded by a spool's line, of which this is a multiple. */
const SEALED_JSON_LIMITS = { bytes_max: 4 * 1024 * 1024, depth_max: 40 }

type Vaulted = Pick<RegistryContext, 'vault'>

export interface Subject {
  readonly id: string
  /** The person to whom it belongs. */
  readonly owner: string | null
  /** Index of the first entry that is about it. */
  readonly first: number
}

/** Before anything is filed under it. Idempotent. @returns whether values are kept: not of one that was erased */
export async function fileUnder(tx: Pick<Tx, 'db'>, subject: Subject): Promise<boolean> {
  const { id, owner, first } = subject
  const known = await tx.db.selectFrom('subjects').select('erased').where('id', '=', id).executeTakeFirst()
  if (known) return known.erased === null
  const erased = owner === null ? null : await erasedAt(tx.db, owner)
  await tx.db.insertInto('subjects').values({ id, owner, first, erased }).execute()
  return erased === null
}

/** Whether values of a subject that is filed are kept: not once it was erased. */
export async function isOpen(tx: Pick<Tx, 'db'>, id: string): Promise<boolean> {
  return (await erasedAt(tx.db, id)) === null
}

async function erasedAt(db: Kysely<Schema>, id: string): Promise<number | null> {
  const row = await db.selectFrom('subjects').select('erased').where('id', '=', id).executeTakeFirst()
  return row?.erased ?? null
}

/** Keeps what opens a commitment. The subject is filed. Idempotent; nothing stays of one that is erased meanwhile. */
export async function keep(
  ctx: Vaulted,
  tx: Tx,
  subject: string,
  field: string,
  { commitment, opening }: Committed,
): Promise<void> {
  const box = await ctx.vault.seal(subject, canonicalBytes(opening), `${field}/${commitment}`)
  if (box === null) return
  await tx.db
    .insertInto('sealed')
    .values({ commitment, subject, field, box })
    .onConflict((on) => on.column('commitment').doNothing())
    .execute()
}

/** @returns null: erased, or never kept */
export async function openingOf(
  ctx: Vaulted,
  db: Kysely<Schema>,
  commitment: string,
): Promise<{ readonly subject: string; readonly field: string; readonly opening: Opening } | null> {
  const row = await db
    .selectFrom('sealed')
    .selectAll()
    .where('commitment', '=', commitment)
    .executeTakeFirst()
  return row === undefined ? null : openRow(ctx, row)
}

async function openRow(
  ctx: Vaulted,
  { commitment, subject, field, box }: Schema['sealed'],
): Promise<{ readonly subject: string; readonly field: string; readonly opening: Opening } | null> {
  const plain = await ctx.vault.open(subject, box, `${field}/${commitment}`)
  if (plain === null) return null
  return { subject, field, opening: openingSchema.parse(parseJson(plain, SEALED_JSON_LIMITS)) }
}

/** What a chain discloses of people, by the delegation that discloses it: `instruction` before `sub`. */
export async function disclosuresOf(ctx: Vaulted, db: Kysely<Schema>, jti: string): Promise<string[]> {
  const rows = await db
    .selectFrom('sealed')
    .selectAll()
    .where('subject', '=', jti)
    .where('field', 'in', ['instruction', 'sub'])
    .orderBy('field')
    .execute()
  const opened = await Promise.all(rows.map((row) => openRow(ctx, row)))
  return opened.flatMap((each) =>
    each !== null && 'disclosure' in each.opening ? [each.opening.disclosure] : [],
  )
}

/** A value that is text, by its commitment; null: erased, or there never was one. */
export async function wordsOf(
  ctx: Vaulted,
  db: Kysely<Schema>,
  commitment: string | null,
): Promise<string | null> {
  const found = commitment === null ? null : await openingOf(ctx, db, commitment)
  if (found === null || !('value' in found.opening)) return null
  return typeof found.opening.value === 'string' ? found.opening.value : null
}

/** Names of people by the commitments to them, as their rows have them. Erased ones are missing. */
export async function namesOf(
  ctx: Vaulted,
  db: Kysely<Schema>,
  commitments: readonly (string | null)[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = commitments.filter((each) => each !== null)
  if (wanted.length === 0) return new Map()
  const rows = await db.selectFrom('sealed').selectAll().where('commitment', 'in', wanted).execute()
  const names = new Map<string, string>()
  for (const row of rows) {
    const opened = await openRow(ctx, row)
    if (opened !== null && 'value' in opened.opening && typeof opened.opening.value === 'string')
      names.set(row.commitment, opened.opening.value)
  }
  return names
}

/**
 * Seals what waits for a person, and is gone once they answered.
 * @throws {RegistryError} `STATE_CONFLICT`: the person was erased
 */
export async function sealFor(
  ctx: Vaulted,
  person: string,
  place: string,
  value: object,
): Promise<Uint8Array> {
  const box = await ctx.vault.seal(person, utf8(JSON.stringify(value)), place)
  if (box === null) throw new RegistryError('STATE_CONFLICT', 'this person was erased')
  return box
}

/** What {@link sealFor} sealed, for the caller to say what it is; null once the person is erased. */
export async function openFor(
  ctx: Vaulted,
  person: string,
  place: string,
  box: Uint8Array,
): Promise<unknown> {
  const plain = await ctx.vault.open(person, box, place)
  return plain === null ? null : JSON.parse(fromUtf8(plain))
}
