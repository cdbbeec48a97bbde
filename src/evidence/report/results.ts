/** What the tests came to: by criterion, and one by one with each deviation. spec/report.md (RPT-2). @module */
import { isIn } from '../populations/definition.ts'
import { counted } from '../../core/words.ts'
import { controlsOfTest } from '../controls/catalogue.ts'
import { FREQUENCIES, type Control } from '../controls/schema.ts'
import type { DeviationEvaluation } from '../tests/result.ts'
import type { Citations } from './citations.ts'
import { heading, joined, text, type Block, type Link, type Section, type Spans } from './document.ts'
import { RESULT_WORDS, RESULTS, type ReportedTest, type ReportInput } from './input.ts'

/** Of one test. */
const DEVIATIONS_MAX = 1000

export function testLink({ number, result }: ReportedTest): Link {
  return { text: `test ${number}: ${RESULT_WORDS[result]}`, to: `#test-${number}` }
}

export function summaryBlocks({ tests }: ReportInput): Block[] {
  return [
    {
      kind: 'table',
      caption: 'Results of all tests',
      columns: ['Result', 'Tests', 'Which'],
      rows: RESULTS.map((result) => {
        const its = tests.filter((test) => test.result === result)
        return [
          [RESULT_WORDS[result]],
          [String(its.length)],
          joined(its.map(({ number }) => ({ text: String(number), to: `#test-${number}` }))),
        ]
      }),
    },
  ]
}

export function criteriaSection({ catalogue, tests }: ReportInput): Section {
  const rows = catalogue.criteria
    .filter(({ agents }) => agents)
    .map(({ id, title }): Spans[] => {
      const controls = catalogue.controls.filter(({ criteria }) => criteria.includes(id))
      const numbers = new Set(controls.flatMap((control) => control.tests.map(({ number }) => number)))
      const its = tests.filter(({ number, criteria }) => numbers.has(number) || criteria.includes(id))
      return [
        [id],
        [title],
        joined(controls.map((control) => ({ text: control.id, to: `#${control.id}` }))),
        joined(its.map(testLink)),
      ]
    })
  const others = catalogue.criteria.filter(({ agents }) => !agents).map(({ id }) => id)
  return {
    id: 'criteria',
    title: 'Results by criterion',
    blocks: [
      text(
        'Criteria by the AICPA’s identifiers, with titles of our own. What agents do is no evidence for ',
        others.join(', '),
        '.',
      ),
      {
        kind: 'table',
        caption: 'Criteria that agents touch, with controls and tests',
        columns: ['Criterion', 'About', 'Controls', 'Tests'],
        rows,
      },
    ],
  }
}

export function testsSection(input: ReportInput, cite: Citations): Section {
  const actions = deviatingActions(input)
  return {
    id: 'tests',
    title: 'Test by test',
    blocks: [
      text(
        'Every test is a census: each item of its population is looked at. Nothing is concluded here about a control.',
      ),
      ...input.tests.flatMap((test) => testBlocks(test, { input, cite, actions })),
    ],
  }
}

interface About {
  readonly input: ReportInput
  readonly cite: Citations
  /** By index of its decision, of those that some test names. */
  readonly actions: ReadonlyMap<number, string>
}

function deviatingActions(input: ReportInput): ReadonlyMap<number, string> {
  const named = new Set(input.tests.flatMap((test) => test.deviations.flatMap(({ entries }) => entries)))
  const actions = new Map<number, string>()
  const { table } = input.history
  for (const index of named) {
    const row = table.rowAt(index)
    const isOne = row !== null && table.decision(row) !== null && isIn(table.time_ms(row), input.period)
    if (isOne) actions.set(index, table.action(row))
  }
  return actions
}

function testBlocks(test: ReportedTest, about: About): Block[] {
  const { input } = about
  const { number, title, criteria, result, reason, population, items, deviations_n } = test
  const deviations = test.deviations.slice(0, DEVIATIONS_MAX)
  const controls = controlsOfTest(input.catalogue, number)
  const known = input.populations.find(({ name }) => name === population)
  const named: Spans =
    known === undefined
      ? [`${items} of population ${population}`]
      : [`${items} of `, { text: `population ${known.name}`, to: `#pop-${known.name}` }]
  return [
    heading(3, `Test ${number}: ${title}`, `test-${number}`),
    {
      kind: 'facts',
      rows: [
        ['Result', [RESULT_WORDS[result], ...(reason === null ? [] : [`: ${reason}`])]],
        ['Criteria', [criteria.join(', ')]],
        ['Controls', joined(controls.map(({ id }) => ({ text: id, to: `#${id}` })))],
        ...procedures(controls, number),
        ['Items', population === null ? ['the log has no such population'] : named],
        ['Second source', sourceSpans(test)],
        ['Deviations', [String(deviations_n)]],
      ],
    },
    ...(deviations.length === 0 ? [] : [deviationTable({ ...test, deviations }, about)]),
    ...(deviations_n > deviations.length
      ? [text(`${counted(deviations_n - deviations.length, 'deviation')} more are not listed here.`)]
      : []),
  ]
}

