/**
 * The tests as an OSCAL assessment plan, and what they came to as assessment results. spec/report.md (RPT-7).
 * Invariant: observations only. A finding would say whether an objective is satisfied, which is
 * the auditor's to say (PCK-5).
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { controlsOfTest } from '../controls/catalogue.ts'
import { csvFile } from '../populations/csv.ts'
import { RESULT_WORDS, type ReportedTest, type ReportInput } from '../report/input.ts'
import { catalogResource } from './catalog.ts'
import { controlToken, prop, type OscalParts } from './parts.ts'

/** Of one observation; all are in the report and in the results. */
const EVIDENCE_MAX = 200

export function oscalPlan(parts: OscalParts, input: ReportInput): JsonObject {
  return {
    'assessment-plan': {
      uuid: parts.uuid('assessment-plan'),
      metadata: parts.metadata('Management’s tests of controls over AI agents'),
      'import-ssp': { href: `#${parts.uuid('resource', 'system')}` },
      'local-definitions': {
        activities: input.tests.map((test) => activityOf(test, parts, input)),
      },
      'reviewed-controls': reviewedControls(input),
      tasks: [
        {
          uuid: parts.uuid('task'),
          type: 'action',
          title: 'A census of every population, after the period',
          timing: {
            'within-date-range': {
              start: rfc3339(input.period.from_ms),
              end: rfc3339(input.history.last_ms),
            },
          },
          'associated-activities': input.tests.map(({ number }) => ({
            'activity-uuid': parts.uuid('activity', String(number)),
            subjects: [{ type: 'component', 'include-all': {} }],
          })),
        },
      ],
      'back-matter': { resources: [systemResource(parts, input), catalogResource(parts)] },
    },
  }
}

function activityOf(
  { number, title }: ReportedTest,
  parts: OscalParts,
  { catalogue }: ReportInput,
): JsonObject {
  const controls = controlsOfTest(catalogue, number)
  const procedures = controls.flatMap(({ tests }) =>
    tests.filter((test) => test.number === number).map(({ procedure }) => procedure),
  )
  return {
    uuid: parts.uuid('activity', String(number)),
    title: `Test ${number}: ${title}`,
    description: procedures.join(' ') || title,
    props: [{ name: 'method', value: 'TEST' }, prop('test', String(number))],
    ...(controls.length === 0
      ? {}
      : {
          'related-controls': {
            'control-selections': [
              { 'include-controls': controls.map(({ id }) => ({ 'control-id': controlToken(id) })) },
            ],
          },
        }),
  }
}

function reviewedControls({ catalogue }: ReportInput): JsonObject {
  return {
    'control-selections': [
      { 'include-controls': catalogue.controls.map(({ id }) => ({ 'control-id': controlToken(id) })) },
    ],
  }
}

function systemResource(parts: OscalParts, { origin }: ReportInput): JsonObject {
  return {
    uuid: parts.uuid('resource', 'system'),
    title: `The system behind ${origin}`,
    description:
      'There is no system security plan in this pack: management describes the system in its report.',
  }
}

export function oscalResults(parts: OscalParts, input: ReportInput): JsonObject {
  const { tests, period, history } = input
  return {
    'assessment-results': {
      uuid: parts.uuid('assessment-results'),
      metadata: parts.metadata('Results of management’s tests'),
      'import-ap': { href: 'assessment-plan.json' },
      results: [
        {
          uuid: parts.uuid('result'),
          title: 'Results of management’s tests',
          description:
            'What each test came to, over every item. Nothing is concluded about a control: there are observations and no findings.',
          start: rfc3339(period.from_ms),
          end: rfc3339(period.to_ms),
          'reviewed-controls': reviewedControls(input),
          observations: tests.map((test) => observationOf(test, parts, input)),
          remarks: `Over ${history.size} entries of the log.`,
        },
      ],
    },
  }
}

/** What a test came to. */
export function observationOf(test: ReportedTest, parts: OscalParts, input: ReportInput): JsonObject {
  const { number, title, criteria, result, reason, population, items, deviations_n, deviations } = test
  const known = input.populations.find(({ name }) => name === population)
  const evidence = [
    { href: `../report.html#test-${number}`, description: 'The test in the report.' },
    ...(known === undefined
      ? []
      : [
          { href: `../${known.file}`, description: `Population ${known.name}, ${known.count} rows.` },
          { href: `../${csvFile(known.name)}`, description: 'The same as CSV.' },
        ]),
    ...deviations.slice(0, EVIDENCE_MAX).flatMap(({ entries, message }) => {
      const [first] = entries
      return first === undefined ? [] : [{ href: `../report.html#e${first}`, description: message }]
    }),
  ]
  return {
    uuid: parts.uuid('observation', String(number)),
    title: `Test ${number}: ${title}`,
    description: `${RESULT_WORDS[result]}${reason === null ? '' : `: ${reason}`}. Items: ${items}. Deviations: ${deviations_n}.`,
    props: [
      prop('test', String(number)),
      prop('result', result),
      prop('items', String(items)),
      prop('deviations', String(deviations_n)),
      ...criteria.map((criterion) => prop('criterion', criterion)),
    ],
    methods: [result === 'not_tested' ? 'UNKNOWN' : 'TEST'],
    types: ['control-objective'],
    'relevant-evidence': evidence,
    collected: rfc3339(input.history.last_ms),
  }
}
