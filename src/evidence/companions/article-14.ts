/**
 * The Article 14 file: for each point of paragraph 4 of the EU AI Act, which controls help with it, what their tests came
 * to, and what the log shows. spec/report.md (RPT-8). Not legal advice, and no word of whether a system is high-risk.
 * @module
 */
import { counted } from '../../core/words.ts'
import { Citations } from '../report/citations.ts'
import {
  heading,
  joined,
  text,
  type Block,
  type Document,
  type Section,
  type Spans,
} from '../report/document.ts'
import type { Shape } from '../receipts/shapes.ts'
import { countOf, rowsOf, type ReportInput } from '../report/input.ts'
import { frame } from '../report/report.ts'
import { clauseOf, controlBlocks } from './clauses.ts'
import { inPeriod } from '../populations/definition.ts'

const FRAMEWORK = 'eu-ai-act'
const POINTS = ['14(4)(a)', '14(4)(b)', '14(4)(c)', '14(4)(d)', '14(4)(e)'] as const
const AROUND = ['12', '19', '26(2)', '26(5)', '26(6)', '50', '50(2)'] as const

export function article14Document(input: ReportInput): Document {
  const cite = new Citations(input.files)
  const framework = input.catalogue.frameworks.find(({ id }) => id === FRAMEWORK)
  const sections: Section[] = [
    {
      id: 'summary',
      title: 'What this is',
      blocks: [
        text(
          'Article 14 of Regulation (EU) 2024/1689 asks that people can oversee high-risk AI systems. This file says, point by point, what the log shows. Whether a system is high-risk, and whether this is enough, is for counsel.',
        ),
        ...[framework?.note ?? ''].filter((note) => note !== '').map((note) => text(note)),
        text('Source: ', { code: framework?.source ?? 'none in the catalogue' }),
      ],
    },
    ...POINTS.map((id) => pointSection(id, input, cite)),
    {
      id: 'around',
      title: 'Articles around it',
      blocks: AROUND.flatMap((id) => [
        heading(3, `Article ${id}`),
        ...controlBlocks(input, FRAMEWORK, id, 'report.html'),
      ]),
    },
  ]
  return {
    ...frame(input, 'Article 14 file'),
    sections: [...sections, { id: 'entries', title: 'Entries', blocks: cite.blocks() }],
  }
}

function pointSection(id: (typeof POINTS)[number], input: ReportInput, cite: Citations): Section {
  const clause = clauseOf(input, FRAMEWORK, id)
  return {
    id: `point-${id.slice(-2, -1)}`,
    title: `${id}: ${clause?.title ?? 'not in the catalogue'}`,
    blocks: [
      ...controlBlocks(input, FRAMEWORK, id, 'report.html'),
      heading(3, 'What the log shows'),
      { kind: 'list', items: SHOWN[id](input, cite) } satisfies Block,
    ],
  }
}

type Shown = (input: ReportInput, cite: Citations) => Spans[]

/** Facts, each with where it stands. */
const SHOWN: Readonly<Record<(typeof POINTS)[number], Shown>> = {
  '14(4)(a)': (input) => [
    sentence(
      input,
      'agents',
      (n) => `${counted(n, 'agent is', 'agents are')} in the inventory, each with an owner`,
    ),
    sentence(
      input,
      'decisions',
      (n) => `${counted(n, 'decision')} on calls of agents could be watched as they came`,
    ),
    sentence(input, 'alerts', (n) => `${counted(n, 'alert')} told people of what should not be`),
  ],
  '14(4)(b)': (input, cite) => [
    sentence(input, 'reviews', (n) => `${counted(n, 'review was', 'reviews were')} decided by people`),
    seeded(input, cite),
  ],
  '14(4)(c)': (input) => [
    sentence(
      input,
      'outputs',
      (n) => `${counted(n, 'output')} left, each with who authored, supervised or directed it where attested`,
    ),
  ],
  '14(4)(d)': (input) => [refused(input), held(input)],
  '14(4)(e)': (input, cite) => [
    sentence(input, 'revocations', (n) => `${counted(n, 'revocation')} took authority back`),
    kills(input, cite),
    drills(input, cite),
  ],
}

function sentence(input: ReportInput, population: string, words: (n: number) => string): Spans {
  return [`${words(countOf(input, population))} (`, link(population), ').']
}

function link(population: string): { text: string; to: string } {
  return { text: `population ${population}`, to: `populations/${population}.jsonl` }
}

function refused(input: ReportInput): Spans {
  const reviews = rowsOf(input, 'reviews')
  const n = reviews.filter(({ decision }) => decision === 'refuse').length
  return [
    `Reviewers refused ${n} of ${counted(reviews.length, 'output')} that they reviewed (`,
    link('reviews'),
    ').',
  ]
}

function held(input: ReportInput): Spans {
  const { from_ms, to_ms } = input.period
  const isHeld = (one: Shape): boolean => one.kind === 'decision' && one.decision === 'step_up'
  const n = input.history.table.count(isHeld, from_ms, to_ms)
  return [`${counted(n, 'call')} waited for a person, who could refuse (`, link('decisions'), ').']
}

function seeded({ history, period }: ReportInput, cite: Citations): Spans {
  const seeds = history.attested.filter(
    ({ entry }) => entry.type === 'seed.committed' && inPeriod(entry.time, period),
  )
  return [
    `${counted(seeds.length, 'seeded item')} showed whether reviewers look: `,
    ...joined(cite.entries(seeds.map(({ index }) => index))),
    '.',
  ]
}

function kills({ history, period }: ReportInput, cite: Citations): Spans {
  const its = history.kills.filter(
    ({ entry }) => entry.type === 'kill.pulled' && inPeriod(entry.time, period),
  )
  return [
    `The kill switch was pulled ${counted(its.length, 'time')}: `,
    ...joined(cite.entries(its.map(({ index }) => index))),
    '.',
  ]
}

function drills({ history, period }: ReportInput, cite: Citations): Spans {
  const its = history.drills.filter(
    ({ entry }) => entry.type === 'drill.closed' && inPeriod(entry.time, period),
  )
  return [
    `${counted(its.length, 'drill was', 'drills were')} closed with a report: `,
    ...joined(cite.entries(its.map(({ index }) => index))),
    '.',
  ]
}
