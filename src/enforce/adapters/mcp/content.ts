/**
 * What of a server's answer the client gets to see, as parts that can be taken out. spec/labels.md (LBL-10).
 * Every member of a result is a part or within one: what an agent could read is never left out.
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Part, Seen } from '../../flow/content.ts'
import type { RpcResponse } from './frames.ts'

/** One part, and how to put another in its place. */
interface Slot {
  readonly part: Part
  readonly set: (part: Part) => void
}

type Members = Record<string, JsonValue>

/** Members of a result that are lists of parts. */
const LISTS = new Set(['content', 'contents', 'messages'])
/** What an answer is, not what it says. */
const MESSAGE = new Set(['jsonrpc', 'id', 'result', 'error'])
const RESULT_TYPES: ReadonlySet<JsonValue | undefined> = new Set(['complete', 'input_required', 'task'])

function isEnvelope(name: string, value: JsonValue | undefined): boolean {
  if (name === 'isError') return typeof value === 'boolean'
  return name === 'resultType' && RESULT_TYPES.has(value)
}

/** In place of the address of a resource that may say what the agent may not see. */
const NO_ADDRESS = 'about:blank'

/**
 * @param asked the address that the client asked for: it knows that one
 * @returns the parts of an answer, and its line with others in their place
 */
export function seenOf({ body }: Pick<RpcResponse, 'body'>, asked?: JsonValue): Seen<string> {
  return {
    parts: () => slotsOf(body, asked).map(({ part }) => part),
    with: (parts) => {
      const copy = structuredClone(body)
      slotsOf(copy, asked).forEach(({ part, set }, at) => {
        const left = parts[at]
        if (left !== undefined && !isSame(left, part)) set(left)
      })
      return JSON.stringify(copy)
    },
  }
}

function isSame(a: Part, b: Part): boolean {
  if (a.kind === 'text' && b.kind === 'text') return a.text === b.text
  if (a.kind === 'json' && b.kind === 'json') return JSON.stringify(a.value) === JSON.stringify(b.value)
  return a.kind === b.kind
}

function slotsOf(body: Members, asked: JsonValue | undefined): Slot[] {
  const { result, error } = body
  const around = Object.keys(body).filter((name) => !MESSAGE.has(name) || isBare(body, name))
  const slots = around.map((name) => slot(body, name))
  if (isMembers(error)) {
    const names = Object.keys(error).filter((name) => name !== 'code' || typeof error.code !== 'number')
    return [...slots, ...names.map((name) => slot(error, name))]
  }
  return isMembers(result)
    ? [...slots, ...Object.keys(result).flatMap((name) => slotsAt(result, name, asked))]
    : slots
}

/** A result or an error that is no object: no client takes it, and yet one may show it. */
function isBare(body: Members, name: string): boolean {
  return (name === 'result' || name === 'error') && !isMembers(body[name])
}

function slotsAt(result: Members, name: string, asked: JsonValue | undefined): Slot[] {
  const value = result[name]
  if (isEnvelope(name, value)) return []
  if (!LISTS.has(name) || !Array.isArray(value)) return [slot(result, name)]
  const list = value as JsonValue[]
  return list.flatMap((item, at) => itemSlots(list, at, item, asked))
}

/** A content block, a resource's contents, or a message with one or more blocks. */
function itemSlots(list: JsonValue[], at: number, item: JsonValue, asked: JsonValue | undefined): Slot[] {
  if (!isMembers(item)) return [slot(list, at)]
  const { content } = item
  if (!Array.isArray(content) && !isMembers(content)) return blockSlots(list, at, asked)
  const beside = besideContent(item)
  if (isMembers(content)) return [...beside, ...blockSlots(item, 'content', asked)]
  const blocks = content as JsonValue[]
  return [...beside, ...[...blocks.keys()].flatMap((each) => blockSlots(blocks, each, asked))]
}

