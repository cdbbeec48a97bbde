/**
 * The compliance stack for who answers for security: one architecture, the clauses of each framework, what is mapped and
 * what is not. spec/report.md (RPT-9).
 * @module
 */
import { gapsOf } from '../controls/catalogue.ts'
import type { Framework } from '../controls/schema.ts'
import { joined, text, type Document, type Section, type Spans } from '../report/document.ts'
import type { ReportInput } from '../report/input.ts'
import { frame } from '../report/report.ts'
import { dateWords, testLinkIn } from './clauses.ts'

const REPORT = 'report.html'
/** The steps of a tool call, and by which areas of controls each is covered. */
const LAYERS: readonly (readonly [string, string, readonly string[]])[] = [
  ['Inventory', 'agents, their owners, versions and systems', ['CSN-AC-01', 'CSN-AC-02', 'CSN-CH-01']],
  ['Authority', 'people delegate by gestures; delegations only narrow', ['CSN-AC-03', 'CSN-AC-04']],
  [
    'Enforcement',
    'each call is decided and recorded before it runs',
    ['CSN-AC-09', 'CSN-AC-10', 'CSN-CF-01'],
  ],
  [
    'Revocation',
    'authority ends within the bound; the kill switch',
    ['CSN-AC-05', 'CSN-AC-06', 'CSN-DR-05', 'CSN-DR-06'],
  ],
  ['Oversight', 'outputs have their human; reviewers look', ['CSN-PI-01', 'CSN-DR-08']],
  ['Consent', 'personal data has a live basis', ['CSN-PR-01', 'CSN-PR-02', 'CSN-PR-03']],
  ['Detection', 'detectors, alerts, incidents', ['CSN-DR-01', 'CSN-DR-03', 'CSN-DR-04']],
  ['Log', 'entries only append and are anchored outside', ['CSN-PI-02', 'CSN-CF-02']],
]

export function stackDocument(input: ReportInput): Document {
  return {
    ...frame(input, 'Compliance stack'),
    sections: [
      architecture(input),
      criteria(input),
      ...input.catalogue.frameworks.map((one) => frameworkSection(one, input)),
      gaps(input),
    ],
  }
}

function architecture({ catalogue }: ReportInput): Section {
  const known = new Set(catalogue.controls.map(({ id }) => id))
  return {
    id: 'architecture',
    title: 'One architecture',
    blocks: [
      text('One system stands behind all frameworks below: what it does once is evidence for each of them.'),
      {
        kind: 'table',
        caption: 'Layers, with the controls that each carries',
        columns: ['Layer', 'What it does', 'Controls'],
        rows: LAYERS.map(([layer, what, ids]): Spans[] => [
          [layer],
          [what],
          joined(ids.filter((id) => known.has(id)).map((id) => ({ text: id, to: `${REPORT}#${id}` }))),
        ]),
      },
    ],
  }
}

function criteria({ catalogue }: ReportInput): Section {
  const mapped = catalogue.criteria.filter(({ id }) =>
    catalogue.controls.some((control) => control.criteria.includes(id)),
  )
  const rest = catalogue.criteria.filter((one) => !mapped.includes(one)).map(({ id }) => id)
  return {
    id: 'soc2',
    title: 'SOC 2: Trust Services Criteria',
    blocks: [
      text(
        `${mapped.length} of ${catalogue.criteria.length} criteria are mapped: `,
        ...joined(mapped.map(({ id }) => id)),
        '.',
      ),
      text('Not mapped, because what agents do is no evidence for them: ', ...joined(rest), '.'),
      text('Results: ', { text: 'by criterion', to: `${REPORT}#criteria` }, '.'),
    ],
  }
}

function frameworkSection(framework: Framework, { catalogue, tests }: ReportInput): Section {
  const { id, title, version, source, note, clauses } = framework
  return {
    id: `framework-${id}`,
    title,
    blocks: [
      text(`${version}. Source: `, { code: source }, ...(note === null ? [] : [`. ${note}`])),
      {
        kind: 'table',
        caption: `Clauses of ${title}, with what is mapped and what its tests came to`,
        columns: ['Clause', 'About', 'When', 'Controls', 'Tests'],
        rows: clauses.map((clause): Spans[] => {
          const controls = catalogue.controls.filter(
            (control) => control.clauses[id]?.includes(clause.id) === true,
          )
          const numbers = new Set(controls.flatMap((control) => control.tests.map(({ number }) => number)))
          return [
            [clause.id],
            [clause.title],
            [dateWords(clause)],
            joined(
              controls.map((control) => ({ text: control.id, to: `${REPORT}#${control.id}` })),
              'not mapped',
            ),
            joined(tests.filter(({ number }) => numbers.has(number)).map((test) => testLinkIn(REPORT, test))),
          ]
        }),
      },
    ],
  }
}

function gaps({ catalogue }: ReportInput): Section {
  const found = gapsOf(catalogue)
  return {
    id: 'gaps',
    title: 'What is not mapped',
    blocks: [
      found.length === 0
        ? text('Every criterion that agents touch, every test and every clause above has a control.')
        : { kind: 'list', items: found.map((gap) => [gap]) },
      text('A clause that is mapped is not thereby met: a control helps with it, and more may be needed.'),
    ],
  }
}
