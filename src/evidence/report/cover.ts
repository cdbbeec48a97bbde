/** What a reader sees first of a report: of what it is, until when, and who made it. spec/report.md (RPT-14). @module */
import { rfc3339 } from '../../core/time.ts'
import { counted } from '../../core/words.ts'
import { cutOffOf, type CutOff } from '../populations/cut-off.ts'
import type { Spans } from './document.ts'
import type { ReportInput } from './input.ts'

type Rows = readonly (readonly [string, Spans])[]

export const STATE_WORDS: Readonly<Record<CutOff['state'], string>> = {
  interim: 'interim: the log ends before the period does, so populations are not complete yet',
  final: 'final: the log goes on past the end of the period',
}

export function coverRows(input: ReportInput): Rows {
  const { origin, description, period, history } = input
  const { state, limitations } = cutOffOf(history, period)
  const company = description?.company
  return [
    ...(company === undefined ? [] : [['Company', [company, ', as management says']] as const]),
    ['Log', [{ code: origin }]],
    [
      'System',
      description?.system === undefined
        ? ['management gave no description with this pack']
        : [description.system, ', as management says'],
    ],
    ['Period', [periodWords(period)]],
    [
      'State',
      [
        STATE_WORDS[state],
        ...(limitations.length === 0
          ? []
          : [
              '; ',
              {
                text: counted(limitations.length, 'limitation of scope', 'limitations of scope'),
                to: '#scope',
              },
            ]),
      ],
    ],
    ...madeRows(input),
  ]
}

/** Who ran which software, and when. */
export function madeRows({ generator, made, history }: ReportInput): Rows {
  return [
    ['Made by', [generator]],
    ['Release', made === null ? ['nobody signed it'] : [{ code: made.release }, ' (SHA-256)']],
    ['Run by', made === null ? ['nobody signed it'] : [{ code: made.runner }]],
    ['Time', [rfc3339(history.last_ms), ', UTC: of the last entry that it is made of']],
  ]
}

export function periodWords({ from_ms, to_ms }: ReportInput['period']): string {
  return `from ${rfc3339(from_ms)} (included) to ${rfc3339(to_ms)} (excluded), UTC`
}
