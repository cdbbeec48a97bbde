/** Draft of management's assertion: Section II of a report. spec/drafts.md (DFT-3). @module */
import { rfc3339 } from '../../../core/time.ts'
import { counted } from '../../../core/words.ts'
import { joined, text, type Block, type Document, type Section, type Spans } from '../../report/document.ts'
import { RESULT_WORDS, type ReportedTest, type ReportInput } from '../../report/input.ts'
import { draftDocument, fileLink, named, signature } from './draft.ts'

export function assertionDocument(input: ReportInput): Document {
  const { description, period } = input
  const company = named(description?.company, 'the name of the company')
  const system = named(description?.system, 'the name of the system')
  const days = `${rfc3339(period.from_ms).slice(0, 10)} to ${rfc3339(period.to_ms).slice(0, 10)}`
  const assertion: Section = {
    id: 'assertion',
    title: 'What management says',
    blocks: [
      text(
        `${company} runs ${system}. Its management answers for the system, for what it promised about it, and for the controls that keep these promises. For the time from ${days} it says:`,
      ),
      {
        kind: 'list',
        items: [
          [
            'The description of the system (',
            { text: 'draft', to: 'system-description.html' },
            ') tells how the system was built and run in that time, leaves out nothing that a reader needs, and says what changed.',
          ],
          [
            'The controls that it names were designed so that, if they worked, the commitments to customers and the requirements of the system would be met with reasonable assurance, as far as the criteria named below go. This takes that customers do their part (',
            { text: 'draft', to: 'user-entity-controls.html' },
            ') and that subservice organizations do theirs (',
            { text: 'draft', to: 'subservice-organizations.html' },
            ').',
          ],
          ['The controls worked so throughout that time, except where said below.'],
        ],
      },
      text('Criteria: ', ...joined(criteriaOf(input)), '.'),
    ],
  }
  return draftDocument(input, 'Management’s assertion', [
    assertion,
    exceptions(input),
    signature(description?.signatory),
  ])
}

function criteriaOf({ catalogue }: ReportInput): string[] {
  const excluded = new Set(catalogue.exclusions?.map(({ criterion }) => criterion))
  return catalogue.criteria.filter(({ id, agents }) => agents && !excluded.has(id)).map(({ id }) => id)
}

/** What stands against it: management has to say of each whether the sentence above still holds. */
function exceptions({ tests, simulated }: ReportInput): Section {
  const of = (result: ReportedTest['result']): readonly ReportedTest[] =>
    tests.filter((test) => test.result === result)
  const [deviating, untested, open] = [of('deviations'), of('not_tested'), of('not_reconciled')]
  const unevaluated = deviating
    .flatMap(({ deviations }) => deviations)
    .filter(({ evaluation }) => evaluation === null)
  return {
    id: 'exceptions',
    title: 'What the tests found',
    blocks: [
      ...(simulated
        ? [
            {
              kind: 'warning',
              spans: ['The log says that its history was simulated: nothing here can be signed.'],
            } satisfies Block,
          ]
        : []),
      deviating.length === 0
        ? text('No test found a deviation.')
        : {
            kind: 'table',
            caption: 'Tests with deviations: management says of each whether the controls still worked',
            columns: ['Test', 'About', 'Deviations', 'What management says'],
            rows: deviating.map((test): Spans[] => [
              [testLink(test)],
              [test.title],
              [String(test.deviations_n)],
              ['[To be written by management]'],
            ]),
          },
      ...(unevaluated.length === 0
        ? []
        : [
            text(
              `${counted(unevaluated.length, 'deviation is', 'deviations are')} not evaluated by anybody yet.`,
            ),
          ]),
      text(
        'Not tested: ',
        ...joined(untested.map(testLink)),
        '. Nothing in the log tells of them, so that management shows them otherwise.',
      ),
      text('Not reconciled with a source outside of the log: ', ...joined(open.map(testLink)), '.'),
    ],
  }
}

function testLink({ number, result }: ReportedTest) {
  return fileLink(`test ${number}: ${RESULT_WORDS[result]}`, `report.html#test-${number}`)
}
