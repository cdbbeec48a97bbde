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
const ENVELOPE = new Set(['isError', 'resultType'])

/** @returns the parts of an answer, and its line with others in their place */
export function seenOf({ body }: Pick<RpcResponse, 'body'>): Seen<string> {
  return {
    parts: () => slotsOf(body).map(({ part }) => part),
    with: (parts) => {
      const copy = structuredClone(body)
      slotsOf(copy).forEach(({ part, set }, at) => {
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

function slotsOf({ result, error }: Members): Slot[] {
  if (isMembers(error))
    return Object.keys(error)
      .filter((name) => name !== 'code')
      .map((name) => slot(error, name))
  return isMembers(result) ? Object.keys(result).flatMap((name) => slotsAt(result, name)) : []
}

function slotsAt(result: Members, name: string): Slot[] {
  if (ENVELOPE.has(name)) return []
  const value = result[name]
  if (!LISTS.has(name) || !Array.isArray(value)) return [slot(result, name)]
  const list = value as JsonValue[]
  return list.flatMap((item, at) => itemSlots(list, at, item))
}

/** A content block, a resource's contents, or a message with one or more blocks. */
function itemSlots(list: JsonValue[], at: number, item: JsonValue): Slot[] {
  if (!isMembers(item)) return [slot(list, at)]
  const { content } = item
  if (Array.isArray(content)) {
    const blocks = content as JsonValue[]
    return [...blocks.keys()].flatMap((each) => blockSlots(blocks, each))
  }
  return isMembers(content) ? blockSlots(item, 'content') : blockSlots(list, at)
}

/** Text is read as it is; of an image or a sound nobody here knows what it shows; all else is JSON. */
function blockSlots(owner: Members | JsonValue[], at: string | number): Slot[] {
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
    holder[at] = replaced(block, part)
  }
  if (body === null) return [{ part: { kind: 'json', value: block }, set: replace }]
  const around = without(block, inner)
  // First, so that what is left of the body has the last word on the block.
  const dropped = { part: { kind: 'json', value: around }, set: () => drop(block, inner) } as const
  return [...(Object.keys(around).length === 0 ? [] : [dropped]), { part: body, set: replace }]
}

/** Of a resource's contents the address stays: a client finds them by it. */
function replaced(block: Members, part: Part): JsonValue {
  const text = part.kind === 'text' ? part.text : JSON.stringify(part.kind === 'json' ? part.value : null)
  if (Object.hasOwn(block, 'type')) return { type: 'text', text }
  const { uri } = block
  return { ...(uri === undefined ? {} : { uri }), mimeType: 'text/plain', text }
}

const BODY = new Set(['type', 'text', 'data', 'blob', 'resource'])

/** Addresses, names and notes beside the body of a block. */
function without(block: Members, inner: Members): JsonObject {
  const members = [...Object.entries(block), ...(inner === block ? [] : Object.entries(inner))]
  return Object.fromEntries(members.filter(([name]) => !BODY.has(name)))
}

function drop(block: Members, inner: Members): void {
  for (const each of new Set([block, inner]))
    for (const name of Object.keys(each)) if (!BODY.has(name) && name !== 'uri') delete each[name]
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
