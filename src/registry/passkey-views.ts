/** Passkeys as their person sees them: what they are called, when they were used. spec/people.md (PPL-8). @module */
import type { Kysely } from 'kysely'
import { thumbprint } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { passkeyOf, type PasskeyRow } from './passkey-rows.ts'
import { openFor, sealFor } from './personal.ts'

type Db = Kysely<Schema>

/** What its person calls it, outside the log. @throws {RegistryError} `UNKNOWN_PASSKEY` */
export function namePasskey(
  ctx: RegistryContext,
  person: string,
  passkey: number,
  name: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findCounting(tx.db, person, passkey)
    await setPasskeyName(ctx, tx, person, passkey, name)
  })
}

export async function setPasskeyName(
  ctx: Pick<RegistryContext, 'vault'>,
  tx: Tx,
  person: string,
  passkey: number,
  name: string,
): Promise<void> {
  const name_box = await sealFor(ctx, person, placeOf(passkey), { name })
  await tx.db.updateTable('passkeys').set({ name_box }).where('registration', '=', passkey).execute()
}

function placeOf(passkey: number): string {
  return `passkey/${passkey}`
}

export interface ListedPasskey {
  /** Index of the entry that registered it. */
  readonly passkey: number
  /** Null: nobody named it, or it was erased. */
  readonly name: string | null
  /** Thumbprint. */
  readonly credential: string
  readonly amr: readonly string[]
  readonly backed_up: boolean
  /** Milliseconds. */
  readonly added: number
  /** Milliseconds: when a session began by it last. */
  readonly signed_in: number | null
  /** Of the passkey that added it; null: it was endorsed. */
  readonly adder: number | null
}

/** Those that count, the oldest first. */
export async function listPasskeys(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  db: Db,
  person: string,
): Promise<ListedPasskey[]> {
  const known = await db.selectFrom('people').select('id').where('id', '=', person).executeTakeFirst()
  if (known === undefined) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  const rows = await db
    .selectFrom('passkeys')
    .innerJoin('people', 'people.id', 'passkeys.person')
    .selectAll('passkeys')
    .where('passkeys.person', '=', person)
    .where('passkeys.status', '=', 'counts')
    .where('people.status', '=', 'enrolled')
    .orderBy('passkeys.registration')
    .execute()
  return Promise.all(rows.map((row) => viewOf(ctx, row)))
}

async function viewOf(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  row: PasskeyRow,
): Promise<ListedPasskey> {
  const { registration, jwk, amr } = passkeyOf(row)
  const named =
    row.name_box === null ? null : await openFor(ctx, row.person, placeOf(registration), row.name_box)
  return {
    passkey: registration,
    name: (named as { name: string } | null)?.name ?? null,
    credential: thumbprint(ctx.crypto, jwk),
    amr,
    backed_up: row.backed_up === 1,
    added: row.added,
    signed_in: row.signed_in,
    adder: row.adder,
  }
}

/** A session began by it. */
export async function noteSignIn(ctx: Pick<RegistryContext, 'store'>, passkey: number): Promise<void> {
  await ctx.store.write(async ({ db, now }) => {
    await db.updateTable('passkeys').set({ signed_in: now }).where('registration', '=', passkey).execute()
  })
}

/** @throws {RegistryError} `UNKNOWN_PASSKEY` */
export async function findCounting(db: Db, person: string, passkey: number): Promise<PasskeyRow> {
  const row = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('person', '=', person)
    .where('registration', '=', passkey)
    .where('status', '=', 'counts')
    .executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_PASSKEY', 'no such passkey of this person counts')
  return row
}
