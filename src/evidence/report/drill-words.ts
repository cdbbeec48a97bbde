/**
 * The report of a drill step by step, for every page and terminal that tells of one. spec/kill.md (KIL-19). Pure.
 * @module
 */
import { counted } from '../../core/words.ts'
import type { DrillReport } from '../../log/drill-report.ts'
import type { KillScope } from '../../revoke/statement.ts'

export function scopeInWords(scope: KillScope): string {
  return scope.kind === 'global' ? 'everything' : `${scope.kind} ${scope.id}`
}

/** In order; of a tabletop one. */
export function drillSteps(report: DrillReport): readonly string[] {
  const { mode, kill, points_n, answered_n, first_ms, last_ms } = report
  if (kill === null)
    return mode === 'production'
      ? ['No kill of this drill is in the log.']
      : ['A tabletop: nothing was pulled, so no point denied anything because of it.']
  const silent = points_n - answered_n
  return [
    `${kill.at}: the kill ${kill.id} was pulled.`,
    points_n === 0
      ? 'No enforcement point is within its scope.'
      : `${answered_n} of ${points_n} points denied: the first after ${ms(first_ms)}, the last after ${ms(last_ms)}.`,
    silent === 0 ? 'Every point answered.' : `${silent} did not answer.`,
    `Calls at their tools when their point denied: ${inFlight(report.in_flight)}.`,
    liftLine(report),
  ]
}

export const POINT_COLUMNS = ['point', 'denied', 'last allow before', 'first allow after'] as const

/** A row for each point; those that a report leaves out are counted. */
export function pointRows({ points }: DrillReport): readonly (readonly string[])[] {
  return points.map(({ point, denied_ms, last_allow_ms, next_allow_ms }) => [
    point,
    denied_ms === null ? 'no answer' : ms(denied_ms),
    ms(last_allow_ms),
    ms(next_allow_ms),
  ])
}

/** Empty: none is left out. */
export function fasterPoints({ points, points_n }: DrillReport): string {
  return points_n > points.length ? `and ${counted(points_n - points.length, 'faster one')}` : ''
}

function ms(value: number | null): string {
  return value === null ? '-' : `${value} ms`
}

function inFlight(counts: DrillReport['in_flight']): string {
  const said = Object.entries(counts).filter(([, n]) => n > 0)
  return said.length === 0 ? 'none' : said.map(([what, n]) => `${n} ${WORDS[what] ?? what}`).join(', ')
}

const WORDS: Readonly<Record<string, string>> = {
  unknown: 'with an outcome nobody knows',
  open: 'without word',
}

function liftLine({ lift }: DrillReport): string {
  if (lift === null) return 'Not lifted yet.'
  const { id, after_ms, people_n, first_allow_ms } = lift
  const next =
    first_allow_ms === null
      ? 'no call was allowed since'
      : first_allow_ms < 0
        ? `a call was allowed ${-first_allow_ms} ms BEFORE it, under the kill`
        : `the first call was allowed ${first_allow_ms} ms later`
  return `Lifted by ${people_n} people (${id}), ${after_ms} ms after the kill; ${next}.`
}
