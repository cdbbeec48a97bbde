/** Lines of the people here, entry by entry from those that brought somebody in. spec/people.md (PPL-15). @module */
import type { Kysely } from 'kysely'
import { decodeEntry, type AnyEntry } from '../log/entries.ts'
import { areApart, type Line } from '../log/lines.ts'
import type { Schema } from '../ports/schema.ts'

type Db = Kysely<Schema>

/** Somebody who invited or endorsed a person. */
interface Bringer {
  readonly by: string
  /** Index of the entry. */
  readonly at: number
}

/** Whether these two may stand behind one recovery: neither could have made the other, nor somebody else both. */
export async function mayRecoverTogether(db: Db, a: string, b: string): Promise<boolean> {
  const first = await db
    .selectFrom('passkeys')
    .select('person')
    .orderBy('registration')
    .limit(1)
    .executeTakeFirst()
  const known: Known = new Map()
  const [lineOfA, lineOfB] = [await lineOf(db, known, a, Infinity), await lineOf(db, known, b, Infinity)]
  return areApart({ id: a, line: lineOfA }, { id: b, line: lineOfB }, first?.person ?? null)
}

/** By person and place of the log: whoever brought many in is asked for once. */
type Known = Map<string, Line>

/** @param before the index of an entry: what came later brought nobody in by then */
async function lineOf(db: Db, known: Known, person: string, before: number): Promise<Line> {
  const name = `${person} ${before}`
  const found = known.get(name)
  if (found !== undefined) return found
  const line = new Set<string>()
  for (const { by, at } of await bringersOf(db, person))
    if (at < before) for (const each of [by, ...(await lineOf(db, known, by, at))]) line.add(each)
  line.delete(person)
  known.set(name, line)
  return line
}

async function bringersOf(db: Db, person: string): Promise<Bringer[]> {
  const filed = await db.selectFrom('subjects').select('first').where('id', '=', person).executeTakeFirst()
  const row = await db.selectFrom('people').select('endorsed').where('id', '=', person).executeTakeFirst()
  const added = filed?.first ?? null
  const found = [
    ...bringer(await entryAt(db, added), added ?? 0),
    ...(await endorsersOf(db, person, row?.endorsed ?? null)),
  ]
  return found.filter(({ by }) => by !== person)
}

/** From the last endorsement back to that of the enrolment: of each recovery also who invited to it. */
async function endorsersOf(db: Db, person: string, last: number | null): Promise<Bringer[]> {
  const found: Bringer[] = []
  for (let at = last; at !== null;) {
    const endorsed = await entryAt(db, at)
    if (endorsed?.type !== 'person.endorsed') break
    found.push(...bringer(endorsed, at))
    const registered = await entryAt(db, endorsed.body.act.registration)
    if (registered?.type !== 'person.reregistered') break
    const { invitation } = registered.body
    const invited = await entryAt(db, invitation)
    // Who invited brought them in when it was endorsed, and not before.
    found.push(...bringer(invited, at))
    if (invited?.type !== 'person.recovery_invited') break
    at = await endorsementOf(db, person, invited.body.registration, invitation)
  }
  return found
}

/** Of a registration from before a recovery, which no register names: looked for where it can be. */
async function endorsementOf(
  db: Db,
  person: string,
  registration: number,
  before: number,
): Promise<number | null> {
  const rows = await db
    .selectFrom('entries')
    .select(['idx', 'bytes'])
    .where('idx', '>', registration)
    .where('idx', '<', before)
    .where('type', '=', 'person.endorsed')
    .execute()
  return rows.find(({ bytes }) => decodeEntry(bytes).subject === person)?.idx ?? null
}

function bringer(entry: AnyEntry | null, at: number): Bringer[] {
  return entry?.actor.kind === 'person' ? [{ by: entry.actor.id, at }] : []
}

/** @returns null: it was pruned */
async function entryAt(db: Db, index: number | null): Promise<AnyEntry | null> {
  if (index === null) return null
  const row = await db.selectFrom('entries').select('bytes').where('idx', '=', index).executeTakeFirst()
  return row === undefined ? null : decodeEntry(row.bytes)
}
