/**
 * Statements as the log has them: what points read, and hand in what is not there. spec/kill.md (KIL-13).
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import { statementSchema, type Statement } from '../revoke/statement.ts'

/** Statements in one answer: each is at most 48 KiB. */
export const STATEMENTS_MAX = 200

export async function find(
  db: Kysely<Schema>,
  kind: Schema['statements']['kind'],
  name: string,
): Promise<Statement | null> {
  const row = await db
    .selectFrom('statements')
    .select('statement_json')
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst()
  return row === undefined ? null : statementSchema.parse(parseJson(row.statement_json))
}

export async function keepStatement(
  db: Kysely<Schema>,
  entry: number,
  kind: Schema['statements']['kind'],
  name: string,
  statement: Statement,
): Promise<void> {
  const statement_json = canonicalize({ ...statement })
  await db.insertInto('statements').values({ entry, kind, name, statement_json }).execute()
}

/** In the order of the log, without the kills that were lifted: who has the lifts needs none of them (KIL-5). */
export async function statementsFrom(
  db: Kysely<Schema>,
  after: number,
): Promise<{ statements: Statement[]; next: number }> {
  const rows = await db
    .selectFrom('statements')
    .leftJoin('lifted', 'lifted.kill', 'statements.name')
    .select(['statements.entry', 'statement_json'])
    .where('statements.entry', '>=', after)
    .where((eb) => eb.or([eb('kind', '!=', 'kill'), eb('lifted.kill', 'is', null)]))
    .orderBy('statements.entry')
    .limit(STATEMENTS_MAX)
    .execute()
  const last = rows.at(-1)
  return {
    statements: rows.map((row) => statementSchema.parse(parseJson(row.statement_json))),
    next: last === undefined ? after : last.entry + 1,
  }
}
