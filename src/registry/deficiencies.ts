/**
 * Deficiencies: opened, owned, repaired, retested by somebody else, closed. spec/deviations.md (DEF-1 to DEF-5).
 *
 *   open --note remediation--> repaired --retest: passed--> retested --close--> closed
 *                                  ^--------- failed ---------'
 *
 * Invariants: a date that has passed stays as it is; who owns or repaired a deficiency does not say that it is gone, or the
 * entry says so; nothing of a closed one changes.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { parseRfc3339 } from '../core/time.ts'
import { commitTo, type Committed } from '../log/commitment.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import {
  findDeficiency,
  insertDeficiency,
  insertDeficiencyNote,
  repairedBy,
  retestedAs,
  updateDeficiency,
  type DeficiencyRow,
} from './deficiency-rows.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { assertEntries } from './incident-rows.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, namesOf, wordsOf } from './personal.ts'

type Vaulted = Pick<RegistryContext, 'vault'>
export type DeficiencyPhase = EntryBody<'deficiency.noted'>['phase']
export type DeficiencyInput = EntryBody<'deficiency.opened'> & { readonly title: string }

/** Deficiencies that are open at once. */
const OPEN_MAX = 1_000
/** Notes of one of them. */
const NOTES_MAX = 1_000
/** Deficiencies that a list shows. */
const LISTED_MAX = 1_000

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_PERSON`, `UNKNOWN_ENTRY`, `LIMIT_EXCEEDED` */
export function openDeficiency(
  ctx: RegistryContext,
  person: string,
  { title, ...body }: DeficiencyInput,
): Promise<{ deficiency: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if (body.owner !== null) await findEnrolled(tx.db, body.owner)
    await assertEntries(tx, body.entries)
    const open = await tx.db.selectFrom('deficiencies').select('id').where('closed', 'is', null).execute()
    if (open.length >= OPEN_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${OPEN_MAX} deficiencies are open`)
    const id = newId(ctx.crypto, 'dfc', tx.now)
    const words = commitTo(ctx.crypto, title)
    const actor = personActor(person)
    const commitments = { title: words.commitment }
    const entry = await tx.append({ type: 'deficiency.opened', actor, subject: id, body, commitments })
    const stamp = { entry, time_ms: tx.now, actor: person }
    await insertDeficiency(tx.db, stamp, { id, title_commit: words.commitment }, body)
    await fileUnder(tx, { id, owner: null, first: entry })
    await keep(ctx, tx, id, 'title', words)
    return { deficiency: id, entry }
  })
}

async function findOpen(db: Kysely<Schema>, id: string): Promise<DeficiencyRow> {
  const row = await findDeficiency(db, id)
  if (row.closed !== null)
    throw new RegistryError('STATE_CONFLICT', 'the deficiency is closed: what comes up later is another one')
  return row
}

/** @throws {RegistryError} `UNKNOWN_DEFICIENCY`, `NOT_ENDORSED`, `UNKNOWN_PERSON`; `STATE_CONFLICT`: closed, or overdue */
export function assignDeficiency(
  ctx: RegistryContext,
  person: string,
  id: string,
  body: EntryBody<'deficiency.assigned'>,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findEnrolled(tx.db, body.owner)
    const row = await findOpen(tx.db, id)
    const due = parseRfc3339(body.due)
    if (row.due < tx.now && due !== row.due)
      throw new RegistryError('STATE_CONFLICT', 'it is overdue, and its date stays as it is')
    const entry = await tx.append({
      type: 'deficiency.assigned',
      actor: personActor(person),
      subject: id,
      body,
    })
    await updateDeficiency(tx.db, id, { owner: body.owner, due })
    return { entry }
  })
}

interface Said {
  readonly text: string
  readonly entries: readonly number[]
}

/** @throws {RegistryError} `UNKNOWN_DEFICIENCY`, `NOT_ENDORSED`, `UNKNOWN_ENTRY`, `STATE_CONFLICT`, `LIMIT_EXCEEDED` */
export function noteDeficiency(
  ctx: RegistryContext,
  person: string,
  id: string,
  { phase, text, entries }: Said & { readonly phase: DeficiencyPhase },
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOpen(tx.db, id)
    await assertNotable(tx, id, entries)
    const words = commitTo(ctx.crypto, text)
    const actor = personActor(person)
    const body = { phase, entries: [...entries] }
    const commitments = { text: words.commitment }
    const entry = await tx.append({ type: 'deficiency.noted', actor, subject: id, body, commitments })
    const stamp = { entry, time_ms: tx.now, actor: person }
    await insertDeficiencyNote(tx.db, id, stamp, phase, words.commitment)
    if (phase === 'remediation') await updateDeficiency(tx.db, id, repairedBy(stamp))
    await keep(ctx, tx, id, 'text', words)
    return { entry }
  })
}

