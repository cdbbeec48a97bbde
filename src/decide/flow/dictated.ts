/**
 * Whether what a call carries was dictated, word for word, by the prose of somebody else. spec/flow.md, FLW-8. It tells a
 * message that somebody else wants sent from one that an agent wrote; what was said in other words it does not find.
 * @module
 */
import type { ArgumentValue } from './destinations.ts'
import { fold, names, stands } from './text.ts'
import type { Found, MemoryView } from './types.ts'

/** Characters from which on a text counts as said and not as a date, a number or a word of a vocabulary. */
const SAID_LENGTH_MIN = 8
const LETTERS = /\p{L}{2}/u
/** Characters of a text, and sentences of it, that are held against what was read one by one. */
const SENTENCES_LENGTH_MAX = 400
const SENTENCES_MAX = 16
/** Addresses of one text: an agent that lists more of them does not do so for one. */
const ADDRESSES_MAX = 32
const ADDRESSES = /\b(?:https?:\/\/|www\.)[^\s<>"')\]]+|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+/gi

export function isSaid(value: string): boolean {
  return value.length >= SAID_LENGTH_MIN && LETTERS.test(value)
}

/** Whether all that a call carries stands in the instruction, and something does: then it tells nobody anything else. */
export function isOwnWords(contents: readonly ArgumentValue[], instruction: string): boolean {
  const texts = contents.filter(({ value }) => LETTERS.test(value))
  return (
    texts.some(({ value }) => isSaid(value)) && texts.every(({ value }) => stands(instruction, fold(value)))
  )
}

export interface Dictated {
  readonly argument: string
  readonly value: string
  readonly found: Found
}

/**
 * What is looked for in the contents of a call. Where the instruction says where it goes, a person may well have wanted words
 * passed on: only if nothing in it is the agent's own, or the principal's, was `all` of it dictated.
 */
export type Scrutiny = 'any' | 'all'

/**
 * @param instruction folded
 * @returns the first text, sentence or address within the contents that stands in prose; null when the principal's own words
 * are among the contents
 */
export function dictated(
  contents: readonly ArgumentValue[],
  memory: MemoryView,
  instruction: string,
  scrutiny: Scrutiny,
): Dictated | null {
  if (contents.some(({ value }) => isSaid(value) && stands(instruction, fold(value)))) return null
  const inProse = (parts: readonly string[], argument: string): Dictated | null => {
    for (const value of parts) {
      if (names(instruction, value)) continue
      const found = memory.find(value)
      if (found?.provenance === 'prose') return { argument, value, found }
    }
    return null
  }
  if (scrutiny === 'all') {
    const texts = contents.filter(({ value }) => isSaid(value))
    const all = texts.map(({ argument, value }) => inProse(wholesOf(value), argument))
    return all.every((one) => one !== null) ? (all[0] ?? null) : null
  }
  return (
    contents.map(({ argument, value }) => inProse(partsOf(value), argument)).find((one) => one !== null) ??
    null
  )
}

/** Each once: the text, its sentences, the addresses in it. */
function partsOf(value: string): readonly string[] {
  const sentences = value.length > SENTENCES_LENGTH_MAX ? [] : value.split(/[\n.!?]+(?:\s|$)/, SENTENCES_MAX)
  const said = [value, ...sentences].filter(isSaid)
  return [...new Set([...said, ...addressesIn(value).slice(0, ADDRESSES_MAX)])]
}

/** The text, and the pages in a short one: each is a place that its reader is sent to. */
function wholesOf(value: string): readonly string[] {
  if (value.length > SENTENCES_LENGTH_MAX) return [value]
  return [...new Set([value, ...addressesIn(value).filter((address) => !address.includes('@'))])]
}

/** Of pages and of people. */
export function addressesIn(text: string): readonly string[] {
  if (!text.includes('@') && !text.includes('://') && !/www\./i.test(text)) return []
  return text.match(ADDRESSES) ?? []
}
