/**
 * `walkthroughs.html`: the kill switch step by step, and of each control one item from beginning to end.
 * spec/narratives.md (NAR-9 to NAR-12).
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { counted } from '../../../core/words.ts'
import { wordsOfEntry } from '../../../log/entry-words.ts'
import type { Control } from '../../controls/schema.ts'
import { Citations } from '../../report/citations.ts'
import { heading, text, type Block, type Document, type Spans } from '../../report/document.ts'
import { drillBlocks, drillsIn } from '../../report/drills.ts'
import { RESULT_WORDS, said, type ReportInput } from '../../report/input.ts'
import { frame } from '../../report/report.ts'
import { storyBlocks } from '../../report/stories.ts'
import { chosenOf, type Chosen } from './choice.ts'
import { pathOf } from './path.ts'

/** Populations whose items are calls: each has a story. */
const CALLS = new Set(['decisions', 'confidential_reads', 'disclosures'])

export function walkthroughsDocument(crypto: Crypto, input: ReportInput): Document {
  const cite = new Citations(input.files)
  const chosen = new Map(
    input.catalogue.controls.map((control) => [control.id, chosenOf(crypto, control, input)]),
  )
  const told = withStories(input, [...chosen.values()])
  return {
    ...frame(input, 'Walkthroughs'),
    sections: [
      { id: 'about', title: 'What this is', blocks: aboutBlocks() },
      { id: 'kill-switch', title: 'The kill switch, step by step', blocks: killSwitch(input, cite) },
      ...input.catalogue.controls.map((control) => ({
        id: control.id,
        title: `${control.id}: ${control.title}`,
        blocks: controlBlocks(control, chosen.get(control.id) ?? null, told, cite),
      })),
      { id: 'entries', title: 'Entries', blocks: cite.blocks() },
    ],
  }
}

/** Looked for once for all items: each look goes through every receipt. */
function withStories(input: ReportInput, chosen: readonly (Chosen | null)[]): ReportInput {
  const actions = chosen.flatMap((one) =>
    one !== null && CALLS.has(one.population.name) ? [said(one.row.action)] : [],
  )
  const stories = new Map(input.stories([...new Set(actions)]).map((story) => [story.action, story]))
  return {
    ...input,
    stories: (of) => of.flatMap((action) => stories.get(action) ?? []),
  }
}

function aboutBlocks(): Block[] {
  return [
    text(
      'One real item of each control, from its first entry to its last, so that a reader sees the control work once before it is tested over all items.',
    ),
    text(
      'Nobody picked the items: which row it is follows from the hash of the population and the root of the log at the end. No number of the auditor’s is in it, so the choice is management’s, and an auditor who wants another item picks one from the population.',
    ),
  ]
}

/** The last drill in production of the period, or else the last of any mode. */
function killSwitch(input: ReportInput, cite: Citations): Block[] {
  const drills = drillsIn(input)
  const drill = drills.findLast(({ entry }) => entry.body.report.mode === 'production') ?? drills.at(-1)
  if (drill === undefined)
    return [
      text(
        'It did not occur: no drill was closed in the period (',
        {
          text: 'population drills',
          to: 'report.html#pop-drills',
        },
        ').',
      ),
    ]
  return drillBlocks(drill, input, cite)
}

function controlBlocks(
  control: Control,
  chosen: Chosen | null,
  input: ReportInput,
  cite: Citations,
): Block[] {
  const result = input.tests.find(({ number }) => number === (chosen?.test ?? control.tests[0]?.number))
  if (chosen === null)
    return [
      text(control.statement),
      text(
        result?.population === undefined || result.population === null
          ? 'No item to walk through: no population of the log tells of it.'
          : `No item to walk through: population ${result.population} is empty, it did not occur.`,
        ...(result === undefined
          ? []
          : [
              ' ',
              {
                text: `Test ${result.number}: ${RESULT_WORDS[result.result]}`,
                to: `report.html#test-${result.number}`,
              },
              '.',
            ]),
      ),
    ]
  const { population, row, place, test } = chosen
  return [
    text(control.statement),
    {
      kind: 'facts',
      rows: [
        [
          'Item',
          [
            `row ${place + 1} of ${population.count} of `,
            { text: `population ${population.name}`, to: population.file },
          ],
        ],
        ...lookedAt(control, test),
        ...(result === undefined
          ? []
          : ([
              [
                'Over all items',
                [{ text: `test ${test}: ${RESULT_WORDS[result.result]}`, to: `report.html#test-${test}` }],
              ],
            ] as [string, Spans][])),
        ...membersOf(row),
      ],
    },
    ...stepsOf(control, chosen, input, cite),
  ]
}

function lookedAt({ tests }: Control, number: number): [string, Spans][] {
  return tests
    .filter((test) => test.number === number)
    .map(({ attributes }) => ['Look for', [attributes.join('; ')]])
}

/** What the row says, a member a line. */
function membersOf(row: Chosen['row']): [string, Spans][] {
  return Object.entries(row)
    .filter(([member]) => member !== 'index')
    .map(([member, value]) => [member.replaceAll('_', ' '), [{ code: said(value) || 'none' }]])
}

function stepsOf(
  control: Control,
  { population, row }: Chosen,
  input: ReportInput,
  cite: Citations,
): Block[] {
  const steps = pathOf(population.name, row, input, (index) => cite.read(index))
  const stories = CALLS.has(population.name) ? input.stories([said(row.action)]) : []
  return [
    {
      kind: 'table',
      caption: `${control.id} from beginning to end: ${counted(steps.length, 'entry', 'entries')}`,
      columns: ['Step', 'When', 'What', 'Who', 'Entry'],
      rows: steps.map((index, i): Spans[] => {
        const entry = cite.read(index)
        const at = [cite.entry(index)]
        if (entry === null) return [[String(i + 1)], ['unknown'], ['not in this pack'], ['unknown'], at]
        const time = entry.type === 'receipt' ? entry.body.time : entry.time
        return [[String(i + 1)], [time], [wordsOfEntry(entry)], [{ code: entry.actor.id }], at]
      }),
    },
    ...stories.flatMap((story) => [
      heading(3, 'The same, as three questions'),
      ...storyBlocks(story, cite, 'report.html').slice(1),
    ]),
  ]
}
