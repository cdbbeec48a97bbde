/** Draft of the description of the system: inputs to Section III of a report. spec/drafts.md (DFT-4). @module */
import type { JsonObject } from '../../../core/json.ts'
import { counted } from '../../../core/words.ts'
import { inPeriod } from '../../populations/definition.ts'
import { Citations } from '../../report/citations.ts'
import { joined, text, type Block, type Document, type Section, type Spans } from '../../report/document.ts'
import { countOf, eachRow, said, type ReportInput } from '../../report/input.ts'
import { draftDocument, fileLink, named, part, populationLink, signature, written } from './draft.ts'

/** Rows of a table; all of them are in the population. */
const ROWS_MAX = 200

export function systemDocument(input: ReportInput): Document {
  const cite = new Citations(input.files)
  const { description } = input
  const sections: Section[] = [
    {
      id: 'services',
      title: 'Services, commitments and requirements',
      blocks: [
        text(
          `Company: ${named(description?.company, 'the name of the company')}. System: ${named(description?.system, 'the name of the system')}.`,
        ),
        part('Services'),
        ...written(description?.services, 'what the company does for whom'),
        part('Commitments to customers'),
        ...written(description?.commitments, 'the main promises, from contracts and published terms'),
        part('Requirements of the system'),
        ...written(description?.requirements, 'what the system has to do so that these are kept'),
      ],
    },
    components(input, cite),
    boundaries(input, cite),
    peopleSection(input),
    dataSection(input, cite),
    incidents(input, cite),
    changes(input),
    exclusions(input),
    controls(input),
    signature(description?.signatory),
  ]
  return draftDocument(input, 'Description of the system', [
    ...sections,
    { id: 'entries', title: 'Entries', blocks: cite.blocks() },
  ])
}

function components(input: ReportInput, cite: Citations): Section {
  return {
    id: 'components',
    title: 'Components',
    blocks: [
      part('Infrastructure and software'),
      ...written(
        input.description?.infrastructure,
        'hosts, networks, databases, and software besides agents',
      ),
      part('Agents'),
      ...tableOf(input, cite, 'active_agents', ['agent', 'class', 'purpose', 'owner', 'systems']),
      part('Versions of agents, with models and prompts'),
      ...versions(input, cite),
      part('Tools'),
      ...tools(input, cite),
    ],
  }
}

/** Those that were approved before the end of the period. A prompt is in no log: its digest is. */
function versions({ history, period }: ReportInput, cite: Citations): Block[] {
  const documents = new Map(
    history.versions.flatMap(({ index, entry }) =>
      entry.type === 'version.proposed' ? [[index, entry.body.document] as const] : [],
    ),
  )
  const rows = history.versions.flatMap(({ index, entry }): Spans[][] => {
    if (entry.type !== 'version.approved' || Date.parse(entry.time) >= period.to_ms) return []
    const { proposal, agent } = entry.body.act
    const { version, model, prompt, commit } = documents.get(proposal) ?? {}
    return [
      [
        [{ code: agent }],
        [said(version)],
        [said(model)],
        [{ code: said(prompt) }],
        [{ code: said(commit) }],
        joined(cite.entries([proposal, index])),
      ],
    ]
  })
  return bounded(rows, {
    caption: 'Versions that were approved, with what their manifests say',
    columns: ['Agent', 'Version', 'Model', 'Prompt (SHA-256)', 'Commit', 'Entries'],
    none: 'No version of an agent was approved.',
  })
}

function tools({ history, period }: ReportInput, cite: Citations): Block[] {
  const byServer = Map.groupBy(
    history.tools.filter(({ entry }) => Date.parse(entry.time) < period.to_ms),
    ({ entry }) => entry.body.server,
  )
  const rows = [...byServer].map(([server, its]): Spans[] => [
    [server],
    joined([...new Set(its.map(({ entry }) => entry.body.tool))]),
    joined([...new Set(its.map(({ entry }) => entry.body.system))]),
    joined(cite.entries(its.slice(0, 6).map(({ index }) => index))),
  ])
  return bounded(rows, {
    caption: 'Tool servers, with the tools that are registered',
    columns: ['Server', 'Tools', 'System', 'Entries'],
    none: 'No tool is registered.',
  })
}

function boundaries({ description, history, period }: ReportInput, cite: Citations): Section {
  const points = [...history.points].filter(([, { entry }]) => Date.parse(entry.time) < period.to_ms)
  return {
    id: 'boundaries',
    title: 'Boundaries',
    blocks: [
      part('Within'),
      ...written(description?.included, 'what belongs to the system'),
      text(
        `Calls of agents pass ${counted(points.length, 'enforcement point')}: `,
        ...joined(points.flatMap(([, { index }]) => cite.entries([index]))),
        '. What did not pass one of them is in no log.',
      ),
      part('Without'),
      ...written(description?.excluded, 'what does not belong to it'),
    ],
  }
}

function peopleSection({ description, history, catalogue, period }: ReportInput): Section {
  const enrolled = [...history.people.values()].filter(({ entry }) => Date.parse(entry.time) < period.to_ms)
  const roles = [...new Set(catalogue.controls.map(({ owner }) => owner))].sort()
  return {
    id: 'people',
    title: 'People and procedures',
    blocks: [
      part('People'),
      ...written(description?.people, 'how the company is organized, and who answers for security'),
      text(
        `Owners of controls: ${roles.join(', ')} (`,
        fileLink('catalogue', 'controls/catalogue.json'),
        `). ${counted(enrolled.length, 'person has', 'people have')} enrolled with a key of their own. Separation of duties: ${history.created?.entry.body.separation ?? 'unknown'}.`,
      ),
      part('Procedures'),
      ...written(
        description?.procedures,
        'the policies and procedures in force; templates come with "countersign policy template list"',
      ),
    ],
  }
}

