/**
 * What points are told of data subjects: whole states, in the order in which they changed last. spec/consent.md (CNS-19,
 * CNS-20). Invariant: the feed only adds what may be done; what must be stopped comes as a frame.
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { base64url } from '../core/encoding.ts'
import { seconds } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { PointConsent, SubjectPage, SubjectRow } from '../ports/subjects.ts'
import { basesAfter } from './bases.ts'
import { consentOf, isLive, type Consent } from './consents.ts'
import type { RegistryContext } from './context.ts'
import { indexKey } from './subject-index.ts'

export const ROWS_MAX = 1_000
/** Consents of one row. */
const CONSENTS_TOLD_MAX = 32

/** @param after index of the last entry that the point has heard of; -1 for none */
export async function subjectsAfter(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  after: number,
  now_ms: number,
): Promise<SubjectPage> {
  // The head first: what commits while the rest is read has a higher index, and comes with the next page.
  const head = await headOf(db)
  const rows = await db
    .selectFrom('data_subjects')
    .select(['id', 'jurisdiction', 'changed'])
    .where('changed', '>', after)
    .where('changed', '<=', head)
    .orderBy('changed')
    .limit(ROWS_MAX + 1)
    .execute()
  const page = rows.slice(0, ROWS_MAX)
  const more = rows.length > ROWS_MAX
  const own = await indexKey(ctx, db)
  return {
    index_key: own === null ? null : base64url(own),
    rows: await statesOf(db, page, seconds(now_ms)),
    bases: await basesAfter(db, after, now_ms),
    next: more ? (page.at(-1)?.changed ?? after) : Math.max(head, after),
    more,
  }
}

async function headOf(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ idx: number | string | null }>`select max(idx) as idx from entries`.execute(db)
  return Number(rows[0]?.idx ?? -1)
}

async function statesOf(
  db: Kysely<Schema>,
  page: readonly Pick<Schema['data_subjects'], 'id' | 'jurisdiction'>[],
  now_s: number,
): Promise<SubjectRow[]> {
  if (page.length === 0) return []
  const ids = page.map(({ id }) => id)
  const keys = new Map<string, string[]>()
  const alikes = new Map<string, string[]>()
  const named = await db
    .selectFrom('identifiers')
    .select(['subject', 'key', 'alike'])
    .where('subject', 'in', ids)
    .execute()
  for (const { subject, key, alike } of named) {
    if (key !== null) keys.set(subject, [...(keys.get(subject) ?? []), key])
    if (alike !== null) alikes.set(subject, [...(alikes.get(subject) ?? []), alike])
  }
  const consents = new Map<string, Consent[]>()
  const given = await db
    .selectFrom('consents')
    .selectAll()
    .where('subject', 'in', ids)
    .where('expires', '>', now_s)
    .orderBy('given')
    .execute()
  for (const row of given) consents.set(row.subject, [...(consents.get(row.subject) ?? []), consentOf(row)])
  return page.map(({ id, jurisdiction }) => {
    const own = keys.get(id) ?? []
    // Who is known by nothing has nothing that could be found: erased, or never identified.
    return {
      subject: id,
      jurisdiction,
      keys: own,
      ...(alikes.has(id) ? { alike: alikes.get(id) ?? [] } : {}),
      ...toldOf(own.length === 0 ? [] : (consents.get(id) ?? []), now_s),
    }
  })
}

function toldOf(all: readonly Consent[], now_s: number): Pick<SubjectRow, 'consents' | 'minor'> {
  const told = all.toSorted(
    (a, b) => Number(isLive(b, now_s)) - Number(isLive(a, now_s)) || b.given - a.given,
  )
  const until = Math.max(0, ...all.map(({ record }) => record.minor?.until ?? 0))
  return {
    consents: told.slice(0, CONSENTS_TOLD_MAX).map(pointConsent),
    ...(until > now_s ? { minor: until } : {}),
  }
}

function pointConsent({ id, record, withdrawn }: Consent): PointConsent {
  const { rev, purposes, categories, expires, explicit } = record
  return {
    id,
    rev,
    purposes,
    categories,
    exp: expires,
    ...(explicit === undefined ? {} : { explicit }),
    ...(withdrawn === 'all' ? { withdrawn: true as const } : withdrawn.length === 0 ? {} : { withdrawn }),
  }
}
