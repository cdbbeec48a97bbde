/**
 * Names that are written otherwise and look the same: letters of other scripts in place of Latin ones. spec/identity.md
 * (IDN-17). Not looked at: what looks alike within one script (`rn` and `m`, `0` and `o`), which people have in their names.
 * @module
 */

/** Those with letters that look like letters of another one of them. */
const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
]
const WORDS = /[\p{L}\p{M}]+/gu

/** Whether a word has letters of two of these scripts, which nobody writes but to deceive. Two words may differ. */
export function mixesScripts(text: string): boolean {
  return (text.match(WORDS) ?? []).some((word) => SCRIPTS.filter((script) => script.test(word)).length > 1)
}

/** Small letters of Cyrillic and Greek, and the Latin ones that they look like. */
const LOOKS = new Map(
  Object.entries({
    а: 'a',
    е: 'e',
    о: 'o',
    р: 'p',
    с: 'c',
    у: 'y',
    х: 'x',
    і: 'i',
    ї: 'ï',
    ј: 'j',
    ѕ: 's',
    һ: 'h',
    ԁ: 'd',
    ԛ: 'q',
    ԝ: 'w',
    ѵ: 'v',
    ӏ: 'l',
    к: 'k',
    ο: 'o',
    α: 'a',
    ν: 'v',
    ι: 'i',
    ρ: 'p',
    υ: 'u',
    κ: 'k',
    χ: 'x',
    γ: 'y',
  }),
)

/** @param folded without capitals. @returns itself where nothing looks like another letter */
export function lookOf(folded: string): string {
  return folded.replaceAll(/./gu, (letter) => LOOKS.get(letter) ?? letter)
}