function dataSection({ description, history, period }: ReportInput, cite: Citations): Section {
  const labels = history.labels.filter(
    ({ entry }) => entry.type === 'label.approved' && Date.parse(entry.time) < period.to_ms,
  )
  const notices = history.consents.filter(
    ({ entry }) => entry.type === 'notice.approved' && Date.parse(entry.time) < period.to_ms,
  )
  const spans = (found: readonly { readonly index: number }[]): Spans =>
    joined(cite.entries(found.slice(-6).map(({ index }) => index)))
  return {
    id: 'data',
    title: 'Data',
    blocks: [
      ...written(description?.data, 'what data the system handles, of whom, and how it is classified'),
      text(
        `${counted(labels.length, 'set of labels says', 'sets of labels say')} how confidential the results of tools are; the last: `,
        ...spans(labels),
        '.',
      ),
      text(
        `${counted(notices.length, 'notice', 'notices')} to data subjects; the last: `,
        ...spans(notices),
        '.',
      ),
    ],
  }
}

function incidents(input: ReportInput, cite: Citations): Section {
  return {
    id: 'incidents',
    title: 'Incidents',
    blocks: [
      ...written(
        input.description?.incidents,
        'which incidents kept a commitment from being met, or that there was none',
      ),
      ...tableOf(input, cite, 'incidents', [
        'incident',
        'kind',
        'severity',
        'detected',
        'contained',
        'closed',
      ]),
    ],
  }
}

function changes(input: ReportInput): Section {
  const kinds = new Map<string, number>()
  for (const name of ['changes', 'emergency_changes'])
    for (const row of eachRow(input, name)) kinds.set(said(row.kind), (kinds.get(said(row.kind)) ?? 0) + 1)
  const begun = [...input.history.agents.values()].filter(({ proposal }) =>
    inPeriod(proposal.entry.time, input.period),
  )
  return {
    id: 'changes',
    title: 'Changes in the period',
    blocks: [
      ...written(input.description?.changes, 'changes that a reader has to know of'),
      text(
        `What people changed: ${[...kinds].map(([kind, n]) => `${n} of ${kind.replaceAll('_', ' ')}`).join(', ') || 'nothing'} (`,
        populationLink('changes'),
        ', ',
        populationLink('emergency_changes'),
        `). ${counted(begun.length, 'agent was', 'agents were')} proposed (`,
        populationLink('agents'),
        ').',
      ),
    ],
  }
}

function exclusions({ catalogue }: ReportInput): Section {
  const others = catalogue.criteria.filter(({ agents }) => !agents)
  const excluded = catalogue.exclusions ?? []
  return {
    id: 'exclusions',
    title: 'Criteria that do not apply, or are shown otherwise',
    blocks: [
      excluded.length === 0
        ? text('Management excludes none of the criteria that agents touch.')
        : {
            kind: 'table',
            caption: 'Criteria that management says do not apply',
            columns: ['Criterion', 'Why'],
            rows: excluded.map(({ criterion, reason }): Spans[] => [[criterion], [reason]]),
          },
      text(
        `What agents do is no evidence for ${others.map(({ id }) => id).join(', ') || 'none'}: management shows these otherwise.`,
      ),
    ],
  }
}

function controls({ catalogue }: ReportInput): Section {
  return {
    id: 'controls',
    title: 'Controls',
    blocks: [
      {
        kind: 'list',
        items: catalogue.controls.map(({ id, statement }) => [
          fileLink(id, `narratives.html#${id}`),
          `: ${statement}`,
        ]),
      },
    ],
  }
}

function tableOf(
  input: ReportInput,
  cite: Citations,
  population: string,
  members: readonly string[],
): Block[] {
  const rows: Spans[][] = []
  for (const row of eachRow(input, population)) {
    if (rows.length >= ROWS_MAX) break
    rows.push([...members.map((member): Spans => [textOf(row, member)]), entryOf(row, cite)])
  }
  const n = countOf(input, population)
  const caption = `${n} of population ${population}`
  const blocks = bounded(
    rows,
    { caption, columns: [...members, 'entry'], none: 'It did not occur: no row in the population.' },
    n,
  )
  return [...blocks, text('All: ', populationLink(population), '.')]
}

function textOf(row: JsonObject, member: string): string {
  return said(row[member]) || 'none'
}

function entryOf({ index }: JsonObject, cite: Citations): Spans {
  return typeof index === 'number' ? [cite.entry(index)] : ['none']
}

interface Words {
  readonly caption: string
  readonly columns: readonly string[]
  readonly none: string
}

function bounded(rows: readonly Spans[][], { caption, columns, none }: Words, n = rows.length): Block[] {
  if (rows.length === 0) return [text(none)]
  const shown = rows.slice(0, ROWS_MAX)
  return [
    { kind: 'table', caption, columns, rows: shown },
    ...(n > shown.length ? [text(`${n - shown.length} more are not listed here.`)] : []),
  ]
}
