/**
 * The words by which entries are found without reading them: whom they are about, and what was called and decided.
 * spec/telemetry.md (TEL-19)
 * @module
 */
import type { AnyEntry } from './entries.ts'
import type { DecisionReceipt } from './receipt.ts'

/**
 * Of the words that {@link wordsOf} gives. Raise it with every change of them: filters that were made of other words would
 * pass over what is looked for.
 */
export const WORDS_VERSION = 2

/** What is looked for: members of the receipt of a decision, all of which must be so. */
export interface Wanted {
  readonly agent?: string | undefined
  readonly point?: string | undefined
  readonly server?: string | undefined
  readonly tool?: string | undefined
  readonly decision?: DecisionReceipt['decision'] | undefined
  readonly reason?: string | undefined
  readonly canary?: boolean | undefined
}

/** Of an entry, whom it is about. The receipt of a decision is about its agent. */
export function wordOfSubject(subject: string): string {
  return `subject ${subject}`
}

/** Of a decision, under which chain it was made: the identifier of its last segment. */
export function wordOfChain(chain: string): string {
  return `chain ${chain}`
}

/** All of them stand beside an entry that has what is wanted. None: it may be anywhere. */
export function wordsWanted({ agent, point, server, tool, decision, reason, canary }: Wanted): string[] {
  const isRare = decision !== undefined && decision !== 'allow'
  return [
    ...(agent === undefined ? [] : [wordOfSubject(agent)]),
    ...(point === undefined ? [] : [`point ${point}`]),
    ...(server === undefined ? [] : [`server ${server}`]),
    ...(tool === undefined ? [] : [`tool ${tool}`]),
    ...(reason === undefined ? [] : [`reason ${reason}`]),
    ...(isRare ? [`decision ${decision}`] : []),
    ...(isRare && agent !== undefined ? [`decision ${decision} ${agent}`] : []),
    ...(canary === true ? ['canary'] : []),
  ]
}

export function wordsOf(entry: AnyEntry): string[] {
  const subject = entry.subject === undefined ? [] : [wordOfSubject(entry.subject)]
  if (entry.type !== 'receipt' || entry.body.kind !== 'decision') return subject
  const { agent, point, server, tool, decision, reasons, canary, chain } = entry.body
  const one = { agent: agent ?? undefined, point, server, tool, decision, canary: canary !== undefined }
  const under = chain === null ? [] : [wordOfChain(chain)]
  return [...subject, ...under, ...wordsWanted(one), ...reasons.flatMap((reason) => wordsWanted({ reason }))]
}
