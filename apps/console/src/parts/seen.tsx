/** Text of agents as a person can read it: what does not show, or turns text around, is named. spec/approvals.md (APR-8). @module */
import './seen.css'
import { linesOf, visible } from '../../../server/pages/visible.js'

export interface Piece {
  readonly text: string
  readonly unseen: boolean
}
export type Line = readonly Piece[]

export function piecesOf(text: string): Line {
  return visible(text)
}

/** Canonical JSON in lines, indented by us. */
export function jsonLines(value: unknown): readonly Line[] {
  return linesOf(value) as readonly Line[]
}

export function Seen({ of }: { of: string | Line }) {
  const pieces = typeof of === 'string' ? piecesOf(of) : of
  return (
    <>
      {pieces.map(({ text, unseen }, at) =>
        unseen ? (
          <span key={at} className="unseen">
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </>
  )
}

/** As {@link Seen}, where line breaks and tabs are meant. */
export function SeenText({ of }: { of: string }) {
  return (
    <>
      {of
        .split(/([\n\t])/)
        .map((part, at) => (part === '\n' || part === '\t' ? part : <Seen key={at} of={part} />))}
    </>
  )
}
