/**
 * What falls due, said by alerts 14, 7, 3 and 0 days before. spec/capacity.md (CAP-3). Each thing is said once a step, whoever
 * looks and how often, and again each week that it is late, for so long is a finding remembered (ALR-4).
 * @module
 */
import type { Kysely } from 'kysely'
import { dueNotices } from '../core/breach.ts'
import { businessDaysAfter } from '../core/business-days.ts'
import { basisSchema } from '../core/consent.ts'
import { parseJson } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import { outputPolicySchema } from '../core/output.ts'
import { decodeEntry } from '../log/entries.ts'
import { REVIEW_LISTS } from '../log/governance-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Store } from '../ports/store.ts'
import { loneDue } from '../registry/alone.ts'
import { raise } from '../registry/alerts.ts'
import { OVERDUE_MS } from '../registry/drills.ts'

const DAY_MS = 24 * 3600 * 1000
/** Days before. */
const STEPS = [14, 7, 3, 0] as const
/** Of what is late it is said for so long, and then it is somebody's decision. */
const LATE_MS = 30 * DAY_MS
/** What lives shorter, a delegation or an account of a program, ends by itself all the time. */
const LONG_LIVED_MS = 14 * DAY_MS
const QUARTER_MS = 92 * DAY_MS
/** Business days. */
const EMERGENCY_DAYS = 2
const INCIDENT_MS = 7 * DAY_MS
/** Reminders of one look: more than that says less. */
const LOOK_MAX = 500

export interface Due {
  /** What falls due: `drill`, `basis`, … */
  readonly what: string
  /** Identifier of it, or of whom it is about. */
  readonly subject: string | null
  /** Milliseconds. */
  readonly at: number
  /** Whose it is, where the identifier alone tells people nothing. */
  readonly agent?: string
}

type Db = Kysely<Schema>

/** The step that is due for something, or null: too early, or too late. */
export function stepOf(at_ms: number, now_ms: number): number | null {
  if (now_ms > at_ms + LATE_MS) return null
  return STEPS.findLast((days) => now_ms >= at_ms - days * DAY_MS) ?? null
}

/** @returns how many were raised */
export async function remind(store: Store): Promise<number> {
  const [first] = await store.entries.read(0, 1)
  if (first === undefined) return 0
  const begun_ms = Date.parse(decodeEntry(first).time)
  const now_ms = await store.now()
  const due = await store.query((db) => allDue(db, { begun_ms, now_ms }))
  const steps = due.flatMap((one) => {
    const days = stepOf(one.at, now_ms)
    return days === null
      ? []
      : [{ ...one, days, key: `due/${one.what}/${one.subject ?? ''}/${one.at}/${days}` }]
  })
  const known = await store.query((db) =>
    knownOf(
      db,
      steps.map(({ key }) => key),
    ),
  )
  const fresh = steps.filter(({ key }) => !known.has(key)).slice(0, LOOK_MAX)
  if (fresh.length === 0) return 0
  await store.write(async (tx) => {
    for (const { what, subject, at, days, key, agent } of fresh)
      await raise(tx, {
        rule: 'REMINDER',
        key,
        // What is of the whole installation is an alert of its own, too.
        subject: subject ?? what,
        detail: { what, due: rfc3339(at), days, ...(agent === undefined ? {} : { agent }) },
        entries: [],
      })
  })
  return fresh.length
}

async function knownOf(db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (let at = 0; at < keys.length; at += 500) {
    const some = keys.slice(at, at + 500)
    const rows = await db.selectFrom('alert_keys').select('key').where('key', 'in', some).execute()
    for (const { key } of rows) known.add(key)
  }
  return known
}

interface Looking {
  /** When the log began. */
  readonly begun_ms: number
  readonly now_ms: number
}

async function allDue(db: Db, { begun_ms, now_ms }: Looking): Promise<Due[]> {
  const all = await Promise.all([
    drills(db, begun_ms),
    bases(db, now_ms),
    reviewers(db),
    requests(db),
    delegations(db, now_ms),
    incidents(db),
    restoreTests(db, begun_ms),
    accessReviews(db, begun_ms),
    deficiencies(db),
    notices(db),
    emergencies(db),
    loneActs(db),
    assessments(db),
    serviceAccounts(db, now_ms),
  ])
  return all.flat()
}

async function drills(db: Db, begun_ms: number): Promise<Due[]> {
  const last = await db
    .selectFrom('drills')
    .select((eb) => eb.fn.max('closed_ms').as('at'))
    .executeTakeFirst()
  return [{ what: 'drill', subject: null, at: (last?.at ?? begun_ms) + OVERDUE_MS }]
}

async function bases(db: Db, now_ms: number): Promise<Due[]> {
  const rows = await db.selectFrom('bases').selectAll().where('status', '=', 'approved').execute()
  return rows
    .map(({ id, basis_json }) => ({
      what: 'basis',
      subject: id,
      at: basisSchema.parse(parseJson(basis_json)).expires * 1000,
    }))
    .filter(({ at }) => at > now_ms - LATE_MS)
}

/** Trainings of reviewers, as the output policy in force says. */
async function reviewers(db: Db): Promise<Due[]> {
  const row = await db
    .selectFrom('output_policies')
    .select('policy_json')
    .where('status', '=', 'active')
    .executeTakeFirst()
  if (row === undefined) return []
  const { kinds } = outputPolicySchema.parse(parseJson(row.policy_json))
  const ends = new Map<string, number>()
  for (const { person, trained_until } of kinds.flatMap((kind) => kind.reviewers)) {
    const at = Date.parse(trained_until)
    ends.set(person, Math.min(at, ends.get(person) ?? at))
  }
  return [...ends].map(([subject, at]) => ({ what: 'training', subject, at }))
}

