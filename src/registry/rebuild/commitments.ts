/**
 * What entries commit to, as rows of `sealed` without their boxes: the kept values are held against them, and a
 * tombstone takes them away as it takes the values. spec/registers.md (REG-4).
 * @module
 */
import type { At } from './state.ts'

/** A field of a root: its digests do not say of which claim each is. */
export const CLAIM = 'claim'
const CLAIMS: readonly string[] = ['instruction', 'sub']
const NO_BOX = new Uint8Array()

/** Nothing stays of a subject that is erased (ERA-7). */
export async function committed(
  { db, withCommitments }: At,
  subject: string,
  field: string,
  commitment: string | null,
): Promise<void> {
  if (!withCommitments || commitment === null) return
  const filed = await db.selectFrom('subjects').select('erased').where('id', '=', subject).executeTakeFirst()
  if (filed?.erased !== null) return
  await db
    .insertInto('sealed')
    .values({ commitment, subject, field, box: NO_BOX })
    .onConflict((on) => on.column('commitment').doNothing())
    .execute()
}

export function isField(live: string, logged: string | undefined): boolean {
  return live === logged || (logged === CLAIM && CLAIMS.includes(live))
}
