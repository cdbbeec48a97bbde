/** What the catalogue and the results say of one clause of a framework. spec/report.md (RPT-8). @module */
import type { Framework } from '../controls/schema.ts'
import { joined, text, type Block, type Link, type Spans } from '../report/document.ts'
import { RESULT_WORDS, type ReportedTest, type ReportInput } from '../report/input.ts'

type Clause = Framework['clauses'][number]

export function clauseOf({ catalogue }: ReportInput, framework: string, id: string): Clause | undefined {
  return catalogue.frameworks.find((one) => one.id === framework)?.clauses.find((clause) => clause.id === id)
}

export function dateWords({ from, source }: Clause): string {
  return from === null ? 'no date of its own' : `applies from ${from}${source === null ? '' : ` (${source})`}`
}

/** @param report where the results stand */
export function controlBlocks(input: ReportInput, framework: string, id: string, report: string): Block[] {
  const clause = clauseOf(input, framework, id)
  const controls = input.catalogue.controls.filter(({ clauses }) => clauses[framework]?.includes(id) === true)
  return [
    ...(clause === undefined ? [] : [text(`${clause.title}; ${dateWords(clause)}.`)]),
    controls.length === 0
      ? text('No control is mapped to it.')
      : {
          kind: 'table',
          caption: `Controls mapped to ${id}`,
          columns: ['Control', 'About', 'Tests'],
          rows: controls.map((control): Spans[] => [
            [{ text: control.id, to: `${report}#${control.id}` }],
            [control.title],
            joined(
              input.tests
                .filter(({ number }) => control.tests.some((test) => test.number === number))
                .map((test) => testLinkIn(report, test)),
            ),
          ]),
        },
  ]
}

export function testLinkIn(report: string, { number, result }: ReportedTest): Link {
  return { text: `test ${number}: ${RESULT_WORDS[result]}`, to: `${report}#test-${number}` }
}
