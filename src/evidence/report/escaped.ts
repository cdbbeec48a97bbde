/** Text as it may stand in HTML, in content and in attributes. Whatever the log says is text, and never markup. @module */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Controls, and characters that reorder or hide what is around them: spelled out, as on a terminal. */
const UNPRINTED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

export function escaped(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
}

export function visible(text: string): string {
  return text.replaceAll(UNPRINTED, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
