/** Which outputs are seeded errors, and what became of them. spec/attestation.md (ATT-26). @module */
import type { Kysely } from 'kysely'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { SYSTEM, type RegistryContext } from './context.ts'
import { revealSeed } from './output-rows.ts'
import { openingOf } from './personal.ts'

type SeedRow = Schema['seeds']
type Db = Kysely<Schema>

export async function openSeeds(db: Db): Promise<SeedRow[]> {
  return db.selectFrom('seeds').selectAll().where('output', 'is', null).execute()
}

/** Those that this person committed to. */
export async function ownSeeds(db: Db, person: string): Promise<SeedRow[]> {
  const rows = await openSeeds(db)
  if (rows.length === 0) return []
  const entries = await db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where(
      'idx',
      'in',
      rows.map(({ entry }) => entry),
    )
    .execute()
  const own = new Set(
    entries.filter(({ bytes }) => decodeEntry(bytes).actor.id === person).map(({ idx }) => idx),
  )
  return rows.filter(({ entry }) => own.has(entry))
}

/** Also of one that was revealed. */
export async function isSeed(ctx: Pick<RegistryContext, 'vault'>, db: Db, output: string): Promise<boolean> {
  const known = await db.selectFrom('seeds').select('id').where('output', '=', output).executeTakeFirst()
  return known !== undefined || (await findSeed(ctx, db, await openSeeds(db), output)) !== null
}

/** One that nobody knows of. */
export async function findSeed(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Db,
  seeds: readonly SeedRow[],
  output: string,
): Promise<{ readonly row: SeedRow; readonly salt: string } | null> {
  for (const row of seeds) {
    const opened = (await openingOf(ctx, db, row.seed_commit))?.opening
    if (opened !== undefined && 'value' in opened && opened.value === output)
      return { row, salt: opened.salt }
  }
  return null
}

/** What became of it is said, if it is one. @returns whether it is */
export async function revealIfSeed(
  ctx: Pick<RegistryContext, 'vault'>,
  tx: Tx,
  output: string,
  outcome: 'caught' | 'missed' | 'unused',
): Promise<boolean> {
  const found = await findSeed(ctx, tx.db, await openSeeds(tx.db), output)
  if (found === null) return false
  const { row, salt } = found
  const body = { output, salt, outcome }
  await tx.append({ type: 'seed.revealed', actor: SYSTEM, subject: row.id, body })
  await revealSeed(tx.db, row.id, body)
  return true
}
