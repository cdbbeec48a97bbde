/**
 * Alerts: the one way in which something that should not be is said, taken and closed. spec/alerts.md (ALR-3 to ALR-7).
 *
 *   open --acknowledge--> acknowledged --close--> closed      (an open one may be closed at once)
 *
 * Invariant: of a rule and a subject at most one alert is open; the same finding counts once, however often it is made.
 * @module
 */
import type { Kysely } from 'kysely'
import { termsOf, type Disposition, type Triage } from '../core/alert.ts'
import { ALERT_ENTRIES_MAX } from '../log/alert-bodies.ts'
import type { Finding } from '../observe/fold.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { alertPolicyInForce } from './alert-policies.ts'
import {
  alertId,
  alertView,
  findAlert,
  recordAcknowledged,
  recordClosed,
  recordRaised,
  rememberKey,
  type AlertRow,
  type AlertView,
} from './alert-rows.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { noticeAfter, noticeRaised } from './notifications.ts'
import { findEnrolled } from './people.ts'

const MINUTE_MS = 60_000

export interface Raisable extends Finding {
  /** A register or a reader rests on each, so that none is only counted (ALR-6). */
  readonly isEveryLogged?: true
}

export interface Raised {
  readonly alert: string
  /** Index of its entry; null: it was counted only. */
  readonly entry: number | null
  readonly isNew: boolean
}

/** @returns null: that finding was raised before */
export async function raise(tx: Tx, finding: Raisable): Promise<Raised | null> {
  const { rule, key } = finding
  const detail = plainDetail(finding.detail)
  const subject = finding.subject ?? ''
  if (await isKnown(tx.db, { rule, subject, key })) return null
  const { policy, approval } = await alertPolicyInForce(tx.db)
  const { quiet_min, severity, triage_min } = termsOf(policy, rule)
  const open = await openAlert(tx.db, finding)
  const n = (open?.count ?? 0) + 1
  const isAgain = open !== undefined && tx.now - open.last >= quiet_min * MINUTE_MS
  const isEach = finding.isEveryLogged === true || finding.canary === true
  if (open !== undefined && !isAgain && !isEach && !isPowerOfTen(n)) {
    await count(tx, open, n, key)
    return { alert: open.id, entry: null, isNew: false }
  }
  const terms =
    open === undefined
      ? { severity, triage_min, policy: approval }
      : { severity: open.severity, triage_min: open.triage_min, policy: open.policy }
  const body = {
    rule,
    ...terms,
    of: open?.entry ?? null,
    n,
    key,
    detail,
    entries: finding.entries.slice(0, ALERT_ENTRIES_MAX),
    ...(finding.canary === true ? { canary: true as const } : {}),
  }
  const about = finding.subject === null ? {} : { subject: finding.subject }
  const index = await tx.append({ type: 'alert.raised', actor: SYSTEM, ...about, body })
  await recordRaised(tx.db, { index, time_ms: tx.now, subject }, body)
  const alert = alertId(open?.entry ?? index)
  const canary = finding.canary === true ? 1 : 0
  await noticeRaised(tx, policy, { id: alert, severity: terms.severity, canary }, n)
  return { alert, entry: index, isNew: open === undefined }
}

/** ALR-4: under its rule and subject, for keys have parts that a point can choose. */
async function isKnown(
  db: Kysely<Schema>,
  { rule, subject, key }: Pick<Finding, 'rule' | 'key'> & { readonly subject: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('alert_keys')
    .innerJoin('alerts', 'alerts.id', 'alert_keys.alert')
    .select('alerts.id')
    .where('alert_keys.key', '=', key)
    .where('alerts.rule', '=', rule)
    .where('alerts.subject', '=', subject)
    .executeTakeFirst()
  return row !== undefined
}

/** Control characters, line ends and what turns the direction of writing: to a terminal or a collector they are commands. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu

/** ALR-13: a point may have named a tool in the words of whoever called it. */
function plainDetail(detail: Finding['detail']): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll(UNSEEN, '\uFFFD') : value,
    ]),
  )
}

