/** Drafts of what customers and subservice organizations have to do. spec/drafts.md (DFT-5, DFT-6). @module */
import { Citations } from '../../report/citations.ts'
import { joined, text, type Block, type Document, type Section, type Spans } from '../../report/document.ts'
import { eachRow, said, type ReportInput } from '../../report/input.ts'
import type { Description } from './description.ts'
import { draftDocument, part, populationLink, signature, written } from './draft.ts'

export function userControlsDocument(input: ReportInput): Document {
  const { catalogue, description } = input
  const titles = new Map(catalogue.criteria.map(({ id, title }) => [id, title]))
  const own = catalogue.user_controls ?? []
  const list: Section = {
    id: 'user-controls',
    title: 'What customers do themselves',
    blocks: [
      text(
        'The controls of the company hold for a customer who does the following. Management strikes out what does not fit, and adds what is missing.',
      ),
      own.length === 0
        ? { kind: 'warning', spans: ['To be written by management: what customers have to do themselves'] }
        : {
            kind: 'table',
            caption: 'Controls that are left to customers',
            columns: ['No.', 'The customer', 'Matters for'],
            rows: own.map(({ id, text: words, criteria }): Spans[] => [
              [id],
              [words],
              [criteria.map((one) => `${one} (${titles.get(one) ?? ''})`).join('; ')],
            ]),
          },
    ],
  }
  return draftDocument(input, 'Controls that customers provide', [list, signature(description?.signatory)])
}

export function subserviceDocument(input: ReportInput): Document {
  const cite = new Citations(input.files)
  const { description } = input
  const sections: Section[] = [
    {
      id: 'organizations',
      title: 'Subservice organizations',
      blocks: organizations(description),
    },
    { id: 'vendors', title: 'Vendors on record', blocks: vendors(input, cite) },
    { id: 'seen', title: 'What the log saw of others', blocks: seen(input, cite) },
    signature(description?.signatory),
    { id: 'entries', title: 'Entries', blocks: cite.blocks() },
  ]
  return draftDocument(input, 'Subservice organizations', sections)
}

function organizations(description: Description | null): Block[] {
  const its = description?.subservice_organizations
  if (its === undefined)
    return written(undefined, 'organizations whose controls the system rests on, or that there are none')
  return its.flatMap(({ name, service, method, report, expected }) => [
    part(name),
    {
      kind: 'facts',
      rows: [
        ['Service', [service]],
        [
          'Method',
          [
            method === 'carve_out'
              ? 'carve-out: its controls are not part of the description'
              : 'inclusive: its controls are part of the description',
          ],
        ],
        [
          'Its report',
          [
            report === undefined
              ? '[To be written by management: none is named]'
              : `${report.kind}, ${report.from} to ${report.to}`,
          ],
        ],
        ['Exceptions in it', [report === undefined ? 'unknown' : report.exceptions.join('; ') || 'none']],
      ],
    } satisfies Block,
    text('What the company relies on it for:'),
    ...written(expected, `what is expected of ${name}`),
  ])
}

/** As the register has it, whatever it has. */
function vendors(input: ReportInput, cite: Citations): Block[] {
  const rows = [...eachRow(input, 'vendors')]
  if (rows.length === 0) return [text('The log has no vendor on record in the period.')]
  return [
    ...rows.flatMap((row): Block[] => [
      part(said(row.name ?? row.vendor)),
      {
        kind: 'facts',
        rows: [
          ...Object.entries(row)
            .filter(([member]) => member !== 'index')
            .map(([member, value]): [string, Spans] => [
              member.replaceAll('_', ' '),
              [said(value) || 'none'],
            ]),
          ['entry', typeof row.index === 'number' ? [cite.entry(row.index)] : ['none']],
        ],
      },
    ]),
    text('All: ', populationLink('vendors'), '.'),
  ]
}

/** Each may be run by another organization: the log cannot tell. */
function seen({ history, period }: ReportInput, cite: Citations): Block[] {
  const before = <T extends { readonly entry: { readonly time: string } }>(of: readonly T[]): T[] =>
    of.filter(({ entry }) => Date.parse(entry.time) < period.to_ms)
  const models = before(history.versions).flatMap(({ index, entry }) =>
    entry.type === 'version.proposed' && entry.body.document.model !== undefined
      ? [{ index, name: entry.body.document.model }]
      : [],
  )
  const servers = before(history.tools).map(({ index, entry }) => ({ index, name: entry.body.server }))
  const issuers = before(history.issuers).flatMap(({ index, entry }) =>
    entry.type === 'issuer.trusted' ? [{ index, name: entry.body.act.issuer.iss }] : [],
  )
  const line = (what: string, of: readonly { readonly index: number; readonly name: string }[]): Spans => {
    const first = new Map(of.toReversed().map(({ name, index }) => [name, index]))
    return [
      `${what}: `,
      ...joined([...first.keys()].reverse()),
      ' [',
      ...joined(cite.entries([...first.values()].reverse())),
      ']',
    ]
  }
  return [
    text(
      'Management says of each whether another organization runs it, and if so, whether as a vendor or as a subservice organization.',
    ),
    {
      kind: 'list',
      items: [
        line('Models that versions of agents name', models),
        line('Tool servers', servers),
        line('Other issuers that are trusted', issuers),
      ],
    },
  ]
}
