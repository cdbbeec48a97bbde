/**
 * The frame key: replaced by a statement of the break-glass key. spec/kill.md (KIL-9, KIL-21).
 * Invariants: the new private half is durable before the entry that puts it in force; the old one is destroyed after it;
 * from that entry on the old key signs nothing here, at any node.
 * @module
 */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { frameKeyHolds } from '../revoke/kill-rules.ts'
import { signedFrameKeySchema, type SignedFrameKey } from '../revoke/statement.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { frameKey, recordFrameKey } from './frame-ring.ts'
import { lastFrame } from './frames.ts'
import { keepStatement } from './statements.ts'
import { SETTINGS } from './setup.ts'

/**
 * Makes a key that waits, at this node.
 * @returns what the break-glass key is to sign
 * @throws {KeyStoreError} `KEY_UNAVAILABLE`; {RegistryError} `LIMIT_EXCEEDED`: too many wait
 */
export async function draftFrameKey(ctx: RegistryContext): Promise<SignedFrameKey['frame_key']> {
  const { seq, epoch } = await ctx.store.query(frameKey)
  const { publicJwk: jwk } = await ctx.frame.make()
  const t = await ctx.store.now()
  return { v: 1, seq: seq + 1, iss: ctx.iss, jwk: { ...jwk }, epoch: epoch + 1, t }
}

/** Idempotent. @throws {RegistryError} `STATEMENT_REFUSED`, `STATE_CONFLICT`, `FRAME_KEY_MISSING` */
export async function takeFrameKey(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  signed: SignedFrameKey,
): Promise<void> {
  const { frame_key } = signed
  if (frame_key.iss !== ctx.iss || !frameKeyHolds(ctx.crypto, ctx.breakGlass, signed))
    throw new RegistryError('STATEMENT_REFUSED', 'the frame key is not signed by the break-glass key')
  const now = await frameKey(tx.db)
  if (frame_key.seq <= now.seq) return
  if (frame_key.seq !== now.seq + 1 || frame_key.epoch !== now.epoch + 1)
    throw new RegistryError('STATE_CONFLICT', `it is not the one after frame key ${now.seq}: make another`)
  const jwk = publicJwk(frame_key.jwk)
  const kid = thumbprint(ctx.crypto, jwk)
  if (kid === now.kid || (await replacedFrameKeys(ctx, tx.db)).includes(kid))
    throw new RegistryError('STATEMENT_REFUSED', 'that key was in force before: make another')
  if (!(await ctx.frame.has(jwk)))
    throw new RegistryError(
      'FRAME_KEY_MISSING',
      `the new frame key ${kid} is not in the key folder of this node: bring the statement to the node that made it`,
    )
  const entry = await tx.append({
    type: 'frame_key.replaced',
    actor,
    subject: String(frame_key.seq),
    body: signed,
  })
  await keepFrameKey(ctx, tx.db, entry, signed)
}

/** `frame_key.replaced`. */
export async function keepFrameKey(
  { crypto }: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  entry: number,
  signed: SignedFrameKey,
): Promise<void> {
  const { seq, epoch, jwk } = signed.frame_key
  await keepStatement(db, entry, 'frame_key', String(seq), signed)
  const after = (await lastFrame(db))?.frame.seq ?? 0
  await recordFrameKey(crypto, db, { jwk: publicJwk(jwk), seq, epoch, after })
}

/** The statement that put the key in force that signs now; null: it is the first. */
export async function lastFrameKey(db: Kysely<Schema>): Promise<SignedFrameKey | null> {
  return (await statements(db)).at(-1) ?? null
}

/** Thumbprints of those that signed once and sign no more. */
export async function replacedFrameKeys(
  { crypto }: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
): Promise<string[]> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', SETTINGS).executeTakeFirst()
  const first = firstSchema.parse(parseJson(row?.value ?? '{}')).kids.frame
  const later = (await statements(db)).map(({ frame_key }) => thumbprint(crypto, publicJwk(frame_key.jwk)))
  return [first, ...later].slice(0, -1)
}

const firstSchema = z.object({ kids: z.object({ frame: z.string() }) })

async function statements(db: Kysely<Schema>): Promise<SignedFrameKey[]> {
  const rows = await db
    .selectFrom('statements')
    .select('statement_json')
    .where('kind', '=', 'frame_key')
    .orderBy('entry')
    .execute()
  return rows.map((row) => signedFrameKeySchema.parse(parseJson(row.statement_json)))
}
