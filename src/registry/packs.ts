/**
 * Packs that were made to be handed out: logged, so that an erasure can say who may have what, and signed.
 * spec/erasure.md (ERA-8), spec/pack.md (PCK-7).
 * @module
 */
import type { Kysely } from 'kysely'
import { base64 } from '../core/encoding.ts'
import { canonicalBytes } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import type { Checkpoint } from '../log/checkpoint.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { signEnvelope, type Envelope } from '../provenance/dsse.ts'
import { packStatement } from '../provenance/pack-statement.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'

export interface BuiltEvidence {
  /** Index of the `evidence.built` entry. */
  readonly entry: number
  /** Who made it. */
  readonly person: string
  /** RFC 3339 UTC, half-open. */
  readonly from: string
  readonly to: string
  /** Of the tree that it was built over: it holds every entry below. */
  readonly size: number
  /** Hex, of its manifest, which names every other file. */
  readonly sha256: string
}

export interface PackInput {
  /** Milliseconds. */
  readonly from_ms: number
  readonly to_ms: number
  /** Of the tree that it was built over, its signature verified. */
  readonly checkpoint: Checkpoint
  /** Hex, of the manifest. */
  readonly sha256: string
  readonly generator: string
  /** Hex, of the files of the generator. */
  readonly release: string
}

/**
 * @returns the envelope that goes into the pack (PCK-7)
 * @throws {RegistryError} `NOT_ENDORSED`; `STATE_CONFLICT`: over entries that are not there; {KeyStoreError}
 */
export function recordPack(
  ctx: RegistryContext,
  person: string,
  pack: PackInput,
): Promise<{ readonly entry: number; readonly envelope: Envelope }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { from_ms, to_ms, sha256 } = pack
    const { origin, size, root } = pack.checkpoint
    const time = await timeOf(tx.db, size - 1)
    await assertSameKey(tx.db, size)
    const signer = await ctx.issuer.current(tx.db)
    const period = { from: rfc3339(from_ms), to: rfc3339(to_ms) }
    const body = { ...period, size, sha256 }
    const entry = await tx.append({ type: 'evidence.built', actor: personActor(person), body })
    await tx.db.insertInto('packs').values({ entry, person, from_ms, to_ms, size, sha256 }).execute()
    const { generator, release } = pack
    const log = { size, root: base64(root) }
    const statement = packStatement(sha256, { origin, period, log, generator, release, runner: person, time })
    return { entry, envelope: signEnvelope(ctx.crypto, signer, canonicalBytes(statement)) }
  })
}

/** The key that signs is one that the pack's own log tells of, and its current one. */
async function assertSameKey(db: Kysely<Schema>, size: number): Promise<void> {
  const rows = await db
    .selectFrom('entries')
    .select('bytes')
    .where('idx', '>=', size)
    .where('type', '=', 'key.created')
    .execute()
  const made = rows.map(({ bytes }) => decodeEntry(bytes))
  if (made.some((entry) => entry.type === 'key.created' && entry.body.use === 'issuer'))
    throw new RegistryError('STATE_CONFLICT', 'the issuer key was rotated since: build the pack again')
}

async function timeOf(db: Kysely<Schema>, index: number): Promise<string> {
  const row = await db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError(
      'STATE_CONFLICT',
      'the log has no last entry of this pack: it has fewer, or it was pruned',
    )
  return decodeEntry(row.bytes).time
}

/** Those that hold the entry `index`, oldest first. */
export async function packsSince(db: Kysely<Schema>, index: number): Promise<BuiltEvidence[]> {
  const rows = await db.selectFrom('packs').selectAll().where('size', '>', index).orderBy('entry').execute()
  return rows.map(({ from_ms, to_ms, ...row }) => ({ ...row, from: rfc3339(from_ms), to: rfc3339(to_ms) }))
}
