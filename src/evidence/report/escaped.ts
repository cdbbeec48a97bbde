/** Text as it may stand in HTML, in content and in attributes. Whatever the log says is text, and never markup. @module */

/** Controls, and characters that reorder or hide what is around them: spelled out, as on a terminal. */
const UNPRINTED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** What most texts of a log are: nothing in them is hidden. */
const PRINTED = /^[ -~]*$/
const MARKUP = /[&<>"']/

export function escaped(text: string): string {
  const shown = visible(text)
  if (!MARKUP.test(shown)) return shown
  // An entry is full of quotation marks: to be asked of each of them costs more than a pass for each character.
  return shown
    .replaceAll(/&/g, '&amp;')
    .replaceAll(/</g, '&lt;')
    .replaceAll(/>/g, '&gt;')
    .replaceAll(/"/g, '&quot;')
    .replaceAll(/'/g, '&#39;')
}

export function visible(text: string): string {
  if (PRINTED.test(text)) return text
  return text.replaceAll(UNPRINTED, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
