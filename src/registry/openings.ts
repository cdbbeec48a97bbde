/**
 * One field of one entry, opened for an auditor, and logged. spec/erasure.md (ERA-11).
 * Invariant: nothing personal is handed out that the log does not say was opened.
 * @module
 */
import type { Kysely } from 'kysely'
import type { OpenedField } from '../log/commitment.ts'
import { decodeEntry, type AnyEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'
import { openingOf } from './personal.ts'

/**
 * @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_ENTRY`; `UNKNOWN_FIELD`: the entry commits to no such field;
 * `VALUE_ERASED`: nothing is kept that opens it; `STATE_CONFLICT`: of a seeded error that is not revealed
 */
export function openField(
  ctx: RegistryContext,
  person: string,
  { entry: index, field }: { readonly entry: number; readonly field: string },
): Promise<OpenedField> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await tx.db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
    if (!row) throw new RegistryError('UNKNOWN_ENTRY', 'the log has no such entry')
    const entry = decodeEntry(row.bytes)
    const commitment = await commitmentIn(tx.db, entry, field)
    if (commitment === null)
      throw new RegistryError('UNKNOWN_FIELD', `this entry commits to ${fieldsOf(entry)}`)
    if (entry.type === 'seed.committed')
      // Reviewers may open fields too (ATT-26).
      throw new RegistryError('STATE_CONFLICT', 'it is opened where the seeded error is revealed')
    const found = await openingOf(ctx, tx.db, commitment)
    if (found === null) throw new RegistryError('VALUE_ERASED', 'this value was erased, or was never kept')
    const { subject, opening } = found
    await tx.append({
      type: 'field.opened',
      actor: personActor(person),
      subject,
      body: { entry: index, field },
    })
    return { entry: index, field, commitment, opening }
  })
}

/** What could have been asked for: names of fields are no secret. */
function fieldsOf(entry: AnyEntry): string {
  const fields = Object.keys(entry.commitments ?? {})
  if (entry.type === 'receipt' && entry.body.kind === 'decision') fields.push('args')
  if (entry.type === 'delegation.issued') fields.push('instruction and sub, where the delegation has them')
  return fields.length === 0 ? 'no field at all' : `another field: ${fields.join(', ')}`
}

async function commitmentIn(db: Kysely<Schema>, entry: AnyEntry, field: string): Promise<string | null> {
  const named = entry.commitments?.[field]
  if (named !== undefined) return named
  if (entry.type === 'receipt' && entry.body.kind === 'decision' && field === 'args')
    return entry.body.args_commit
  if (entry.type !== 'delegation.issued') return null
  // The digests in a root do not say of which claim each is: what was kept does.
  const row = await db
    .selectFrom('sealed')
    .select('commitment')
    .where('subject', '=', entry.body.jti)
    .where('field', '=', field)
    .executeTakeFirst()
  return row?.commitment ?? null
}
