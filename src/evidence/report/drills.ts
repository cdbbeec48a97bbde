/** Drills of the kill switch, each on a page of its own: what was planned, what happened at every point. spec/report.md (RPT-13). @module */
import type { Actor, Entry } from '../../log/entries.ts'
import type { Indexed } from '../history.ts'
import { inPeriod } from '../populations/definition.ts'
import type { Citations } from './citations.ts'
import { text, type Block, type Spans } from './document.ts'
import { drillSteps, fasterPoints, POINT_COLUMNS, pointRows, scopeInWords } from './drill-words.ts'
import type { ReportInput } from './input.ts'

export type ClosedDrill = Indexed<Entry<'drill.closed'>>

interface Done {
  readonly index: number
  readonly entry: { readonly actor: Actor; readonly time: string }
}

/** Those that were closed in the period, in the order of the log. */
export function drillsIn({ history, period }: ReportInput): readonly ClosedDrill[] {
  return history.drills.flatMap(({ index, entry }) =>
    entry.type === 'drill.closed' && inPeriod(entry.time, period) ? [{ index, entry }] : [],
  )
}

export function drillBlocks(
  { index, entry }: ClosedDrill,
  { history }: ReportInput,
  cite: Citations,
): Block[] {
  const { report, size } = entry.body
  const own = history.drills.filter((one) => one.entry.subject === entry.subject)
  const planned = own.find((one) => one.entry.type === 'drill.planned')
  const started = own.find((one) => one.entry.type === 'drill.started')
  const kills = history.kills.filter(
    (one) =>
      (one.entry.type === 'kill.pulled' && one.entry.body.statement.kill.id === report.kill?.id) ||
      (one.entry.type === 'kill.lifted' && one.entry.body.statement.lift.id === report.lift?.id),
  )
  const by = (one: Done | undefined): Spans =>
    one === undefined
      ? ['the log does not say']
      : [{ code: one.entry.actor.id }, ` at ${one.entry.time} (`, cite.entry(one.index), ')']
  const rows = pointRows(report)
  const more = fasterPoints(report)
  return [
    {
      kind: 'facts',
      rows: [
        ['Drill', [{ code: entry.subject ?? '' }]],
        ['Scope', [scopeInWords(report.scope)]],
        ['Mode', [report.mode]],
        ['Planned by', by(planned)],
        [
          'Planned for',
          [planned?.entry.type === 'drill.planned' ? planned.entry.body.at : 'the log does not say'],
        ],
        ['Started by', by(started)],
        ...kills.map((one): [string, Spans] => [
          one.entry.type === 'kill.pulled' ? 'Kill pulled by' : 'Lifted by',
          by(one),
        ]),
        ['Closed by', [...by({ index, entry }), `, computed from the first ${size} entries of the log`]],
      ],
    },
    { kind: 'list', items: drillSteps(report).map((step) => [step]) },
    ...(rows.length === 0
      ? []
      : [
          {
            kind: 'table',
            caption: `What each point did in drill ${entry.subject ?? ''}; times run from the kill, by its own clock`,
            columns: POINT_COLUMNS,
            rows: rows.map(([point = '', ...cells]) => [[{ code: point }], ...cells.map((cell) => [cell])]),
          } satisfies Block,
        ]),
    ...(more === '' ? [] : [text(more)]),
  ]
}
