/** Names that people gave to what identifiers mean, for showing beside them. Nobody signs a name. @module */
import type { Kysely } from 'kysely'
import { consentRecordSchema } from '../core/consent.ts'
import { termName } from '../core/dpv.ts'
import { parseJson, type JsonValue } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { namesOf } from './personal.ts'

/** Identifiers looked up at once: a root names 32 people and 16 points. */
const IDS_MAX = 256

/** @returns the name of each identifier in `value` that has one */
export async function namesIn(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  value: JsonValue,
): Promise<Readonly<Record<string, string>>> {
  const ids = [...new Set(stringsIn(value))].filter((text) => /^(?:per|rev|agt|pnt|sys|tol)_/.test(text))
  const wanted = ids.slice(0, IDS_MAX)
  if (wanted.length === 0) return {}
  const people = await db
    .selectFrom('people')
    .select(['id', 'rev', 'name_commit'])
    .where((eb) => eb.or([eb('id', 'in', wanted), eb('rev', 'in', wanted)]))
    .execute()
  const names = await namesOf(
    ctx,
    db,
    people.map((row) => row.name_commit),
  )
  const others = await Promise.all(
    (['agents', 'points', 'systems'] as const).map((table) =>
      db.selectFrom(table).select(['id', 'name']).where('id', 'in', wanted).execute(),
    ),
  )
  const tools = await db
    .selectFrom('tools')
    .select(['id', 'server', 'tool'])
    .where('id', 'in', wanted)
    .execute()
  const consents = await db
    .selectFrom('consents')
    .select(['id', 'rev', 'subject', 'record_json'])
    .where('rev', 'in', wanted)
    .execute()
  const found = [
    ...consents.map(({ rev, ...row }) => [rev, consentName(row)]),
    ...people.flatMap(({ id, rev, name_commit }) => {
      const name = names.get(name_commit ?? '')
      return name === undefined ? [] : [id, rev ?? ''].map((each) => [each, name])
    }),
    ...others.flat().map(({ id, name }) => [id, name]),
    ...tools.map(({ id, server, tool }) => [id, `${tool} of ${server}`]),
  ]
  return Object.fromEntries(found.filter(([id]) => wanted.includes(id ?? ''))) as Record<string, string>
}

/** Nobody is asked to know a person by a pseudonym: it is what stands in registers, receipts and the log. */
function consentName({
  id,
  subject,
  record_json,
}: Pick<Schema['consents'], 'id' | 'subject' | 'record_json'>): string {
  const { purposes } = consentRecordSchema.parse(parseJson(record_json))
  return `the data subject ${subject} alone, by consent ${id}, given for ${purposes.map(termName).join(', ')}`
}

function stringsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((member) => stringsIn(member))
}
