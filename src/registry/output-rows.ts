/**
 * Rows of outputs, reviews, attestations and coverage, as the registers write them and as a rebuild does.
 * spec/attestation.md, spec/registers.md (REG-1).
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize } from '../core/json.ts'
import type { Role } from '../core/output.ts'
import { rfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

type Db = Kysely<Schema>
export type OutputRow = Schema['outputs']

export async function insertOutput(
  db: Db,
  row: Pick<OutputRow, 'id' | 'entry' | 'registrar' | 'registered' | 'digest_commit' | 'content_commit'>,
  body: EntryBody<'output.registered'>,
): Promise<void> {
  const { kind, agent, system } = body
  await db
    .insertInto('outputs')
    .values({
      ...row,
      kind,
      agent,
      system,
      body_json: canonicalize(body),
      released: null,
      attestation: null,
      refusals: 0,
    })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_OUTPUT` */
export async function findOutput(db: Db, id: string): Promise<OutputRow> {
  const row = await db.selectFrom('outputs').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_OUTPUT', 'no such output')
  return row
}

/** @throws {RegistryError} `UNKNOWN_ATTESTATION` */
export async function findAttestation(db: Db, id: string): Promise<Schema['attestations']> {
  const row = await db.selectFrom('attestations').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_ATTESTATION', 'no such attestation')
  return row
}

/** The attestation is the valid one of its output from here on; the one before is superseded. */
export async function putAttestation(
  db: Db,
  row: Omit<Schema['attestations'], 'state' | 'since'>,
  now_ms: number,
): Promise<void> {
  await db
    .insertInto('attestations')
    .values({ ...row, state: 'valid', since: now_ms })
    .execute()
  const output = await findOutput(db, row.output)
  if (output.attestation !== null) await leaveState(db, output, output.attestation, 'superseded', now_ms)
  await db.updateTable('outputs').set({ attestation: row.id }).where('id', '=', row.output).execute()
  if (output.released !== null) await count(db, output, output.released, { [row.role]: 1 })
}

/** @param state into which a valid or disputed one goes */
export async function endAttestation(
  db: Db,
  id: string,
  state: 'withdrawn' | 'disputed',
  now_ms: number,
): Promise<void> {
  const { output: outputId } = await findAttestation(db, id)
  const output = await findOutput(db, outputId)
  if (output.attestation === id) {
    await leaveState(db, output, id, state, now_ms)
    await db.updateTable('outputs').set({ attestation: null }).where('id', '=', outputId).execute()
  } else await setState(db, id, state, now_ms)
}

async function leaveState(
  db: Db,
  output: OutputRow,
  id: string,
  state: Schema['attestations']['state'],
  now_ms: number,
): Promise<void> {
  const { role } = await findAttestation(db, id)
  await setState(db, id, state, now_ms)
  if (output.released !== null) await count(db, output, output.released, { [role]: -1 })
}

async function setState(
  db: Db,
  id: string,
  state: Schema['attestations']['state'],
  since: number,
): Promise<void> {
  await db.updateTable('attestations').set({ state, since }).where('id', '=', id).execute()
}

/** It has left. */
export async function putRelease(db: Db, id: string, now_ms: number): Promise<void> {
  const output = await findOutput(db, id)
  await db.updateTable('outputs').set({ released: now_ms }).where('id', '=', id).execute()
  const role = output.attestation === null ? null : (await findAttestation(db, output.attestation)).role
  await count(db, output, now_ms, { released: 1, ...(role === null ? {} : { [role]: 1 }) })
}

async function count(
  db: Db,
  { kind, agent, system }: OutputRow,
  released_ms: number,
  change: Partial<Record<Role | 'released', number>>,
): Promise<void> {
  const { released = 0, authored = 0, supervised = 0, directed = 0 } = change
  const day = rfc3339(released_ms).slice(0, 10)
  await db
    .insertInto('coverage')
    .values({ day, kind, agent: agent ?? '', system: system ?? '', released, authored, supervised, directed })
    .onConflict((on) =>
      on.columns(['day', 'kind', 'agent', 'system']).doUpdateSet((eb) => ({
        released: eb('coverage.released', '+', released),
        authored: eb('coverage.authored', '+', authored),
        supervised: eb('coverage.supervised', '+', supervised),
        directed: eb('coverage.directed', '+', directed),
      })),
    )
    .execute()
}

export async function insertReview(
  db: Db,
  row: Pick<Schema['reviews'], 'id' | 'output' | 'person' | 'opened'>,
): Promise<void> {
  await db
    .insertInto('reviews')
    .values({ ...row, decided: null, decision: null, flagged: 0 })
    .execute()
}

export async function settleReview(
  db: Db,
  id: string,
  { output, decision, flagged }: Pick<EntryBody<'review.decided'>, 'output' | 'decision' | 'flagged'>,
  now_ms: number,
): Promise<void> {
  await db
    .updateTable('reviews')
    .set({ decided: now_ms, decision, flagged: flagged ? 1 : 0 })
    .where('id', '=', id)
    .execute()
  if (decision === 'attest') return
  await db
    .updateTable('outputs')
    .set((eb) => ({ refusals: eb('refusals', '+', 1) }))
    .where('id', '=', output)
    .execute()
}

export async function revealSeed(
  db: Db,
  id: string,
  { output, outcome }: Pick<EntryBody<'seed.revealed'>, 'output' | 'outcome'>,
): Promise<void> {
  await db.updateTable('seeds').set({ output, outcome }).where('id', '=', id).execute()
}
