/** Draft of the description of the system: inputs to Section III of a report. spec/drafts.md (DFT-4). @module */
import { counted } from '../../../core/words.ts'
import { inPeriod } from '../../populations/definition.ts'
import { Citations } from '../../report/citations.ts'
import { joined, text, type Document, type Section, type Spans } from '../../report/document.ts'
import { eachRow, said, type ReportInput } from '../../report/input.ts'
import { draftDocument, fileLink, named, part, populationLink, signature, written } from './draft.ts'
import { components } from './components.ts'
import { tableOf } from './tables.ts'

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
