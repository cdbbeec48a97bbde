/**
 * What of a result an agent gets to see, whatever it came over. spec/labels.md (LBL-10): adapters take results apart into
 * parts, and put them together again where something was taken out.
 * @module
 */
import type { JsonValue } from '../../core/json.ts'

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly value: JsonValue }
  /** An image, a sound, an object of the process: nobody here reads it. */
  | { readonly kind: 'opaque' }

export interface Seen<T> {
  /** In a fixed order. Asked for only where somebody looks. */
  readonly parts: () => readonly Part[]
  /** The result with these in place of its own, as many. An opaque part may have become text. */
  readonly with: (parts: readonly Part[]) => T
}

/** A value of this process as an agent would read it. */
export function seenValue<T>(value: unknown, made: (left: JsonValue) => T): Seen<T> {
  return {
    parts: () => [partOf(value)],
    with: ([part]) => made(part === undefined || part.kind === 'opaque' ? null : leftOf(part)),
  }
}

function leftOf(part: Exclude<Part, { kind: 'opaque' }>): JsonValue {
  return part.kind === 'text' ? part.text : part.value
}

function partOf(value: unknown): Part {
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (value instanceof Error) return { kind: 'text', text: value.message }
  try {
    const text = JSON.stringify(value) as string | undefined
    return text === undefined
      ? { kind: 'json', value: null }
      : { kind: 'json', value: JSON.parse(text) as JsonValue }
  } catch {
    return { kind: 'opaque' }
  }
}
