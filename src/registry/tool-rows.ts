/** A tool's registration, as the log and the table have it. spec/entries.md, spec/registers.md. @module */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { canonicalize, parseJson } from '../core/json.ts'
import { measuresSchema, type Actor, type EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'

/** `resources` are JSON Pointers to what a call touches (GRT-6), `definition` is JCS. */
export type ToolInput = EntryBody<'tool.registered'>

export interface Tool extends ToolInput {
  readonly id: string
}

/** Puts a registration in force and logs it. */
export async function pin(tx: Tx, actor: Actor, id: string, input: ToolInput): Promise<void> {
  const row = rowOf(input)
  await tx.db
    .insertInto('tools')
    .values({ id, ...row })
    .onConflict((on) => on.column('id').doUpdateSet(row))
    .execute()
  await tx.append({ type: 'tool.registered', actor, subject: id, body: { ...input } })
}

export function findTool(
  db: Kysely<Schema>,
  server: string,
  tool: string,
): Promise<Schema['tools'] | undefined> {
  return db
    .selectFrom('tools')
    .selectAll()
    .where('server', '=', server)
    .where('tool', '=', tool)
    .executeTakeFirst()
}

export function rowOf({
  measures,
  resources = [],
  definition,
  ...rest
}: ToolInput): Omit<Schema['tools'], 'id'> {
  return {
    ...rest,
    measures_json: canonicalize(measures),
    resources_json: canonicalize(resources),
    definition: definition ?? null,
  }
}

export function toolOf({ measures_json, resources_json, definition, ...rest }: Schema['tools']): Tool {
  const resources = z.array(z.string()).parse(parseJson(resources_json))
  const measures = measuresSchema.parse(parseJson(measures_json))
  return {
    ...rest,
    measures,
    ...(resources.length === 0 ? {} : { resources }),
    ...(definition === null ? {} : { definition }),
  }
}