async function requests(db: Db): Promise<Due[]> {
  const rows = await db
    .selectFrom('subject_requests')
    .select(['id', 'due'])
    .where('status', '=', 'open')
    .execute()
  return rows.map(({ id, due }) => ({ what: 'subject_request', subject: id, at: due }))
}

async function delegations(db: Db, now_ms: number): Promise<Due[]> {
  const now_s = Math.floor(now_ms / 1000)
  const rows = await db
    .selectFrom('delegations')
    .select(['jti', 'exp', 'issued', 'agent'])
    .where('revoked', '=', 0)
    .where('exp', '>', now_s)
    .where('exp', '<=', now_s + 14 * 24 * 3600)
    .limit(LOOK_MAX)
    .execute()
  return rows
    .filter(({ exp, issued }) => exp * 1000 - issued > LONG_LIVED_MS)
    .map(({ jti, exp, agent }) => ({ what: 'delegation', subject: jti, at: exp * 1000, agent }))
}

async function incidents(db: Db): Promise<Due[]> {
  const rows = await db.selectFrom('incidents').select(['id', 'opened']).where('closed', 'is', null).execute()
  return rows.map(({ id, opened }) => ({ what: 'incident', subject: id, at: opened + INCIDENT_MS }))
}

async function restoreTests(db: Db, begun_ms: number): Promise<Due[]> {
  const last = await db
    .selectFrom('entries')
    .select('bytes')
    .where('type', '=', 'restore.tested')
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  const tested_ms =
    last === undefined || last.bytes.length === 0 ? begun_ms : Date.parse(decodeEntry(last.bytes).time)
  return [{ what: 'restore_test', subject: null, at: tested_ms + QUARTER_MS }]
}

/** DEF-6. */
async function deficiencies(db: Db): Promise<Due[]> {
  const rows = await db.selectFrom('deficiencies').select(['id', 'due']).where('closed', 'is', null).execute()
  return rows.map(({ id, due }) => ({ what: 'deficiency', subject: id, at: due }))
}

/** VND-5: those in force, and of vendors that are still there. */
async function assessments(db: Db): Promise<Due[]> {
  const rows = await db
    .selectFrom('vendors')
    .innerJoin('assessments', 'assessments.entry', 'vendors.assessment')
    .select(['vendors.id', 'assessments.valid_until', 'assessments.next_review'])
    .execute()
  return rows.map(({ id, valid_until, next_review }) => ({
    what: 'vendor',
    subject: id,
    at: Math.min(valid_until, next_review),
  }))
}

/** SVC-18: of a program that asks with a key of its own, long enough for another to be proposed. */
async function serviceAccounts(db: Db, now_ms: number): Promise<Due[]> {
  const rows = await db
    .selectFrom('service_accounts')
    .select(['id', 'expires', 'approved'])
    .where('approved', 'is not', null)
    .where('ended', 'is', null)
    .where('expires', '>', now_ms - LATE_MS)
    .execute()
  return rows
    .filter(({ expires, approved }) => approved !== null && expires - approved > LONG_LIVED_MS)
    .map(({ id, expires }) => ({ what: 'service_account', subject: id, at: expires }))
}

/** BRC-6: those that the risk in force asks for, and that nobody gave. */
async function notices(db: Db): Promise<Due[]> {
  const rows = await db.selectFrom('breaches').selectAll().where('closed', 'is', null).execute()
  const given = await db.selectFrom('breach_notices').select(['breach', 'told', 'jurisdiction']).execute()
  return rows.flatMap(({ id, aware, jurisdictions_json, risk }) =>
    dueNotices(aware, parseJson(jurisdictions_json) as string[], () => risk)
      .filter(
        ({ to, jurisdiction }) =>
          !given.some((one) => one.breach === id && one.told === to && one.jurisdiction === jurisdiction),
      )
      .map(({ to, due_ms }) => ({ what: `breach_notice_${to}`, subject: id, at: due_ms })),
  )
}

/** EMA-3. */
async function emergencies(db: Db): Promise<Due[]> {
  const rows = await db
    .selectFrom('emergencies')
    .select(['id', 'granted'])
    .where('review', 'is', null)
    .execute()
  return rows.map(({ id, granted }) => ({
    what: 'emergency_review',
    subject: id,
    at: businessDaysAfter(granted, EMERGENCY_DAYS),
  }))
}

/** ALO-3: by the index of the entry. */
async function loneActs(db: Db): Promise<Due[]> {
  const rows = await db
    .selectFrom('lone_acts')
    .select(['entry', 'time'])
    .where('review', 'is', null)
    .execute()
  return rows.map(({ entry, time }) => ({
    what: 'alone_review',
    subject: String(entry),
    at: loneDue(time),
  }))
}

/** ACR-8, ROL-7: of each list. */
async function accessReviews(db: Db, begun_ms: number): Promise<Due[]> {
  const rows = await db
    .selectFrom('access_reviews')
    .select((eb) => ['list', eb.fn.max('opened').as('at')])
    .groupBy('list')
    .execute()
  return REVIEW_LISTS.map((list) => ({
    what: list === 'roles' ? 'role_review' : 'access_review',
    subject: null,
    at: (rows.find((row) => row.list === list)?.at ?? begun_ms) + QUARTER_MS,
  }))
}
