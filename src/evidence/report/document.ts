/**
 * A document as data: what the pages of a pack say, before anything is laid out. HTML and PDF are drawn from the same
 * one. spec/report.md (RPT-1).
 * @module
 */

/** A place in this document (`#…`) or in a file of the pack, by its name. */
export interface Link {
  readonly text: string
  readonly to: string
}

export interface Code {
  readonly code: string
}

/** Of two versions: what only the newer one has. */
export interface Added {
  readonly added: string
}

/** Of two versions: what only the older one had. */
export interface Removed {
  readonly removed: string
}

export type Span = string | Link | Code | Added | Removed
export type Spans = readonly Span[]

export interface Table {
  readonly kind: 'table'
  /** Says what the rows are: read aloud before them. */
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Spans[])[]
  /** Anchors of rows, in their order; none where there are fewer. */
  readonly ids?: readonly string[]
}

export interface Point {
  /** Milliseconds since 1970. */
  readonly at_ms: number
  readonly value: number
}

export interface Chart {
  readonly kind: 'chart'
  readonly id: string
  readonly title: string
  /** The same in words: for who does not see it, and for who prints it. */
  readonly summary: string
  readonly unit: string
  readonly from_ms: number
  readonly to_ms: number
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[]
  /** A line that values should not pass, or null. */
  readonly bound: { readonly name: string; readonly value: number } | null
  /** Of the scale; null: the largest value. */
  readonly value_max: number | null
}

export type Block =
  | { readonly kind: 'heading'; readonly level: 3 | 4; readonly id: string | null; readonly text: string }
  | { readonly kind: 'text'; readonly spans: Spans }
  | { readonly kind: 'warning'; readonly spans: Spans }
  | { readonly kind: 'list'; readonly items: readonly Spans[] }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [string, Spans])[] }
  /** What a machine wrote, line for line. */
  | { readonly kind: 'source'; readonly id: string; readonly title: string; readonly text: string }
  | Table
  | Chart

export interface Section {
  readonly id: string
  readonly title: string
  readonly blocks: readonly Block[]
}

export interface Document {
  readonly title: string
  readonly subtitle: string
  /** Said on every page; empty: nothing. */
  readonly simulated: string
  /** Said on every page: who concludes, who endorsed it. */
  readonly standing: string
  /** What stands on a first page of its own; absent: there is none. */
  readonly cover?: readonly (readonly [string, Spans])[]
  readonly sections: readonly Section[]
}

export const SIMULATED = 'Simulated data: the log says that its history was simulated. Nothing here happened.'
export const STANDING =
  'Nobody has endorsed this format: no auditor, no regulator. These are management’s tests; the opinion is the auditor’s. Not legal advice.'

export function text(...spans: Spans): Block {
  return { kind: 'text', spans }
}

export function heading(level: 3 | 4, words: string, id: string | null = null): Block {
  return { kind: 'heading', level, id, text: words }
}

/** Spans in a row, with a comma between them; `none` where there are none. */
export function joined(spans: readonly Span[], none = 'none'): Spans {
  return spans.length === 0 ? [none] : spans.flatMap((span, i) => (i === 0 ? [span] : [', ', span]))
}