/** What a message holds besides its blocks, but for who says it. */
function besideContent(item: Members): Slot[] {
  const names = Object.keys(item).filter(
    (name) => name !== 'content' && !((name === 'role' || name === 'type') && isWord(item[name])),
  )
  if (names.length === 0) return []
  const value = Object.fromEntries(names.map((name) => [name, item[name] ?? null]))
  const set = (): void => {
    for (const name of names) delete item[name]
  }
  return [{ part: { kind: 'json', value }, set }]
}

/** A term of the protocol, and no text. */
function isWord(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && /^[a-z_]{1,32}$/.test(value)
}

/** Text is read as it is; of an image or a sound nobody here knows what it shows; all else is JSON. */
function blockSlots(owner: Members | JsonValue[], at: string | number, asked: JsonValue | undefined): Slot[] {
  const holder = owner as Record<string | number, JsonValue>
  const block = holder[at]
  if (!isMembers(block)) return [slot(holder, at)]
  const inner = isMembers(block.resource) ? block.resource : block
  const body: Part | null =
    typeof inner.text === 'string'
      ? { kind: 'text', text: inner.text }
      : typeof inner.data === 'string' || typeof inner.blob === 'string'
        ? { kind: 'opaque' }
        : null
  const replace = (part: Part): void => {
    holder[at] = replaced(block, part, asked)
  }
  if (body === null) return [{ part: { kind: 'json', value: block }, set: replace }]
  const around = without(block, inner)
  // First, so that what is left of the body has the last word on the block.
  const dropped = { part: { kind: 'json', value: around }, set: () => drop(block, inner, asked) } as const
  return [...(Object.keys(around).length === 0 ? [] : [dropped]), { part: body, set: replace }]
}

/** Of a resource's contents the address stays if the client knows it, and finds them by it. */
function replaced(block: Members, part: Part, asked: JsonValue | undefined): JsonValue {
  const text = part.kind === 'text' ? part.text : JSON.stringify(part.kind === 'json' ? part.value : null)
  if (Object.hasOwn(block, 'type')) return { type: 'text', text }
  const { uri } = block
  return {
    ...(uri === undefined ? {} : { uri: uri === asked ? uri : NO_ADDRESS }),
    mimeType: 'text/plain',
    text,
  }
}

/** Members of a block, or of the resource in it, that are no part of its body. */
function besideOf(block: Members, inner: Members): [owner: Members, name: string][] {
  const bodies = typeof inner.text === 'string' ? ['text'] : ['data', 'blob']
  const isBeside = (owner: Members, name: string): boolean => {
    if (name === 'type') return !isWord(owner.type)
    if (owner !== inner) return name !== 'resource'
    return !bodies.includes(name) || typeof owner[name] !== 'string'
  }
  return [...new Set([block, inner])].flatMap((owner) =>
    Object.keys(owner)
      .filter((name) => isBeside(owner, name))
      .map((name): [Members, string] => [owner, name]),
  )
}

/** Addresses, names and notes beside the body of a block. */
function without(block: Members, inner: Members): JsonObject {
  const around: Members = {}
  for (const [owner, name] of besideOf(block, inner)) {
    const value = owner[name] ?? null
    around[name] = Object.hasOwn(around, name) ? [around[name] ?? null, value] : value
  }
  return around
}

function drop(block: Members, inner: Members, asked: JsonValue | undefined): void {
  for (const [owner, name] of besideOf(block, inner)) {
    if (name !== 'uri') delete owner[name]
    else if (owner.uri !== asked) owner.uri = NO_ADDRESS
  }
}

function slot(owner: Members | JsonValue[], at: string | number): Slot {
  const holder = owner as Record<string | number, JsonValue>
  const value = holder[at] ?? null
  return {
    part: typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'json', value },
    set: (part) => {
      holder[at] = part.kind === 'text' ? part.text : part.kind === 'json' ? part.value : null
    },
  }
}

function isMembers(value: JsonValue | undefined): value is Members & JsonObject {
  return value !== undefined && isJsonObject(value)
}
