/**
 * `narratives.html`: each control in plain English, every sentence that states a fact with links to its evidence, and what
 * changed. spec/narratives.md (NAR-5 to NAR-8).
 * @module
 */
import { counted } from '../../../core/words.ts'
import { Citations } from '../../report/citations.ts'
import {
  heading,
  joined,
  text,
  type Block,
  type Document,
  type Link,
  type Span,
  type Spans,
} from '../../report/document.ts'
import type { ReportInput } from '../../report/input.ts'
import { frame } from '../../report/report.ts'
import type { Evidence } from './fact.ts'
import type { Approval, Difference, Narrative } from './narratives.ts'

export function narrativesDocument(input: ReportInput, narratives: readonly Narrative[]): Document {
  const cite = new Citations(input.files)
  return {
    ...frame(input, 'Control narratives'),
    sections: [
      { id: 'about', title: 'What this is', blocks: aboutBlocks(input) },
      ...narratives.map((narrative) => ({
        id: narrative.control.id,
        title: `${narrative.control.id}: ${narrative.control.title}`,
        blocks: blocksOf(narrative, cite),
      })),
      { id: 'entries', title: 'Entries', blocks: cite.blocks() },
    ],
  }
}

function aboutBlocks({ earlier, catalogue }: ReportInput): Block[] {
  return [
    text(
      `How each of ${counted(catalogue.controls.length, 'control')} works, in management’s words, with the facts of the log in them. A sentence that states a fact has its evidence behind it in brackets: a population, a test, entries of the log. A sentence without brackets says what is meant to hold.`,
    ),
    text(
      'The words come from the ',
      { text: 'catalogue', to: 'controls/catalogue.json' },
      ', the facts from the log up to its end checkpoint.',
    ),
    earlier === null
      ? text('No earlier pack was given to compare with: what people changed within the period is shown.')
      : text(
          `Compared with the pack over ${earlier.period.from} to ${earlier.period.to} (${counted(earlier.log.end, 'entry', 'entries')}, root `,
          { code: earlier.log.root },
          '), as ',
          { text: 'its own narratives', to: 'narratives.earlier.json' },
          ' have it. Nobody recomputed those here: hold them against that pack.',
        ),
    text(
      'What was added stands ',
      { added: 'underlined' },
      ', what was removed ',
      { removed: 'struck through' },
      '.',
    ),
  ]
}

function blocksOf(narrative: Narrative, cite: Citations): Block[] {
  const { sentences, digest, approval, inPeriod, sinceEarlier } = narrative
  return [
    ...sentences.map(({ text: words, evidence }) =>
      text(words, ...(evidence === null ? [] : bracketed(evidence, cite))),
    ),
    ...(inPeriod === null ? [] : changes('What people changed within the period', inPeriod)),
    ...(sinceEarlier === 'new' ? [text('This control was not in the earlier pack.')] : []),
    ...(sinceEarlier === null || sinceEarlier === 'new'
      ? []
      : changes('What changed since the earlier pack', sinceEarlier)),
    {
      kind: 'facts',
      rows: [
        ['Approved', approvalSpans(approval, cite)],
        ['Digest of what is described', [{ code: digest }]],
      ],
    },
  ]
}

function approvalSpans(approval: Approval | null, cite: Citations): Spans {
  if (approval === null) return ['by nobody']
  const { entry, approver, time, current } = approval
  return [
    current ? 'current: by ' : 'OUTDATED: it changed since ',
    { code: approver },
    current ? ` at ${time} (` : ` approved it at ${time} (`,
    cite.entry(entry),
    ')',
  ]
}

function bracketed(evidence: Evidence, cite: Citations): Span[] {
  const { populations, tests, entries, entries_n, files } = evidence
  const links: Link[] = [
    ...populations.map((name) => ({ text: `population ${name}`, to: `report.html#pop-${name}` })),
    ...tests.map((number) => ({ text: `test ${number}`, to: `report.html#test-${number}` })),
    ...files.map((file) => ({ text: file, to: file })),
    ...cite.entries(entries),
  ]
  const more = entries_n > entries.length ? [' and others'] : []
  return [' [', ...joined(links), ...more, ']']
}

function changes(title: string, difference: Difference): Block[] {
  return [
    heading(4, title),
    {
      kind: 'list',
      items: difference
        .filter((pieces) => pieces.some(({ kind }) => kind !== 'kept'))
        .map((pieces) =>
          pieces.flatMap(({ kind, text: words }): Span[] => {
            // No line is drawn under the space after a word.
            const [bare, space] = [words.trimEnd(), words.slice(words.trimEnd().length)]
            switch (kind) {
              case 'kept':
                return [words]
              case 'added':
                return [{ added: bare }, space]
              case 'removed':
                return [{ removed: bare }, space]
            }
          }),
        ),
    },
  ]
}
