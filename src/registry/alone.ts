/**
 * What one person did alone: told at once, and waiting for somebody else to look at it. spec/alone.md (ALO-1 to ALO-3).
 * Invariant: whatever register logs it, no entry says `acted_alone: true` without its alert and its row in the same
 * transaction; the first endorsement of a log excepted, when there is nobody to tell.
 * @module
 */
import type { Kysely } from 'kysely'
import { businessDaysAfter } from '../core/business-days.ts'
import type { LoneOutcome } from '../log/alone-bodies.ts'
import { isLone, LONE_DAYS_MAX } from '../log/alone.ts'
import type { AnyEntry } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { withWrite, type NewEntry, type Store, type Tx } from '../ports/store.ts'
import { raise } from './alerts.ts'
import type { RegistryContext } from './context.ts'
import { namesOf } from './personal.ts'

type Db = Kysely<Schema>
export type LoneRow = Schema['lone_acts']

/** Of those that a list shows. */
const LISTED_MAX = 1_000

/** A store in which what one person does alone is told, and waits for a review, once its work is done (ALO-2). */
export function tellingAlone(store: Store): Store {
  return withWrite(store, (work, options) =>
    store.write(async (tx) => {
      const lone: LoggedLone[] = []
      const done = await work(noting(tx, lone))
      // After the work: a policy of alerts that it put in force is the one that they are handled by.
      for (const each of lone) await tellAlone(tx, each)
      return done
    }, options),
  )
}

interface LoggedLone {
  readonly index: number
  readonly entry: NewEntry
}

function noting(tx: Tx, lone: LoggedLone[]): Tx {
  return {
    db: tx.db,
    now: tx.now,
    append: async (entry) => {
      const index = await tx.append(entry)
      if (isLone(entry)) lone.push({ index, entry })
      return index
    },
  }
}

async function tellAlone(tx: Tx, { index, entry }: LoggedLone): Promise<void> {
  if (!(await insertLone(tx.db, { index, time_ms: tx.now }, entry))) return
  await raise(tx, {
    rule: 'ACTED_ALONE',
    subject: entry.subject ?? null,
    key: `alone/${index}`,
    detail: { type: entry.type, person: entry.actor.id },
    entries: [index],
    isEveryLogged: true,
  })
}

/** @returns whether it waits: not the endorsement with which a log begins (ALO-1) */
export async function insertLone(
  db: Db,
  { index, time_ms }: { readonly index: number; readonly time_ms: number },
  entry: NewEntry | AnyEntry,
): Promise<boolean> {
  if (entry.type === 'person.endorsed' && (await isFirst(db, entry.body.act.registration))) return false
  const { type, subject = null, actor } = entry
  const waits = { review: null, reviewer: null, reviewed: null, outcome: null, text_commit: null }
  await db
    .insertInto('lone_acts')
    .values({ entry: index, type, subject, person: actor.id, time: time_ms, ...waits })
    .execute()
  return true
}

/** Whether nobody registered before. */
async function isFirst(db: Db, registration: number): Promise<boolean> {
  const earlier = await db
    .selectFrom('passkeys')
    .select('person')
    .where('registration', '<', registration)
    .limit(1)
    .executeTakeFirst()
  return earlier === undefined
}

export async function markLoneReviewed(
  db: Db,
  of: number,
  review: { readonly review: number; readonly reviewer: string; readonly reviewed: number } & {
    readonly outcome: LoneOutcome
    readonly text_commit: string
  },
): Promise<void> {
  await db.updateTable('lone_acts').set(review).where('entry', '=', of).execute()
}

export interface LoneView extends Omit<LoneRow, 'text_commit'> {
  /** Until when another reviews it, in milliseconds. */
  readonly due: number
  /** Of the review; null: erased, or there is none. */
  readonly text: string | null
}

/** The latest first. @param isWaiting those alone that nobody reviewed */
export async function listLone(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Db,
  isWaiting: boolean,
): Promise<LoneView[]> {
  let query = db.selectFrom('lone_acts').selectAll().orderBy('entry', 'desc').limit(LISTED_MAX)
  if (isWaiting) query = query.where('review', 'is', null)
  const rows = await query.execute()
  const texts = await namesOf(
    ctx,
    db,
    rows.map(({ text_commit }) => text_commit),
  )
  return rows.map(({ text_commit, ...row }) => ({
    ...row,
    due: loneDue(row.time),
    text: texts.get(text_commit ?? '') ?? null,
  }))
}

/** Milliseconds. */
export function loneDue(time_ms: number): number {
  return businessDaysAfter(time_ms, LONE_DAYS_MAX)
}
