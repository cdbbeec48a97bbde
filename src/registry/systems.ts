/** Systems: the in-scope services that agents touch. @module */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

export interface System {
  readonly id: string
  readonly name: string
}

/** @throws {RegistryError} `STATE_CONFLICT`: a system of that name exists. */
export function addSystem(ctx: RegistryContext, actor: Actor, name: string): Promise<System> {
  return ctx.store.write(async (tx) => {
    const taken = await tx.db.selectFrom('systems').select('id').where('name', '=', name).executeTakeFirst()
    if (taken)
      throw new RegistryError(
        'STATE_CONFLICT',
        'a system of that name is registered already: use it, or choose another name',
      )
    const id = newId(ctx.crypto, 'sys', tx.now)
    await tx.db.insertInto('systems').values({ id, name }).execute()
    await tx.append({ type: 'system.added', actor, subject: id, body: { name } })
    return { id, name }
  })
}

export async function listSystems(db: Kysely<Schema>): Promise<System[]> {
  return db.selectFrom('systems').selectAll().orderBy('id').execute()
}

/** @throws {RegistryError} `UNKNOWN_SYSTEM` */
export async function assertSystems(db: Kysely<Schema>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const known = await db.selectFrom('systems').select('id').where('id', 'in', ids).execute()
  if (known.length !== new Set(ids).size) throw new RegistryError('UNKNOWN_SYSTEM', 'no such system')
}