function openAlert(
  db: Kysely<Schema>,
  { rule, subject, canary }: Pick<Raisable, 'rule' | 'subject' | 'canary'>,
): Promise<AlertRow | undefined> {
  return db
    .selectFrom('alerts')
    .selectAll()
    .where('rule', '=', rule)
    .where('subject', '=', subject ?? '')
    .where('canary', '=', canary === true ? 1 : 0)
    .where('closed', 'is', null)
    .executeTakeFirst()
}

async function count(tx: Tx, { id }: AlertRow, n: number, key: string): Promise<void> {
  await tx.db.updateTable('alerts').set({ last: tx.now, count: n }).where('id', '=', id).execute()
  await rememberKey(tx.db, key, id, tx.now)
}

function isPowerOfTen(n: number): boolean {
  let power = 1
  while (power < n) power *= 10
  return power === n
}

/** @throws {RegistryError} `UNKNOWN_ALERT`, `NOT_ENDORSED`; `STATE_CONFLICT`: it was taken or closed before */
export function acknowledge(ctx: RegistryContext, person: string, id: string, triage: Triage): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const alert = await findAlert(tx.db, id)
    if (alert.status !== 'open')
      throw new RegistryError('STATE_CONFLICT', `the alert is ${alert.status}: only an open one can be taken`)
    const body = { of: alert.entry, triage }
    await tx.append({ type: 'alert.acknowledged', actor: personActor(person), ...aboutOf(alert), body })
    await recordAcknowledged(tx.db, tx.now, person, body)
    await noticeAfter(tx, id, 'acknowledged')
  })
}

/** @throws {RegistryError} `UNKNOWN_ALERT`, `NOT_ENDORSED`; `STATE_CONFLICT`: it was closed before */
export function closeAlert(
  ctx: RegistryContext,
  person: string,
  id: string,
  disposition: Exclude<Disposition, 'canary'>,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await close(tx, { by: person, alert: await findAlert(tx.db, id), disposition })
  })
}

/** A canary is closed by the control plane itself (DET-5). @throws {RegistryError} `UNKNOWN_ALERT`, `STATE_CONFLICT` */
export async function closeCanary(tx: Tx, id: string): Promise<void> {
  const alert = await findAlert(tx.db, id)
  if (alert.canary !== 1)
    throw new RegistryError('STATE_CONFLICT', 'the alert is no canary: a person closes it')
  await close(tx, { by: null, alert, disposition: 'canary' })
}

async function close(
  tx: Tx,
  {
    by,
    alert,
    disposition,
  }: { readonly by: string | null; readonly alert: AlertRow; readonly disposition: Disposition },
): Promise<void> {
  if (alert.status === 'closed') throw new RegistryError('STATE_CONFLICT', 'the alert is closed already')
  const body = { of: alert.entry, disposition }
  const actor = by === null ? SYSTEM : personActor(by)
  await tx.append({ type: 'alert.closed', actor, ...aboutOf(alert), body })
  await recordClosed(tx.db, tx.now, body)
  await noticeAfter(tx, alert.id, 'closed')
}

function aboutOf({ subject }: AlertRow): { readonly subject?: string } {
  return subject === '' ? {} : { subject }
}

export interface AlertFilter {
  readonly status?: AlertRow['status']
  /** Canaries are left out otherwise. */
  readonly withCanaries?: boolean
  /** Those with an entry below it: the page before. */
  readonly before?: number
}

export const ALERTS_PAGE_MAX = 200

/** The newest first. */
export async function listAlerts(
  db: Kysely<Schema>,
  { status, withCanaries = false, before }: AlertFilter,
): Promise<AlertView[]> {
  let query = db.selectFrom('alerts').selectAll().orderBy('entry', 'desc').limit(ALERTS_PAGE_MAX)
  if (status !== undefined) query = query.where('status', '=', status)
  if (!withCanaries) query = query.where('canary', '=', 0)
  if (before !== undefined) query = query.where('entry', '<', before)
  return (await query.execute()).map(alertView)
}

/** How long a finding is known again: longer than a fold may be behind (spec/telemetry.md). */
const KEYS_KEPT_MS = 7 * 24 * 3600 * 1000

export async function forgetKeys(tx: Tx): Promise<void> {
  await tx.db
    .deleteFrom('alert_keys')
    .where('time', '<', tx.now - KEYS_KEPT_MS)
    .execute()
}
