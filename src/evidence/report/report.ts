/**
 * The report of a pack: cover, scope, method, results, populations, charts, the story of items, and the entries that
 * all this rests on. spec/report.md. Concludes nothing (PCK-5).
 * @module
 */
import { counted } from '../../core/words.ts'
import { cutOffOf, type CutOff } from '../populations/cut-off.ts'
import type { SecondSource } from '../populations/second-source.ts'
import { coverageBlocks, latencyBlocks } from './charts.ts'
import { Citations } from './citations.ts'
import { deficiencySection } from './deficiencies.ts'
import {
  joined,
  SIMULATED,
  STANDING,
  text,
  type Block,
  type Document,
  type Section,
  type Spans,
} from './document.ts'
import { coverRows, madeRows, periodWords, STATE_WORDS } from './cover.ts'
import type { ReportInput } from './input.ts'
import { registerSections } from './registers.ts'
import { controlsSection, criteriaSection, summaryBlocks, testsSection } from './results.ts'
import { sampleSections, samplesSection } from './samples.ts'
import { actionSections, toldOf } from './stories.ts'

/** @param stories_max of actions; for tests of what is left out */
export function reportDocument(input: ReportInput, stories_max?: number): Document {
  const cite = new Citations(input.files)
  const sections = [
    summarySection(input),
    scopeSection(input, cite),
    methodSection(input),
    criteriaSection(input),
    testsSection(input, cite),
    { id: 'charts', title: 'Over the period', blocks: [...latencyBlocks(input), ...coverageBlocks(input)] },
    populationsSection(input),
    samplesSection(input, cite),
    controlsSection(input),
    ...registerSections(input, cite),
    deficiencySection(input, cite),
    ...actionSections(toldOf(input, stories_max), cite),
  ]
  return {
    ...frame(input, 'Evidence report'),
    cover: coverRows(input),
    sections: [...sections, entriesSection(cite)],
  }
}

/** The story of every item of every sample. */
export function samplesDocument(input: ReportInput): Document {
  const cite = new Citations(input.files)
  const sections = sampleSections(input, cite)
  return { ...frame(input, 'Samples'), sections: [...sections, entriesSection(cite)] }
}

/** What goes on paper: stories of what deviates and of some others, and no text of entries. */
const PRINTED_STORIES_MAX = 40

export function printedDocument(input: ReportInput): Document {
  const document = reportDocument(input, PRINTED_STORIES_MAX)
  const sections = document.sections.filter(({ id }) => id !== 'entries')
  return { ...document, sections }
}

/** What stands on every document of a pack. */
export function frame(input: ReportInput, title: string): Omit<Document, 'sections'> {
  const { origin, period, simulated } = input
  return {
    title,
    subtitle: `${origin}, ${periodWords(period)}`,
    simulated: simulated ? SIMULATED : '',
    standing: STANDING,
  }
}

function summarySection(input: ReportInput): Section {
  const { origin, period, log, simulated } = input
  return {
    id: 'summary',
    title: 'Summary',
    blocks: [
      ...(simulated ? [{ kind: 'warning', spans: [SIMULATED] } satisfies Block] : []),
      {
        kind: 'facts',
        rows: [
          ['Log', [{ code: origin }]],
          ['Period', [periodWords(period)]],
          ['Entries', [`${log.end}; ${log.start ?? 0} of them before the start checkpoint`]],
          ['Root at the end', [{ code: log.root }, ' in ', { text: 'checkpoint', to: 'checkpoint' }]],
          ...madeRows(input),
        ],
      },
      text(STANDING),
      ...summaryBlocks(input),
    ],
  }
}

