/** Packs that were made to be handed out: logged, so that an erasure can say who may have what. spec/erasure.md (ERA-8). @module */
import type { Kysely } from 'kysely'
import { rfc3339 } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
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
  /** Hex, of the file. */
  readonly sha256: string
}

export interface PackInput {
  /** Milliseconds. */
  readonly from_ms: number
  readonly to_ms: number
  readonly size: number
  readonly sha256: string
}

/** @throws {RegistryError} `NOT_ENDORSED`; `STATE_CONFLICT`: over more entries than there are */
export function recordPack(ctx: RegistryContext, person: string, pack: PackInput): Promise<number> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { from_ms, to_ms, size, sha256 } = pack
    const body = { from: rfc3339(from_ms), to: rfc3339(to_ms), size, sha256 }
    const entry = await tx.append({ type: 'evidence.built', actor: personActor(person), body })
    if (size > entry) throw new RegistryError('STATE_CONFLICT', 'the log has fewer entries than this pack')
    await tx.db
      .insertInto('packs')
      .values({ entry, person, ...pack })
      .execute()
    return entry
  })
}

/** Those that hold the entry `index`, oldest first. */
export async function packsSince(db: Kysely<Schema>, index: number): Promise<BuiltEvidence[]> {
  const rows = await db.selectFrom('packs').selectAll().where('size', '>', index).orderBy('entry').execute()
  return rows.map(({ from_ms, to_ms, ...row }) => ({ ...row, from: rfc3339(from_ms), to: rfc3339(to_ms) }))
}
