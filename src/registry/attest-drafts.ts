/** Statements that wait for a gesture: kept sealed for the person, taken once. spec/attestation.md (ATT-2). @module */
import type { Tx } from '../ports/store.ts'
import type { Committed } from '../log/commitment.ts'
import type { Statement } from '../provenance/statement.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { openFor, sealFor } from './personal.ts'

/** ATT-2: how long a draft waits for its gesture. */
const DRAFT_TTL_MS = 10 * 60 * 1000
/** What a draft keeps, sealed, until its gesture comes. */
export interface Drafted {
  readonly statement: Statement
  readonly name: Committed
  /** Of the review that it stands on. */
  readonly review: string | null
  /** The held call that goes out with it (OUT-5). */
  readonly approval: string | null
}

const placeOf = (id: string): string => `attest_drafts/${id}`

export async function putDraft(
  ctx: RegistryContext,
  tx: Tx,
  person: string,
  { id, output }: { readonly id: string; readonly output: string },
  drafted: Drafted,
): Promise<void> {
  await tx.db.deleteFrom('attest_drafts').where('expires', '<=', tx.now).execute()
  const draft_box = await sealFor(ctx, person, placeOf(id), drafted)
  const expires = tx.now + DRAFT_TTL_MS
  await tx.db.insertInto('attest_drafts').values({ id, output, person, draft_box, expires }).execute()
}

/** @throws {RegistryError} `UNKNOWN_ATTESTATION`: no draft of this person that waits */
export async function takeDraft(ctx: RegistryContext, tx: Tx, person: string, id: string): Promise<Drafted> {
  const row = await tx.db
    .selectFrom('attest_drafts')
    .selectAll()
    .where('id', '=', id)
    .where('person', '=', person)
    .where('expires', '>', tx.now)
    .executeTakeFirst()
  const opened = row === undefined ? null : await openFor(ctx, person, placeOf(id), row.draft_box)
  if (opened === null)
    throw new RegistryError('UNKNOWN_ATTESTATION', 'no draft of yours waits: begin it again')
  await tx.db.deleteFrom('attest_drafts').where('id', '=', id).execute()
  return opened as Drafted
}