function sourceSpans({ source, reconciliation }: ReportedTest): Spans {
  if (source === null) return ['none is wanted']
  if (reconciliation === null) return [`wanted: ${source}; none was handed in`]
  const { sources, only_in_source_n, only_in_log_n, uncovered_n, erased_n } = reconciliation
  const said = sources.map(({ id, rows_n, matched_n }): Spans => [
    { text: id, to: `sources/${id}.csv` },
    ` (${matched_n} of ${counted(rows_n, 'row')} found)`,
  ])
  return [
    ...said.flatMap((spans, i) => (i === 0 ? spans : [', ', ...spans])),
    `; ${only_in_source_n} only in a source, ${only_in_log_n} only in the log, ${uncovered_n} in no source that was handed in${erased_n === 0 ? '' : `, ${counted(erased_n, 'source')} erased`} (`,
    { text: 'population sources', to: '#pop-sources' },
    ')',
  ]
}

function procedures(controls: readonly Control[], number: number): [string, Spans][] {
  return controls.flatMap(({ tests }) =>
    tests
      .filter((test) => test.number === number)
      .map(({ procedure, attributes }): [string, Spans] => [
        'Procedure',
        [`${procedure} Attributes: ${attributes.join('; ')}.`],
      ]),
  )
}

function deviationTable({ number, deviations }: ReportedTest, { cite, actions }: About): Block {
  return {
    kind: 'table',
    caption: `Deviations of test ${number}`,
    columns: ['Deviation', 'What', 'Entries', 'Action', 'Evaluation by management'],
    rows: deviations.map(({ id, entries, message, evaluation }) => {
      const action = entries.map((index) => actions.get(index)).find((found) => found !== undefined)
      return [
        [id],
        [message],
        joined(cite.entries(entries)),
        action === undefined ? ['none'] : [{ text: action, to: `#action-${action}` }],
        evaluation === null ? ['not evaluated'] : evaluated(evaluation, cite),
      ]
    }),
  }
}

/** DEV-4. */
function evaluated(of: DeviationEvaluation, cite: Citations): Spans {
  const { cause, extent, compensating, effect, remediation, signer, signed, acted_alone, entry } = of
  return [
    `Cause: ${cause} Extent: ${extent} Compensating control: ${compensating ?? 'none'}. Effect: ${effect} `,
    `Repaired under: ${remediation ?? 'none'}. Signed by ${signer}${acted_alone ? ', who drafted it alone,' : ''} on ${signed}, `,
    ...joined(cite.entries([entry])),
  ]
}

export function controlsSection({ catalogue, tests }: ReportInput): Section {
  const titles = new Map(catalogue.frameworks.map(({ id, title }) => [id, title]))
  return {
    id: 'controls',
    title: 'Controls',
    blocks: catalogue.controls.flatMap((control) => [
      heading(3, `${control.id}: ${control.title}`, control.id),
      text(control.statement),
      {
        kind: 'facts',
        rows: [
          ['Criteria', [control.criteria.join(', ') || 'none']],
          [
            'Clauses',
            [
              Object.entries(control.clauses)
                .map(([id, clauses]) => `${titles.get(id) ?? id} ${clauses.join(', ')}`)
                .join('; ') || 'none',
            ],
          ],
          ['Frequency', [FREQUENCIES[control.frequency]]],
          ['Owner', [control.owner]],
          ['Thresholds', [thresholdWords(control)]],
          [
            'Tests',
            joined(
              tests
                .filter(({ number }) => control.tests.some((test) => test.number === number))
                .map(testLink),
            ),
          ],
        ],
      } satisfies Block,
    ]),
  }
}

function thresholdWords({ thresholds }: Control): string {
  const words = Object.entries(thresholds).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
  return words.join(', ') || 'none'
}