async function assertNotable(tx: Tx, id: string, entries: readonly number[]): Promise<void> {
  await assertEntries(tx, entries)
  const notes = tx.db.selectFrom('deficiency_notes').select('entry').where('deficiency', '=', id)
  if ((await notes.execute()).length >= NOTES_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', `a deficiency has at most ${NOTES_MAX} notes`)
}

/**
 * @throws {RegistryError} `UNKNOWN_DEFICIENCY`, `NOT_ENDORSED`, `UNKNOWN_ENTRY`; `STATE_CONFLICT`: closed, or nothing was
 * repaired; `SAME_PERSON`: by who owns or repaired it
 */
export function retestDeficiency(
  ctx: RegistryContext,
  person: string,
  id: string,
  { result, text, entries }: Said & Pick<EntryBody<'deficiency.retested'>, 'result'>,
): Promise<{ entry: number; acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { remediation, owner, repairer } = await findOpen(tx.db, id)
    if (remediation === null)
      throw new RegistryError('STATE_CONFLICT', 'say first what was done: "countersign deficiency repair"')
    const acted_alone = person === owner || person === repairer
    if (acted_alone && ctx.separation === 'independent')
      throw new RegistryError('SAME_PERSON', 'who owns or repaired it does not retest it: ask another person')
    await assertNotable(tx, id, entries)
    const words: Committed = commitTo(ctx.crypto, text)
    const body = { remediation, result, entries: [...entries], acted_alone }
    const actor = personActor(person)
    const commitments = { text: words.commitment }
    const entry = await tx.append({ type: 'deficiency.retested', actor, subject: id, body, commitments })
    await insertDeficiencyNote(tx.db, id, { entry, time_ms: tx.now, actor: person }, result, words.commitment)
    await updateDeficiency(tx.db, id, retestedAs({ entry }, body))
    await keep(ctx, tx, id, 'text', words)
    return { entry, acted_alone }
  })
}

/** DEF-5. */
export const deficiencyClosing: ApprovalTerms<'deficiency.closed'> = {
  type: 'deficiency.closed',
  notOwn: 'who owns a deficiency does not close it: ask another person',
  async find({ db }, { id }, approver) {
    const { entry: opened, owner, remediation, retest } = await findOpen(db, id)
    if (owner === null || remediation === null || retest === null) {
      const missing = [
        ...(owner === null ? ['an owner'] : []),
        ...(remediation === null ? ['what was done'] : []),
        ...(retest === null ? ['a retest of it that passed'] : []),
      ]
      throw new RegistryError('STATE_CONFLICT', `before it is closed it needs ${missing.join(', ')}`)
    }
    const act = {
      act: 'deficiency.close',
      deficiency: id,
      opened,
      remediation,
      retest,
      approver,
    } as const
    return { act, askedBy: [owner] }
  },
  async settle(tx, { key: { id }, approval }) {
    await updateDeficiency(tx.db, id, { closed: tx.now, closing: approval })
  },
}

export interface DeficiencyView extends Omit<DeficiencyRow, 'title_commit' | 'criteria_json'> {
  readonly criteria: readonly string[]
  /** Null: erased. */
  readonly title: string | null
  readonly status: 'open' | 'repaired' | 'retested' | 'closed'
}

function viewOf(of: DeficiencyRow, title: string | null): DeficiencyView {
  const { title_commit: _commit, criteria_json, ...row } = of
  const open = row.retest !== null ? 'retested' : row.remediation !== null ? 'repaired' : 'open'
  const status = row.closed !== null ? 'closed' : open
  return { ...row, criteria: parseJson(criteria_json) as string[], title, status }
}

/** What is due first comes first, the closed ones last. */
export async function listDeficiencies(
  ctx: Vaulted,
  db: Kysely<Schema>,
  open: boolean,
): Promise<DeficiencyView[]> {
  const all = db.selectFrom('deficiencies').selectAll().orderBy('due').orderBy('id').limit(LISTED_MAX)
  const rows = await (open ? all.where('closed', 'is', null) : all).execute()
  const titles = await namesOf(
    ctx,
    db,
    rows.map(({ title_commit }) => title_commit),
  )
  return rows
    .map((row) => viewOf(row, titles.get(row.title_commit ?? '') ?? null))
    .toSorted((a, b) => Number(a.closed !== null) - Number(b.closed !== null))
}

export interface DeficiencyNote extends Omit<Schema['deficiency_notes'], 'deficiency' | 'text_commit'> {
  /** Null: erased. */
  readonly text: string | null
}

/** @throws {RegistryError} `UNKNOWN_DEFICIENCY` */
export async function showDeficiency(
  ctx: Vaulted,
  db: Kysely<Schema>,
  id: string,
): Promise<DeficiencyView & { readonly notes: readonly DeficiencyNote[] }> {
  const row = await findDeficiency(db, id)
  const all = db.selectFrom('deficiency_notes').selectAll().where('deficiency', '=', id).orderBy('entry')
  const notes = await Promise.all(
    (await all.execute()).map(async ({ entry, phase, author, time, text_commit }) => ({
      entry,
      phase,
      author,
      time,
      text: await wordsOf(ctx, db, text_commit),
    })),
  )
  return { ...viewOf(row, await wordsOf(ctx, db, row.title_commit)), notes }
}
