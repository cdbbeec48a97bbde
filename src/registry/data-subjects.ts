/**
 * Data subjects: pseudonyms, by what they are known, and the passkey that they give consent with. spec/consent.md
 * (CNS-9 to CNS-11). Invariant: no entry says who somebody is, and nothing is kept of one who was erased.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { IDENTIFIERS_MAX } from '../core/consent.ts'
import { isId, newId } from '../core/ids.ts'
import { canonicalize, parseJson, type JsonObject } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { commitTo } from '../log/commitment.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { assertKeyUnused } from './callers.ts'
import type { RegistryContext } from './context.ts'
import type { Credential } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import { fileUnder, keep, openingOf } from './personal.ts'
import { keysTx, type Identifier } from './subject-index.ts'

export interface SubjectInput {
  readonly jurisdiction: string
  readonly identifiers: readonly Identifier[]
}

/** @throws {RegistryError} `IDENTIFIER_IN_USE`, `IDENTIFIER_INVALID`, `UNKNOWN_SYSTEM`, `LIMIT_EXCEEDED` */
export function addSubject(
  ctx: RegistryContext,
  actor: Actor,
  { jurisdiction, identifiers }: SubjectInput,
): Promise<string> {
  return ctx.store.write(async (tx) => {
    const id = newId(ctx.crypto, 'dsb', tx.now)
    const first = await tx.append({ type: 'data_subject.added', actor, subject: id, body: { jurisdiction } })
    await insertSubject(tx.db, { id, jurisdiction, changed: first })
    await fileUnder(tx, { id, owner: null, first })
    for (const identifier of identifiers) await identifyTx(ctx, tx, actor, id, identifier)
    return id
  })
}

