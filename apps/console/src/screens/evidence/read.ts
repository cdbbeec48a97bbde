/** What the screens of evidence read, and how it is typed. @module */
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { peopleQuery } from '../../parts/names.ts'

type Ok<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer T } } } }
}
  ? T
  : never
export type Evidence = Ok<'/v1/evidence'>
export type TestOf = Evidence['tests'][number]
export type ControlOf = Evidence['controls'][number]
export type Deviation = Ok<'/v1/evidence/tests/{number}'>['deviations'][number]
export type Evaluation = Ok<'/v1/evaluations'>['evaluations'][number]
export type Deficiency = Ok<'/v1/deficiencies'>['deficiencies'][number]
export type Narrative = Ok<'/v1/narratives'>['narratives'][number]
export type ReviewItem = Ok<'/v1/access-reviews/{id}'>['items'][number]
export type Vendor = Ok<'/v1/vendors'>['vendors'][number]
export type Breach = Ok<'/v1/breaches'>['breaches'][number]
export type Emergency = Ok<'/v1/emergency-access'>['accesses'][number]
export type Lone = Ok<'/v1/alone'>['alone'][number]
export type PreviewGrant = Ok<'/v1/previews'>['previews'][number]
export type EvidenceRequest = Ok<'/v1/evidence-requests'>['requests'][number]
export type PackList = Ok<'/v1/evidence/packs'>
export type PackJob = PackList['jobs'][number]
export type PackBody = NonNullable<
  paths['/v1/evidence/packs']['post']['requestBody']
>['content']['application/json']
export type Plan = Ok<'/v1/readiness'>

/** Half-open, RFC 3339. */
export interface Period {
  readonly from: string
  readonly to: string
}

export const DAY_MS = 86_400_000
const USUAL_DAYS = 90
/** A pack of a month takes seconds of a processor: an answer is good for as long as the control plane keeps its own. */
const FRESH_MS = 60_000

export const readinessQuery = {
  queryKey: ['readiness'],
  queryFn: () => said(api.GET('/v1/readiness')),
} as const

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
export const isDay = (text: string | undefined): text is string =>
  text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** Days of UTC, as the address has them. */
export interface Days {
  readonly from: string
  readonly to: string
}

export function periodOf({ from, to }: Days): Period {
  return { from: `${from}T00:00:00Z`, to: `${to}T00:00:00Z` }
}

/** What the address says, else the last ninety days of the log; by the clock of the control plane. */
export function useDays(): {
  days: Days | null
  log: Plan | undefined
  error: Error | null
  again: () => void
} {
  const { from, to } = useSearch({ strict: false })
  const plan = useQuery({ ...readinessQuery, staleTime: FRESH_MS })
  const again = () => void plan.refetch()
  if (isDay(from) && isDay(to)) return { days: { from, to }, log: plan.data, error: null, again }
  if (plan.data === undefined) return { days: null, log: undefined, error: plan.error, again }
  const { time, started } = plan.data
  const end = dayOf(time + DAY_MS)
  const begin = dayOf(Math.max(started, Date.parse(end) - USUAL_DAYS * DAY_MS))
  const days = { from: isDay(from) ? from : begin, to: isDay(to) ? to : end }
  return { days, log: plan.data, error: null, again }
}

export function evidenceQuery(days: Days) {
  return {
    queryKey: ['evidence', days.from, days.to],
    queryFn: () => said(api.GET('/v1/evidence', { params: { query: periodOf(days) } })),
    staleTime: FRESH_MS,
  } as const
}

/** What the overview can do with, in milliseconds: nobody has a pack computed each time they look there. */
const GLANCE_MS = 60 * 60_000

/** By criterion, for a look that needs no more than an hour's freshness. */
export function glanceQuery(days: Days) {
  const query = { ...periodOf(days), age_s: GLANCE_MS / 1000 }
  return {
    queryKey: ['evidence-glance', days.from, days.to],
    queryFn: () => said(api.GET('/v1/evidence', { params: { query } })),
    staleTime: GLANCE_MS / 4,
    refetchOnWindowFocus: false,
  } as const
}

/** What stands out most of the tests of a criterion; null: no test is of it. */
export function worstOf(of: readonly TestOf[]): Pick<TestOf, 'result' | 'deviations_n'> | null {
  const deviations_n = of.reduce((sum, test) => sum + test.deviations_n, 0)
  if (deviations_n > 0) return { result: 'deviations', deviations_n }
  for (const result of ['not_reconciled', 'no_deviation', 'did_not_occur', 'not_tested'] as const)
    if (of.some((test) => test.result === result)) return { result, deviations_n: 0 }
  return null
}

/** Names of people alone, by identifier: an auditor reads no list of agents, points and systems. */
export function useNames(): ReadonlyMap<string, string> {
  const people = useQuery(peopleQuery)
  return new Map(people.data?.people.map(({ id, name }) => [id, name ?? id]))
}

/** Whether who did one thing is refused the other; where a company has one person, it is only said to be so. */
export function useSeparated(): boolean {
  const info = useQuery({ queryKey: ['info'], queryFn: () => said(api.GET('/v1/info')) })
  return info.data?.separation !== 'after'
}
