/** The register of deficiencies as a page: what was found, who repaired it, and whether that held. spec/report.md (RPT-13). @module */
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import type { Citations } from './citations.ts'
import { joined, text, type Block, type Section, type Spans } from './document.ts'
import { rowsOf, said, type ReportInput } from './input.ts'

/** Deficiencies that the table shows: every one is a row of the population. */
const SHOWN_MAX = 1000

export function deficiencySection(input: ReportInput, cite: Citations): Section {
  const rows = rowsOf(input, 'deficiencies')
  const population = { text: 'population deficiencies', to: '#pop-deficiencies' }
  const blocks: Block[] =
    rows.length === 0
      ? [text('It did not occur: no deficiency was open in the period (', population, ').')]
      : [
          text(
            `${counted(rows.length, 'deficiency', 'deficiencies')} open in the period (`,
            population,
            ').',
          ),
          {
            kind: 'table',
            caption: 'Deficiencies, as they stand at the end of the log',
            columns: [
              'Deficiency',
              'Criteria',
              'From',
              'Owner',
              'Due',
              'Repaired',
              'Retested',
              'Closed',
              'Entries',
            ],
            rows: rows.slice(0, SHOWN_MAX).map((row) => cellsOf(row, cite)),
          },
          ...(rows.length > SHOWN_MAX ? [text(`The first ${SHOWN_MAX} are shown here.`)] : []),
        ]
  return { id: 'deficiencies', title: 'Deficiencies and what was done about them', blocks }
}

function cellsOf(row: JsonObject, cite: Citations): Spans[] {
  const { criteria, retests_failed: failed } = row
  const indices = [row.index, row.remediation, row.retest, row.closing].filter(
    (one) => typeof one === 'number',
  )
  return [
    [{ code: said(row.deficiency) }],
    [Array.isArray(criteria) ? criteria.join(', ') : ''],
    row.deviation === null ? ['opened by hand'] : [{ code: said(row.deviation) }],
    row.owner === null ? ['nobody'] : [{ code: said(row.owner) }],
    [said(row.due)],
    row.repairer === null ? ['not yet'] : ['by ', { code: said(row.repairer) }],
    [
      ...by(row.retester, row.retested),
      row.own_retest === true ? ', who owned or repaired it' : '',
      typeof failed === 'number' && failed > 0 ? `; failed before: ${failed}` : '',
    ],
    [...by(row.closer, row.closed), row.acted_alone === true ? ', acting alone' : ''],
    joined(cite.entries(indices)),
  ]
}

/** When, and who; or that it has not happened. */
function by(who: JsonValue | undefined, when: JsonValue | undefined): Spans {
  return who === null || when === null ? ['not yet'] : [`${said(when)} by `, { code: said(who) }]
}
