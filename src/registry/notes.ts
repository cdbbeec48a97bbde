/**
 * Notes: what people say in words about an entry, which itself has a code. spec/erasure.md (ERA-12).
 * Invariant: free text is sealed and erasable, with the person it is about or else with who wrote it.
 * @module
 */
import { commitTo } from '../log/commitment.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'
import { keep } from './personal.ts'

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_ENTRY`; `VALUE_ERASED`: the person whom it is about was erased */
export function addNote(
  ctx: RegistryContext,
  writer: string,
  { entry, text }: { readonly entry: number; readonly text: string },
): Promise<number> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, writer)
    const subject = (await personIn(tx, entry)) ?? writer
    const note = commitTo(ctx.crypto, text)
    const commitments = { note: note.commitment }
    const at = await tx.append({
      type: 'note.added',
      actor: personActor(writer),
      subject,
      body: { entry },
      commitments,
    })
    await keep(ctx, tx, subject, 'note', note)
    return at
  })
}

/** The person whom an entry is about, or whose delegation. */
async function personIn(tx: Tx, entry: number): Promise<string | null> {
  const row = await tx.db.selectFrom('entries').select('bytes').where('idx', '=', entry).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_ENTRY', 'the log has no such entry')
  const about = decodeEntry(row.bytes).subject
  if (about === undefined) return null
  const subject = await tx.db.selectFrom('subjects').selectAll().where('id', '=', about).executeTakeFirst()
  if (!subject) return null
  if (subject.erased !== null)
    throw new RegistryError('VALUE_ERASED', 'the person whom it is about was erased')
  return subject.owner ?? (subject.id.startsWith('per_') ? subject.id : null)
}
