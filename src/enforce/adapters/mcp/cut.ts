/**
 * Removes members and items from JSON text and leaves every other byte as it was: MCP-2 lets the gateway take its own
 * member out of a request, and MCP-9 items out of a list, and change nothing else, not even the spelling of a number.
 * @module
 */

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPENERS = new Set([0x7b, 0x5b])
const CLOSERS = new Set([0x7d, 0x5d])

interface Span {
  readonly start: number
  readonly end: number
}

interface Member extends Span {
  readonly value: Span
}

/**
 * @param text an object that `parseJson` accepted; nothing is checked again
 * @param path names from the outermost object inwards
 * @returns the text without the member and its comma, or the text itself when there is no such member
 */
export function cutMember(text: string, path: readonly string[]): string {
  const found = locate(text, path)
  return found === null ? text : text.slice(0, found.start) + text.slice(found.end)
}

/** Writes another value in place of a member's. @returns the text itself when there is no such member */
export function replaceMember(text: string, path: readonly string[], json: string): string {
  const found = locate(text, path)
  return found === null ? text : text.slice(0, found.value.start) + json + text.slice(found.value.end)
}

/**
 * Removes items of a list, with their commas.
 * @param path leads to an array with as many items as `keep` has members
 */
export function keepItems(text: string, path: readonly string[], keep: readonly boolean[]): string {
  const list = locate(text, path)?.value
  if (list === undefined) return text
  const kept: string[] = []
  let at = list.start + 1
  for (const isKept of keep) {
    const start = skipSpace(text, at)
    const end = endOfValue(text, start)
    if (isKept) kept.push(text.slice(start, end))
    at = skipSpace(text, end) + 1
  }
  return `${text.slice(0, list.start)}[${kept.join(',')}]${text.slice(list.end)}`
}

/** Puts an item at the end of a list. @param path leads to an array */
export function addItem(text: string, path: readonly string[], json: string): string {
  const list = locate(text, path)?.value
  if (list === undefined) return text
  const inside = text.slice(list.start + 1, list.end - 1)
  const comma = inside.trim() === '' ? '' : ','
  return `${text.slice(0, list.end - 1)}${comma}${json}${text.slice(list.end - 1)}`
}

function locate(text: string, path: readonly string[]): Member | null {
  let scope: Span = { start: 0, end: text.length }
  let found: Member | null = null
  for (const name of path) {
    found = findMember(text, scope, name)
    if (found === null) return null
    scope = found.value
  }
  return found
}

/** The member `name` of the object in `scope`, with the comma that has to go with it. */
function findMember(text: string, scope: Span, name: string): Member | null {
  let at = text.indexOf('{', scope.start) + 1
  let previousComma = -1
  for (;;) {
    const nameStart = skipSpace(text, at)
    if (text.charCodeAt(nameStart) !== QUOTE) return null
    const nameEnd = endOfString(text, nameStart)
    const valueStart = skipSpace(text, text.indexOf(':', nameEnd) + 1)
    const valueEnd = endOfValue(text, valueStart)
    const next = skipSpace(text, valueEnd)
    const isLast = text.charCodeAt(next) !== COMMA
    if (JSON.parse(text.slice(nameStart, nameEnd)) === name) {
      const value = { start: valueStart, end: valueEnd }
      if (!isLast) return { start: nameStart, end: skipSpace(text, next + 1), value }
      return { start: previousComma < 0 ? nameStart : previousComma, end: valueEnd, value }
    }
    if (isLast) return null
    previousComma = next
    at = next + 1
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  return at
}

/** @param start of the opening quote @returns the index after the closing one */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at + 1
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return endOfString(text, start)
  let at = start
  if (!OPENERS.has(first)) {
    while (at < text.length && !',]} \t\r\n'.includes(text.charAt(at))) at++
    return at
  }
  let depth = 0
  while (at < text.length) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    if (OPENERS.has(c)) depth++
    else if (CLOSERS.has(c) && --depth === 0) return at + 1
    at++
  }
  return at
}