function scopeSection({ history, period, catalogue }: ReportInput, cite: Citations): Section {
  const { created } = history
  const cutOff = cutOffOf(history, period)
  const agents = [...history.agents].filter(
    ([, { proposal }]) => Date.parse(proposal.entry.time) < period.to_ms,
  )
  const points = [...history.points.values()].filter(({ entry }) => Date.parse(entry.time) < period.to_ms)
  const tools = history.tools.filter(({ entry }) => Date.parse(entry.time) < period.to_ms)
  return {
    id: 'scope',
    title: 'Scope',
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['State', [STATE_WORDS[cutOff.state]]],
          ['Limitations of scope', limitationSpans(cutOff, cite)],
          [
            'The log began',
            created === null
              ? ['it does not say']
              : [created.entry.time, ' (', cite.entry(created.index), ')'],
          ],
          ['Separation of duties', [created?.entry.body.separation ?? 'it does not say']],
          [
            'Bound of revocation',
            [created === null ? 'it does not say' : `${created.entry.body.bound_ms} ms`],
          ],
          [
            'Agents',
            [counted(agents.length, 'agent'), ' (', { text: 'population agents', to: '#pop-agents' }, ')'],
          ],
          [
            'Enforcement points',
            [`${points.length}: `, ...joined(cite.entries(points.map(({ index }) => index)))],
          ],
          [
            'Tools registered',
            [`${tools.length}: `, ...joined(cite.entries(tools.map(({ index }) => index)))],
          ],
          [
            'Controls',
            [
              `${counted(catalogue.controls.length, 'control')} (`,
              { text: 'catalogue', to: '#controls' },
              ')',
            ],
          ],
        ],
      },
      text(
        'Completeness is claimed for the log only. A log cannot show what bypassed it. Populations without a source that is not ours read “not reconciled”.',
      ),
    ],
  }
}

function limitationSpans({ limitations }: CutOff, cite: Citations): Spans {
  const spans = limitations.map(({ point, index, until, wanted }): Spans => [
    { code: point },
    until === null ? ' brought nothing' : ` brought what it recorded until ${until}`,
    `, and not until ${wanted} (`,
    cite.entry(index),
    ')',
  ])
  return limitations.length === 0
    ? ['none: every enforcement point brought what it recorded in the period']
    : spans.flatMap((each, i) => (i === 0 ? each : ['; ', ...each]))
}

function methodSection({ log }: ReportInput): Section {
  const items: Spans[] = [
    ['Every population is a fold over all entries of the log; who verifies the pack computes it again.'],
    [
      'Periods are half-open, in UTC. A decision belongs by the time in its receipt, everything else by that of its entry. What lies over an edge of the period is listed (',
      { text: 'population straddlers', to: '#pop-straddlers' },
      ').',
    ],
    [
      'A population of zero items reads “did not occur”. Every deviation is listed; repair never removes one.',
    ],
    [
      `The tree of ${counted(log.end, 'entry', 'entries')} is recomputed up to the signed root. Who holds an earlier checkpoint can prove that this log extends it.`,
    ],
    ['Arguments of calls and names of people are behind salted commitments: they are not in this report.'],
  ]
  return { id: 'method', title: 'Method', blocks: [{ kind: 'list', items }] }
}

function populationsSection({ populations, log }: ReportInput): Section {
  return {
    id: 'populations',
    title: 'Populations',
    blocks: [
      text(`Over entries 0 to ${log.end - 1}. Each row has the index of its entry.`),
      {
        kind: 'table',
        caption: 'Populations, with what each is, its query, its files and their digest',
        columns: ['Name', 'Items', 'Definition and query', 'Files', 'SHA-256 (JSON Lines)', 'Second source'],
        ids: populations.map(({ name }) => `pop-${name}`),
        rows: populations.map(
          ({ name, count, definition, query, file, csv, sha256, exclusions, reconciliations }) => [
            [name],
            [count === 0 ? 'did not occur' : String(count)],
            [definition, ' Query: ', { code: query }, leftOut(exclusions)],
            [{ text: 'JSON Lines', to: file }, ', ', { text: 'CSV', to: csv }],
            [{ code: sha256 }],
            [secondSources(reconciliations)],
          ],
        ),
      },
    ],
  }
}

const SOURCE_WORDS: Readonly<Record<SecondSource['state'], string>> = {
  reconciled: 'reconciled',
  in_part: 'reconciled in part',
  not_reconciled: 'not reconciled',
}

/** Of the tests over it that want one. */
function secondSources(all: readonly SecondSource[]): string {
  if (all.length === 0) return 'not reconciled'
  return all
    .map(({ test, source, state }) => `${SOURCE_WORDS[state]} with ${source} (test ${test})`)
    .join('; ')
}

function leftOut(exclusions: ReportInput['populations'][number]['exclusions']): string {
  const words = exclusions.map(({ words: what, entries }) => `${entries} ${what}`)
  return words.length === 0 ? '' : ` Left out: ${words.join('; ')}.`
}

function entriesSection(cite: Citations): Section {
  return {
    id: 'entries',
    title: 'Entries',
    blocks: [
      text(
        `The ${counted(cite.count, 'entry', 'entries')} that this document rests on, as the log has them. Each hashes up to the root; `,
        { code: 'countersign verify' },
        ' shows it.',
      ),
      ...cite.blocks(),
    ],
  }
}
