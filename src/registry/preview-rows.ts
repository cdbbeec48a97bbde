/** Rows of auditors' previews: written the same by an act and by a fold of the log. spec/preview.md. @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseRfc3339 } from '../core/time.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import { previewScopeSchema, type Holder, type PreviewScope } from '../log/preview-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export type PreviewRow = Schema['previews']
type Db = Kysely<Schema>

export function auditorActor(preview: string): Actor {
  return { kind: 'auditor', id: preview }
}

export function scopeOf(row: Pick<PreviewRow, 'scope_json'>): PreviewScope {
  return previewScopeSchema.parse(parseJson(row.scope_json))
}

export async function insertPreview(
  db: Db,
  row: Pick<PreviewRow, 'id' | 'proposer' | 'proposal' | 'auditor_commit' | 'firm_commit'>,
  scope: PreviewScope,
): Promise<void> {
  const none = { jkt: null, credential_json: null, credential_id: null, registration: null, looked: null }
  await db
    .insertInto('previews')
    .values({
      ...row,
      ...none,
      status: 'waiting',
      approval: null,
      scope_json: canonicalize(scope),
      expires: parseRfc3339(scope.expires),
      holder: null,
      looks_n: 0,
    })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_PREVIEW` */
export async function findPreview(db: Db, id: string): Promise<PreviewRow> {
  const row = await db.selectFrom('previews').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_PREVIEW', 'no such preview: see "countersign preview list"')
  return row
}

export async function changePreview(db: Db, id: string, change: Partial<PreviewRow>): Promise<void> {
  await db.updateTable('previews').set(change).where('id', '=', id).execute()
}

/** @param credential_id null: a key, or a log that does not have it */
export async function setHolder(
  crypto: Crypto,
  db: Db,
  id: string,
  given: { readonly holder: Holder; readonly registration: number; readonly credential_id: string | null },
): Promise<void> {
  const { holder, registration, credential_id } = given
  const { kind, jwk } = holder
  const of =
    kind === 'key'
      ? { jkt: thumbprint(crypto, jwk), credential_json: null }
      : { jkt: null, credential_json: canonicalize({ ...jwk }) }
  await changePreview(db, id, { holder: kind, ...of, registration, credential_id })
}

export async function countLook(db: Db, id: string, time_ms: number): Promise<void> {
  await db
    .updateTable('previews')
    .set((eb) => ({ looks_n: eb('looks_n', '+', 1), looked: time_ms }))
    .where('id', '=', id)
    .execute()
}

export async function insertComment(
  db: Db,
  row: Omit<Schema['preview_comments'], 'about_json' | 'person'>,
  { actor, about }: { readonly actor: Actor; readonly about: EntryBody<'preview.commented'>['about'] },
): Promise<void> {
  const person = actor.kind === 'person' ? actor.id : null
  await db
    .insertInto('preview_comments')
    .values({ ...row, person, about_json: canonicalize(about) })
    .execute()
}

export async function insertEvidenceRequest(
  db: Db,
  row: Pick<Schema['evidence_requests'], 'id' | 'preview' | 'entry' | 'text_commit' | 'opened'>,
  about: EntryBody<'evidence_request.opened'>['about'],
): Promise<void> {
  const waiting = { outcome: null, answer_commit: null, person: null, answered: null }
  await db
    .insertInto('evidence_requests')
    .values({ ...row, about_json: about === null ? null : canonicalize(about), ...waiting })
    .execute()
}

export async function markAnswered(
  db: Db,
  id: string,
  answer: Pick<Schema['evidence_requests'], 'outcome' | 'answer_commit' | 'person' | 'answered'>,
): Promise<void> {
  await db.updateTable('evidence_requests').set(answer).where('id', '=', id).execute()
}

/** ERA-6 for a preview. Idempotent: who it was for comes in no more. */
export async function clearPreview(db: Db, id: string): Promise<void> {
  await db.deleteFrom('preview_invitations').where('preview', '=', id).execute()
  await changePreview(db, id, { jkt: null, credential_json: null, credential_id: null })
}
