/** Texts that are kept long after what they were cut from. @module */

/** A text of its own: a slice keeps the whole from which it was cut, and what is put together is taken apart when it is read. */
export function flat(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}
