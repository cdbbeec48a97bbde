/** What is drawn over the period: how fast revocations took effect, how many outputs had their human. spec/report.md (RPT-5). @module */
import { counted } from '../../core/words.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Period } from '../populations/definition.ts'
import { inPeriod } from '../populations/definition.ts'
import { text, type Block, type Chart, type Point, type Spans } from './document.ts'
import { rowsOf, said, type ReportInput } from './input.ts'

const DAY_MS = 86_400_000
/** Of a period that is longer, a point stands for a week. */
const DAYS_BY_DAY_MAX = 92

export function latencyBlocks(input: ReportInput): Block[] {
  const { period, history } = input
  const samples = rowsOf(input, 'capacity').flatMap((row): Point[] => {
    const max = spreadOf(row.revocation_ms)
    return max === null ? [] : [{ at_ms: Date.parse(said(row.hour)), value: max }]
  })
  const drills = history.drills.flatMap(({ entry }): Point[] => {
    if (entry.type !== 'drill.closed' || !inPeriod(entry.time, period)) return []
    const { last_ms, kill } = entry.body.report
    return last_ms === null || kill === null ? [] : [{ at_ms: Date.parse(kill.at), value: last_ms }]
  })
  const bound = history.created?.entry.body.bound_ms ?? null
  if (samples.length + drills.length === 0)
    return [
      text(
        'Latency of revocations: no sample and no drill measured one in the period. ',
        ...from('capacity'),
      ),
    ]
  const worst = Math.max(...[...samples, ...drills].map(({ value }) => value))
  return [
    {
      kind: 'chart',
      id: 'chart-latency',
      title: 'Latency of revocations and kills',
      summary: `${counted(samples.length, 'hourly sample')} with a revocation, ${counted(drills.length, 'drill')}; the slowest took ${worst} ms${bound === null ? '' : `, the bound is ${bound} ms`}.`,
      unit: 'ms',
      from_ms: period.from_ms,
      to_ms: period.to_ms,
      series: [
        { name: 'slowest revocation of an hour', points: samples },
        { name: 'last point to stop in a drill', points: drills.toSorted((a, b) => a.at_ms - b.at_ms) },
      ],
      bound: bound === null ? null : { name: 'the bound of this log', value: bound },
      value_max: null,
    },
    text('From: ', ...from('capacity'), ' and the reports of drills.'),
  ]
}

export function coverageBlocks(input: ReportInput): Block[] {
  const rows = rowsOf(input, 'outputs')
  if (rows.length === 0)
    return [text('Coverage by attestations: no output was released in the period. ', ...from('outputs'))]
  const attested = rows.filter(isAttested).length
  return [
    {
      ...coverageChart(rows, input.period),
      summary: `${attested} of ${counted(rows.length, 'released output')} had a valid attestation at the end of the log.`,
    },
    text('From: ', ...from('outputs'), '.'),
  ]
}

function coverageChart(rows: readonly JsonObject[], period: Period): Chart {
  const step = (period.to_ms - period.from_ms) / DAY_MS > DAYS_BY_DAY_MAX ? 7 * DAY_MS : DAY_MS
  const buckets = Map.groupBy(rows, (row) =>
    Math.floor((Date.parse(said(row.released)) - period.from_ms) / step),
  )
  return {
    kind: 'chart',
    id: 'chart-coverage',
    title: `Released outputs with a valid attestation, by ${step === DAY_MS ? 'day' : 'week'}`,
    summary: '',
    unit: '%',
    from_ms: period.from_ms,
    to_ms: period.to_ms,
    series: [
      {
        name: 'attested',
        points: [...buckets]
          .sort(([a], [b]) => a - b)
          .map(([bucket, its]) => ({
            at_ms: middleOf(period.from_ms + bucket * step, step, period.to_ms),
            value: (100 * its.filter(isAttested).length) / its.length,
          })),
      },
    ],
    bound: null,
    value_max: 100,
  }
}

/** Of a bucket, whose last one may be shorter. */
function middleOf(from_ms: number, step_ms: number, end_ms: number): number {
  return (from_ms + Math.min(from_ms + step_ms, end_ms)) / 2
}

function isAttested(row: JsonObject): boolean {
  return row.attestation !== null
}

function from(population: string): Spans {
  return [{ text: `population ${population}`, to: `#pop-${population}` }]
}

function spreadOf(value: unknown): number | null {
  return typeof value === 'object' && value !== null && 'max' in value ? Number(value.max) : null
}
