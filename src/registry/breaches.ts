/**
 * Breaches of personal data: recorded, assessed, told to whoever is to know, closed by somebody else. spec/breaches.md
 * (BRC-1 to BRC-5). Invariants: no data subject is named; a breach is not closed while somebody is still to be told.
 * @module
 */
import type { Kysely } from 'kysely'
import { dueNotices, type DueNotice } from '../core/breach.ts'
import { isCategory } from '../core/dpv.ts'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import { commitTo } from '../log/commitment.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Breach } from '../log/breach-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { findBreach, insertBreach, insertBreachNotice, updateBreach, type BreachRow } from './breach-rows.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { assertEntries, findIncident } from './incident-rows.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, namesOf, wordsOf } from './personal.ts'

type Vaulted = Pick<RegistryContext, 'vault'>

/** Breaches that are open at once. */
const OPEN_MAX = 1_000
/** Notices of one of them. */
const NOTICES_MAX = 1_000
/** Breaches that a list shows. */
const LISTED_MAX = 1_000

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_INCIDENT`, `UNKNOWN_ENTRY`, `TERM_UNKNOWN`, `STATE_CONFLICT`, `LIMIT_EXCEEDED` */
export function recordBreach(
  ctx: RegistryContext,
  person: string,
  { text, ...body }: Breach & { readonly text: string },
): Promise<{ breach: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if (body.incident !== null) await findIncident(tx.db, body.incident)
    await assertEntries(tx, body.entries)
    if (!body.categories.every(isCategory))
      throw new RegistryError('TERM_UNKNOWN', 'a category is a term of the Data Privacy Vocabulary')
    if (parseRfc3339(body.aware) > tx.now)
      throw new RegistryError('STATE_CONFLICT', 'nobody knew of it at a time that is still to come')
    const open = await tx.db.selectFrom('breaches').select('id').where('closed', 'is', null).execute()
    if (open.length >= OPEN_MAX) throw new RegistryError('LIMIT_EXCEEDED', `${OPEN_MAX} breaches are open`)
    const id = newId(ctx.crypto, 'brc', tx.now)
    const words = commitTo(ctx.crypto, text)
    const actor = personActor(person)
    const commitments = { text: words.commitment }
    const entry = await tx.append({ type: 'breach.recorded', actor, subject: id, body, commitments })
    const of = { entry, time_ms: tx.now, actor: person }
    await insertBreach(tx.db, id, of, { body, text_commit: words.commitment })
    await fileUnder(tx, { id, owner: null, first: entry })
    await keep(ctx, tx, id, 'text', words)
    return { breach: id, entry }
  })
}

async function findOpen(db: Kysely<Schema>, id: string): Promise<BreachRow> {
  const row = await findBreach(db, id)
  if (row.closed !== null)
    throw new RegistryError('STATE_CONFLICT', 'the breach is closed: what comes up later is another one')
  return row
}

/** @throws {RegistryError} `UNKNOWN_BREACH`, `NOT_ENDORSED`, `STATE_CONFLICT` */
export function assessBreach(
  ctx: RegistryContext,
  person: string,
  id: string,
  body: EntryBody<'breach.assessed'>,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOpen(tx.db, id)
    const entry = await tx.append({ type: 'breach.assessed', actor: personActor(person), subject: id, body })
    await updateBreach(tx.db, id, body)
    return { entry }
  })
}

/** @throws {RegistryError} `UNKNOWN_BREACH`, `NOT_ENDORSED`, `UNKNOWN_ENTRY`, `LIMIT_EXCEEDED`; `STATE_CONFLICT`: closed, or no such time */
export function notifyBreach(
  ctx: RegistryContext,
  person: string,
  id: string,
  { text, ...body }: EntryBody<'breach.notified'> & { readonly text: string },
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { aware, jurisdictions_json } = await findOpen(tx.db, id)
    await assertEntries(tx, body.entries)
    if (!(parseJson(jurisdictions_json) as string[]).includes(body.jurisdiction))
      throw new RegistryError('STATE_CONFLICT', `the breach is none of ${body.jurisdiction}`)
    const at_ms = parseRfc3339(body.at)
    if (at_ms < aware || at_ms > tx.now)
      throw new RegistryError(
        'STATE_CONFLICT',
        'a notice is given after the company knew, and not in time to come',
      )
    const known = tx.db.selectFrom('breach_notices').select('entry').where('breach', '=', id)
    if ((await known.execute()).length >= NOTICES_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `a breach has at most ${NOTICES_MAX} notices`)
    const words = commitTo(ctx.crypto, text)
    const actor = personActor(person)
    const commitments = { text: words.commitment }
    const entry = await tx.append({ type: 'breach.notified', actor, subject: id, body, commitments })
    const said = { body, text_commit: words.commitment }
    await insertBreachNotice(tx.db, id, { entry, actor: person }, said)
    await keep(ctx, tx, id, 'text', words)
    return { entry }
  })
}

/** Notices that are wanted by the risk in force, each given or not. */
function wantedOf({ aware, jurisdictions_json, risk }: BreachRow): DueNotice[] {
  return dueNotices(aware, parseJson(jurisdictions_json) as string[], () => risk)
}

/** BRC-5. */
export const breachClosing: ApprovalTerms<'breach.closed'> = {
  type: 'breach.closed',
  notOwn: 'who recorded a breach does not close it: ask another person',
  async find({ db }, { id }, approver) {
    const row = await findOpen(db, id)
    const given = await db.selectFrom('breach_notices').selectAll().where('breach', '=', id).execute()
    const missing = wantedOf(row).filter(
      ({ to, jurisdiction }) => !given.some((one) => one.told === to && one.jurisdiction === jurisdiction),
    )
    if (missing.length > 0) {
      const whom = missing.map(({ to, jurisdiction }) => `${to} of ${jurisdiction}`)
      throw new RegistryError('STATE_CONFLICT', `before it is closed, tell: ${whom.join(', ')}`)
    }
    const over = { breach: id, recorded: row.entry, risk: row.risk, notices_n: given.length }
    return { act: { act: 'breach.close', ...over, approver }, askedBy: [row.recorder] }
  },
  async settle(tx, { key: { id }, approval }) {
    await updateBreach(tx.db, id, { closed: tx.now, closing: approval })
  },
}

export interface BreachView extends Omit<
  BreachRow,
  'text_commit' | 'jurisdictions_json' | 'categories_json'
> {
  readonly jurisdictions: readonly string[]
  readonly categories: readonly string[]
  /** Null: erased. */
  readonly text: string | null
  readonly wanted: readonly { readonly to: string; readonly jurisdiction: string; readonly due: string }[]
}

function viewOf(row: BreachRow, text: string | null): BreachView {
  const { text_commit: _commit, jurisdictions_json, categories_json, ...rest } = row
  return {
    ...rest,
    jurisdictions: parseJson(jurisdictions_json) as string[],
    categories: parseJson(categories_json) as string[],
    text,
    wanted: wantedOf(row).map(({ to, jurisdiction, due_ms }) => ({ to, jurisdiction, due: rfc3339(due_ms) })),
  }
}

/** The latest first. */
export async function listBreaches(ctx: Vaulted, db: Kysely<Schema>): Promise<BreachView[]> {
  const rows = await db
    .selectFrom('breaches')
    .selectAll()
    .orderBy('entry', 'desc')
    .limit(LISTED_MAX)
    .execute()
  const texts = await namesOf(
    ctx,
    db,
    rows.map(({ text_commit }) => text_commit),
  )
  return rows.map((row) => viewOf(row, texts.get(row.text_commit) ?? null))
}

export interface BreachNotice {
  readonly entry: number
  readonly to: string
  readonly jurisdiction: string
  readonly at: number
  readonly author: string
  /** Null: erased. */
  readonly text: string | null
}

/** @throws {RegistryError} `UNKNOWN_BREACH` */
export async function showBreach(
  ctx: Vaulted,
  db: Kysely<Schema>,
  id: string,
): Promise<BreachView & { readonly notices: readonly BreachNotice[] }> {
  const row = await findBreach(db, id)
  const all = db.selectFrom('breach_notices').selectAll().where('breach', '=', id).orderBy('entry')
  const notices = await Promise.all(
    (await all.execute()).map(async ({ entry, told: to, jurisdiction, at, author, text_commit }) => ({
      entry,
      to,
      jurisdiction,
      at,
      author,
      text: await wordsOf(ctx, db, text_commit),
    })),
  )
  return { ...viewOf(row, await wordsOf(ctx, db, row.text_commit)), notices }
}
