/** What every draft has: that it is one, who has to write what, and where management signs. spec/drafts.md. @module */
import {
  heading,
  text,
  type Block,
  type Document,
  type Link,
  type Section,
  type Spans,
} from '../../report/document.ts'
import type { ReportInput } from '../../report/input.ts'
import { frame } from '../../report/report.ts'

/** From the folder of the drafts to the files beside the report. */
const UP = '../'

export const DRAFT =
  'DRAFT for management to edit and sign. Made from the log and from what the company wrote; nobody has signed it.'
const GAP = 'To be written by management: '

export function draftDocument(input: ReportInput, title: string, sections: readonly Section[]): Document {
  const about: Section = {
    id: 'about',
    title: 'What this is',
    blocks: [
      { kind: 'warning', spans: [DRAFT] },
      text(
        'No auditor and no regulator has endorsed this format. The words are management’s once it has signed them, and the opinion on them is the auditor’s alone.',
      ),
    ],
  }
  return { ...frame(input, `DRAFT: ${title}`), sections: [about, ...sections] }
}

/** What the company wrote, or a gap that nobody overlooks. @param what is missing */
export function written(lines: readonly string[] | undefined, what: string): Block[] {
  if (lines === undefined) return [{ kind: 'warning', spans: [`${GAP}${what}`] }]
  return [{ kind: 'list', items: lines.map((line) => [line]) }]
}

/** The same within a sentence. */
export function named(value: string | undefined, what: string): string {
  return value ?? `[${GAP}${what}]`
}

export function fileLink(words: string, file: string): Link {
  return { text: words, to: `${UP}${file}` }
}

export function populationLink(name: string): Link {
  return fileLink(`population ${name}`, `report.html#pop-${name}`)
}

export function signature(role: string | undefined): Section {
  const row = (name: string, words: string): readonly [string, Spans] => [name, [words]]
  return {
    id: 'signature',
    title: 'Signature',
    blocks: [
      {
        kind: 'facts',
        rows: [
          row('Role', named(role, 'the role of who signs')),
          row('Name', '[not signed]'),
          row('Date', '[not signed]'),
        ],
      },
    ],
  }
}

export function part(words: string): Block {
  return heading(3, words)
}
