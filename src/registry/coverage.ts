/** How much of what leaves is attested, and what is not. spec/attestation.md (ATT-25, ATT-27). @module */
import type { Kysely } from 'kysely'
import { rfc3339 } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import { outputPolicyInForce } from './output-policies.ts'
import { MEASURES_DAYS } from './reviews.ts'

type Db = Kysely<Schema>

/** Deviations in one answer. */
const DEVIATIONS_MAX = 200

export const COVERAGE_BY = ['kind', 'agent', 'system', 'day'] as const
export type CoverageBy = (typeof COVERAGE_BY)[number]

export interface Coverage {
  readonly of: string
  readonly released: number
  readonly authored: number
  readonly supervised: number
  readonly directed: number
  readonly uncovered: number
}

/**
 * From the counters, so that a million outputs cost as much as their days. @param days half-open, `2026-03-01`
 */
export async function coverage(
  db: Db,
  by: CoverageBy,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Coverage[]> {
  const rows = await db
    .selectFrom('coverage')
    .select((eb) => [
      eb.ref(by).as('of'),
      eb.fn.sum<number | string>('released').as('released'),
      eb.fn.sum<number | string>('authored').as('authored'),
      eb.fn.sum<number | string>('supervised').as('supervised'),
      eb.fn.sum<number | string>('directed').as('directed'),
    ])
    .where('day', '>=', from)
    .where('day', '<', to)
    .groupBy(by)
    .orderBy(by)
    .execute()
  return rows.map(({ of, ...counts }) => {
    const [released, authored, supervised, directed] = [
      Number(counts.released),
      Number(counts.authored),
      Number(counts.supervised),
      Number(counts.directed),
    ]
    return {
      of,
      released,
      authored,
      supervised,
      directed,
      uncovered: released - authored - supervised - directed,
    }
  })
}

export interface Deviation {
  readonly output: string
  readonly kind: string
  readonly agent: string | null
  readonly released: string
  /** Who answers for it by the policy in force, or null where no policy has the kind any more. */
  readonly owner: string | null
}

/** Released without a valid attestation: how many, and the oldest of them. */
export async function deviations(db: Db): Promise<{ total: number; deviations: Deviation[] }> {
  const uncovered = db
    .selectFrom('outputs')
    .where('released', 'is not', null)
    .where('attestation', 'is', null)
  const { n } = await uncovered
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  const rows = await uncovered
    .select(['id', 'kind', 'agent', 'released'])
    .orderBy('released')
    .orderBy('id')
    .limit(DEVIATIONS_MAX)
    .execute()
  const kinds = (await outputPolicyInForce(db))?.policy.kinds ?? []
  const owners = new Map(kinds.map(({ kind, owner }) => [kind, owner]))
  const listed = rows.map(({ id, kind, agent, released }) => ({
    output: id,
    kind,
    agent,
    released: rfc3339(released ?? 0),
    owner: owners.get(kind) ?? null,
  }))
  return { total: Number(n), deviations: listed }
}

export interface Measures {
  readonly notice: string
  readonly purpose: string
  readonly retention_days: number
  readonly reviews: readonly {
    readonly review: string
    readonly person: string
    readonly opened: string
    readonly in_view_ms: number
    readonly length: number
    readonly outcome: string
    readonly gone_by: string
  }[]
}

/** ATT-25. Of one person, or of all. */
export async function measures(db: Db, now: number, person: string | null): Promise<Measures> {
  const rows = await db
    .selectFrom('review_measures')
    .selectAll()
    .where('expires', '>', now)
    .$if(person !== null, (query) => query.where('person', '=', person ?? ''))
    .orderBy('opened', 'desc')
    .limit(DEVIATIONS_MAX)
    .execute()
  return {
    notice: 'Reviewers are told that time in view, length and outcome of each review are measured.',
    purpose: 'Whether reviews are looks, not signatures. For nothing else: not for pay, rank or speed.',
    retention_days: MEASURES_DAYS,
    reviews: rows.map(({ review, person: of, opened, in_view, length, outcome, expires }) => ({
      review,
      person: of,
      opened: rfc3339(opened),
      in_view_ms: in_view,
      length,
      outcome,
      gone_by: rfc3339(expires),
    })),
  }
}
