/**
 * Tools as they were approved: the hash of the definition and how a call is measured. spec/delegation.md (GRT-4).
 * A changed definition is a new registration; until then the points deny it.
 * @module
 */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { measuresSchema, type Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { assertSystems } from './systems.ts'

export type Measures = z.infer<typeof measuresSchema>

export interface ToolInput {
  readonly system: string
  readonly server: string
  readonly tool: string
  readonly definition_hash: string
  readonly measures: Measures
  /** JSON Pointers to what a call touches (GRT-6). */
  readonly resources?: string[]
}

export interface Tool extends ToolInput {
  readonly id: string
}

/**
 * Registers a tool, or its new definition. Idempotent for the same definition.
 * @throws {RegistryError} `UNKNOWN_SYSTEM`
 */
export function registerTool(ctx: RegistryContext, actor: Actor, input: ToolInput): Promise<Tool> {
  return ctx.store.write(async (tx) => {
    await assertSystems(tx.db, [input.system])
    const { measures, resources = [], ...rest } = input
    const row = { ...rest, measures_json: canonicalize(measures), resources_json: canonicalize(resources) }
    const known = await tx.db
      .selectFrom('tools')
      .selectAll()
      .where('server', '=', input.server)
      .where('tool', '=', input.tool)
      .executeTakeFirst()
    const id = known?.id ?? newId(ctx.crypto, 'tol', tx.now)
    if (known && canonicalize({ ...known }) === canonicalize({ id, ...row })) return { id, ...input }
    if (known) await tx.db.updateTable('tools').set(row).where('id', '=', id).execute()
    else
      await tx.db
        .insertInto('tools')
        .values({ id, ...row })
        .execute()
    await tx.append({ type: 'tool.registered', actor, subject: id, body: { ...input } })
    return { id, ...input }
  })
}

/** @param servers only the tools of those */
export async function listTools(db: Kysely<Schema>, servers?: readonly string[]): Promise<Tool[]> {
  let query = db.selectFrom('tools').selectAll().orderBy('server').orderBy('tool')
  if (servers !== undefined) query = query.where('server', 'in', servers)
  const rows = await query.execute()
  return rows.map(({ measures_json, resources_json, ...rest }) => {
    const resources = z.array(z.string()).parse(parseJson(resources_json))
    const measures = measuresSchema.parse(parseJson(measures_json))
    return { ...rest, measures, ...(resources.length === 0 ? {} : { resources }) }
  })
}
