/**
 * Samples in the report: what was drawn, by whose nonce, and the story of every item. spec/samples.md (SMP-10).
 * @module
 */
import { counted } from '../../core/words.ts'
import type { JsonObject } from '../../core/json.ts'
import { FREQUENCIES } from '../controls/schema.ts'
import type { Sample } from '../samples/samples.ts'
import type { Citations } from './citations.ts'
import { heading, joined, text, type Block, type Section, type Spans } from './document.ts'
import { said, type ReportInput } from './input.ts'
import { storyBlocks } from './stories.ts'

/** The page that has the stories. */
export const SAMPLES_FILE = 'samples.html'

export function samplesSection({ samples }: ReportInput, cite: Citations): Section {
  return {
    id: 'samples',
    title: 'Samples',
    blocks:
      samples.length === 0
        ? [text('No sample was drawn: every test is a census. A sample is for a person’s reading.')]
        : [
            text(
              'Each population was frozen and seen outside before the auditor’s nonce joined the seed; a sample without a nonce is management’s. The verifier draws each again. ',
              { text: 'The story of every item', to: SAMPLES_FILE },
              '.',
            ),
            {
              kind: 'table',
              caption: 'Samples, in the order of the log',
              columns: ['Sample', 'Whose', 'Of', 'Items', 'Size by', 'Frozen', 'Anchored', 'Seed'],
              rows: samples.map((sample) => rowOf(sample, cite)),
            },
          ],
  }
}

function rowOf({ id, by, draw, freezing, items, seed }: Sample, cite: Citations): Spans[] {
  const { control, population, frequency, anchor } = draw.entry.body
  return [
    [{ text: id, to: `${SAMPLES_FILE}#${id}` }, ' (', cite.entry(draw.index), ')'],
    [by === 'auditor' ? 'the auditor’s' : 'management’s'],
    [`${control}, `, { text: `population ${population}`, to: `#pop-${population}` }],
    [String(items.length)],
    [frequency === null ? 'as asked' : FREQUENCIES[frequency]],
    [cite.entry(freezing.index)],
    anchor === null ? ['not'] : [cite.entry(anchor)],
    [{ code: seed }],
  ]
}

/** Of the page that has the stories. */
export function sampleSections(input: ReportInput, cite: Citations): Section[] {
  const actions = new Map<number, string>()
  for (const { draw, items } of input.samples)
    if (draw.entry.body.population === 'decisions')
      for (const { item } of items) actions.set(Number(item.index), said(item.action))
  const stories = new Map(input.stories([...new Set(actions.values())]).map((story) => [story.action, story]))
  const told = new Set<string>()
  return input.samples.map((sample): Section => {
    const { id, by, draw, items } = sample
    const { control, population } = draw.entry.body
    const whose = by === 'auditor' ? 'the auditor’s nonce' : 'management, without a nonce'
    return {
      id,
      title: `${id}: ${counted(items.length, 'item')} of ${population} for ${control}, by ${whose}`,
      blocks: items.flatMap(({ row, item }): Block[] => {
        const story = stories.get(actions.get(Number(item.index)) ?? '')
        if (story === undefined) return itemBlocks(input, { sample: id, row, item }, cite)
        // An item of two samples has its story once: places are named once in a document.
        if (told.has(story.action)) return [text({ text: story.action, to: `#action-${story.action}` })]
        told.add(story.action)
        return storyBlocks(story, cite, 'report.html')
      }),
    }
  })
}

interface Item {
  readonly sample: string
  readonly row: number
  readonly item: JsonObject
}

/** What is no action: its row, the entries that it names, and what the tests found of it. */
function itemBlocks(input: ReportInput, { sample, row, item }: Item, cite: Citations): Block[] {
  const index = Number(item.index)
  const found = input.tests.flatMap(({ number, deviations }) =>
    deviations
      .filter(({ entries }) => entries[0] === index)
      .map(({ message }): Spans => [
        { text: `test ${number}`, to: `report.html#test-${number}` },
        `: ${message}`,
      ]),
  )
  return [
    heading(3, `Row ${row}`, `${sample}-${row}`),
    {
      kind: 'facts',
      rows: Object.entries(item)
        .filter(([name]) => name !== 'index')
        .map(([name, value]): [string, Spans] => [name.replaceAll('_', ' '), [said(value)]]),
    },
    text('Where is the evidence? ', ...joined(typeof item.index === 'number' ? cite.entries([index]) : [])),
    found.length === 0 ? text('No test found a deviation of it.') : { kind: 'list', items: found },
  ]
}
