/** The rows of versions, as live writes and the fold of the log both write them. spec/inventory.md (VER-1). @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { canonicalize } from '../core/json.ts'
import { fitsEntry, manifestDigest, type Manifest } from '../core/manifest.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export type VersionRow = Schema['versions']

/** @throws {RegistryError} `LIMIT_EXCEEDED`: no entry has room for it */
export function digestOf(ctx: { readonly crypto: Crypto }, document: Manifest): string {
  if (!fitsEntry(document)) throw new RegistryError('LIMIT_EXCEEDED', 'a version manifest has at most 16 KiB')
  return manifestDigest(ctx.crypto, document)
}

/** Of an entry that proposes one: as the register keeps it. */
export async function insertVersion(
  db: Kysely<Schema>,
  version: Pick<VersionRow, 'agent' | 'manifest' | 'proposer' | 'proposal'> & { readonly document: Manifest },
): Promise<void> {
  const { document, ...row } = version
  const document_json = canonicalize(document)
  await db
    .insertInto('versions')
    .values({ ...row, document_json, status: 'proposed', approval: null })
    .execute()
}

/** New roots name it from here on. */
export async function markApproved(
  db: Kysely<Schema>,
  { agent, manifest, approval }: { agent: string; manifest: string; approval: number },
): Promise<void> {
  const which = db.updateTable('versions').set({ status: 'approved', approval })
  await which.where('agent', '=', agent).where('manifest', '=', manifest).execute()
  await db.updateTable('agents').set({ manifest }).where('id', '=', agent).execute()
}

/** New roots name the one that was approved last of those that are left. */
export async function markWithdrawn(db: Kysely<Schema>, agent: string, manifest: string): Promise<void> {
  const which = db.updateTable('versions').set({ status: 'withdrawn' })
  await which.where('agent', '=', agent).where('manifest', '=', manifest).execute()
  const [last] = approvedOf(await rowsOf(db, agent))
  if (last !== undefined)
    await db.updateTable('agents').set({ manifest: last.manifest }).where('id', '=', agent).execute()
}

/** The one that was approved last comes first. */
export function approvedOf(rows: readonly VersionRow[]): readonly VersionRow[] {
  return rows
    .filter(({ status }) => status === 'approved')
    .toSorted((a, b) => Number(b.approval) - Number(a.approval))
}

/** Of an agent, in the order in which they were proposed. */
export async function rowsOf(db: Kysely<Schema>, agent: string): Promise<VersionRow[]> {
  return db.selectFrom('versions').selectAll().where('agent', '=', agent).orderBy('proposal').execute()
}
