/**
 * Arguments of a call as a person can read them: nothing in them is unseen, and nothing changes the direction of text.
 * spec/approvals.md (APR-8). Pure: also runs in tests.
 * @module
 */

/** Characters that do not show, that break lines or turn text around, and every space but the plain one. */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

/**
 * @returns parts in order: `unseen` ones are named by their code point
 */
export function visible(text) {
  const parts = []
  let plain = ''
  for (const character of text) {
    if (!UNSEEN.test(character)) {
      plain += character
      continue
    }
    if (plain !== '') parts.push({ text: plain, unseen: false })
    plain = ''
    parts.push({ text: `\\u{${character.codePointAt(0).toString(16)}}`, unseen: true })
  }
  if (plain !== '') parts.push({ text: plain, unseen: false })
  return parts
}

/** The value as its canonical JSON, with line breaks and indents of its own: lines of parts. */
export function linesOf(value, indent = '') {
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || Object.keys(value).length === 0) return [[...plainPart(indent), ...scalar(value)]]
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const members = Array.isArray(value)
    ? value.map((item) => linesOf(item, inner))
    : Object.keys(value)
        .sort()
        .map((name) => {
          const [first, ...rest] = linesOf(value[name], inner)
          return [
            [...plainPart(inner), ...scalar(name), ...plainPart(': '), ...trimmed(first, inner)],
            ...rest,
          ]
        })
  const withCommas = members.map((lines, i) =>
    i === members.length - 1 ? lines : [...lines.slice(0, -1), [...(lines.at(-1) ?? []), ...plainPart(',')]],
  )
  return [
    [...plainPart(indent), ...plainPart(open)],
    ...withCommas.flat(),
    [...plainPart(indent), ...plainPart(close)],
  ]
}

function plainPart(text) {
  return text === '' ? [] : [{ text, unseen: false }]
}

/** The indent is the first part of a line, when there is one. */
function trimmed([first, ...rest], indent) {
  return first.text === indent ? rest : [first, ...rest]
}

/** `JSON.stringify` escapes controls and lone surrogates; what it leaves and nobody sees is named. */
function scalar(value) {
  return visible(JSON.stringify(value))
}

/** PRF-3: HMAC-SHA-256 under the salt, of what is already canonical. */
export async function commitmentOf(salt, canonical) {
  const key = await crypto.subtle.importKey('raw', salt, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return crypto.subtle.sign('HMAC', key, new TextEncoder().encode(canonical))
}