export async function insertSubject(
  db: Kysely<Schema>,
  row: Pick<Schema['data_subjects'], 'id' | 'jurisdiction' | 'changed'>,
): Promise<void> {
  await db
    .insertInto('data_subjects')
    .values({ ...row, credential_json: null, registration: null, credential_id: null })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_DATA_SUBJECT` and as {@link addSubject} */
export function identifySubject(
  ctx: RegistryContext,
  actor: Actor,
  subject: string,
  identifier: Identifier,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findSubject(tx.db, subject)
    await identifyTx(ctx, tx, actor, subject, identifier)
  })
}

async function identifyTx(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  subject: string,
  identifier: Identifier,
): Promise<void> {
  const { system } = identifier
  if (system !== null) {
    const known = await tx.db.selectFrom('systems').select('id').where('id', '=', system).executeTakeFirst()
    if (!known) throw new RegistryError('UNKNOWN_SYSTEM', 'no such system')
  }
  const { key, alike } = await keysTx(ctx, tx, identifier)
  const taken = await tx.db
    .selectFrom('identifiers')
    .select('subject')
    .where('key', '=', key)
    .executeTakeFirst()
  if (taken?.subject === subject) return
  if (taken) throw new RegistryError('IDENTIFIER_IN_USE', 'another data subject is known by this identifier')
  const own = await tx.db.selectFrom('identifiers').select('key').where('subject', '=', subject).execute()
  if (own.length >= IDENTIFIERS_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `a data subject has at most ${IDENTIFIERS_MAX} identifiers`)
  const value = commitTo(ctx.crypto, { ...identifier })
  const { commitment } = value
  const commitments = { identifier: commitment }
  const entry = await tx.append({
    type: 'data_subject.identified',
    actor,
    subject,
    body: { system },
    commitments,
  })
  await keep(ctx, tx, subject, 'identifier', value)
  await tx.db.insertInto('identifiers').values({ commitment, subject, system, entry, key, alike }).execute()
  await markChanged(tx.db, subject, entry)
}

/** Takes an identifier away. @param entry the index of the entry that gave it. @throws {RegistryError} `UNKNOWN_ENTRY` */
export function unidentifySubject(
  ctx: RegistryContext,
  actor: Actor,
  subject: string,
  entry: number,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const row = await tx.db
      .selectFrom('identifiers')
      .select('commitment')
      .where('subject', '=', subject)
      .where('entry', '=', entry)
      .executeTakeFirst()
    if (!row)
      throw new RegistryError('UNKNOWN_ENTRY', 'this entry gave no identifier that the subject still has')
    const body = { identified: entry }
    const at = await tx.append({ type: 'data_subject.unidentified', actor, subject, body })
    await dropIdentifier(tx.db, entry)
    await tx.db.deleteFrom('sealed').where('commitment', '=', row.commitment).execute()
    await markChanged(tx.db, subject, at)
  })
}

export async function dropIdentifier(db: Kysely<Schema>, entry: number): Promise<void> {
  await db.deleteFrom('identifiers').where('entry', '=', entry).execute()
}

/** What points are told of a subject has changed. @param entry that changed it */
export async function markChanged(db: Kysely<Schema>, subject: string, entry: number): Promise<void> {
  await db.updateTable('data_subjects').set({ changed: entry }).where('id', '=', subject).execute()
}

/** What the registration's challenge is a digest of. @param hash of the link's secret */
export function enrolSubjectAct(subject: string, hash: string): JsonObject {
  return { act: 'data_subject.enrol', subject, secret_sha256: hash }
}

/**
 * In place of one before. @param by who made the link: a manager's opens the page and vouches for nobody (CNS-11)
 * @throws {RegistryError} `UNKNOWN_DATA_SUBJECT`, `KEY_IN_USE`, `NOT_ENDORSED`
 */
export function enrolSubject(
  ctx: RegistryContext,
  { subject, by }: { readonly subject: string; readonly by: string },
  { id, jwk, amr }: Pick<Credential, 'id' | 'jwk' | 'amr'>,
): Promise<number> {
  if (isId(by, 'mgr'))
    throw new RegistryError(
      'NOT_ENDORSED',
      'a passkey takes a link that an endorsed person made: ask for one',
    )
  return ctx.store.write(async (tx) => {
    await findSubject(tx.db, subject)
    await assertKeyUnused(ctx.crypto, tx.db, jwk)
    await assertCredentialUnused(tx, subject, id)
    const registration = await tx.append({
      type: 'data_subject.enrolled',
      actor: subjectActor(subject),
      subject,
      body: { credential: { jwk, amr: [...amr] }, by },
    })
    await setCredential(tx.db, subject, { jwk, registration, credential_id: id })
    return registration
  })
}

/** It is what a subject signs in by: of two with one identifier nobody could tell which it is. */
async function assertCredentialUnused(tx: Tx, subject: string, credential_id: string): Promise<void> {
  const other = await tx.db
    .selectFrom('data_subjects')
    .select('id')
    .where('credential_id', '=', credential_id)
    .where('id', '!=', subject)
    .executeTakeFirst()
  if (other) throw new RegistryError('KEY_IN_USE', 'this passkey is registered already')
}

export async function setCredential(
  db: Kysely<Schema>,
  subject: string,
  given: { readonly jwk: PublicJwk; readonly registration: number; readonly credential_id: string | null },
): Promise<void> {
  const { jwk, registration, credential_id } = given
  await db
    .updateTable('data_subjects')
    .set({ credential_json: canonicalize({ ...jwk }), registration, credential_id })
    .where('id', '=', subject)
    .execute()
}

export function subjectActor(id: string): Actor {
  return { kind: 'subject', id }
}

export interface DataSubject {
  readonly id: string
  readonly jurisdiction: string
  readonly credential: PublicJwk | null
  /** Index of the `data_subject.enrolled` entry. */
  readonly registration: number | null
  readonly credential_id: string | null
}

/** @throws {RegistryError} `UNKNOWN_DATA_SUBJECT`: also one who was erased */
export async function findSubject(db: Kysely<Schema>, id: string): Promise<DataSubject> {
  const row = await db
    .selectFrom('data_subjects')
    .innerJoin('subjects', 'subjects.id', 'data_subjects.id')
    .selectAll('data_subjects')
    .where('data_subjects.id', '=', id)
    .where('subjects.erased', 'is', null)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_DATA_SUBJECT', 'no such data subject, or erased')
  const { jurisdiction, credential_json, registration, credential_id } = row
  const credential = credential_json === null ? null : publicJwk(parseJson(credential_json))
  return { id, jurisdiction, credential, registration, credential_id }
}

/** What a subject is known by, opened. */
export async function identifiersOf(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  subject: string,
): Promise<(Identifier & { readonly entry: number })[]> {
  const rows = await db
    .selectFrom('identifiers')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('entry')
    .execute()
  const all = await Promise.all(
    rows.map(async ({ commitment, entry, system }) => {
      const found = await openingOf(ctx, db, commitment)
      const value = found !== null && 'value' in found.opening ? found.opening.value : null
      const named = typeof value === 'object' && value !== null && 'value' in value ? value.value : null
      return typeof named === 'string' ? { system, value: named, entry } : null
    }),
  )
  return all.filter((each) => each !== null)
}

/** ERA-6 for a data subject. Idempotent. @param entry the tombstone */
export async function clearSubject(db: Kysely<Schema>, subject: string, entry: number): Promise<void> {
  await db.deleteFrom('identifiers').where('subject', '=', subject).execute()
  await db.deleteFrom('subject_links').where('subject', '=', subject).execute()
  await db
    .updateTable('data_subjects')
    .set({ credential_json: null, registration: null, credential_id: null })
    .where('id', '=', subject)
    .execute()
  await markChanged(db, subject, entry)
}
