/**
 * Log entries: their envelope, how they are written and read. spec/entries.md; entry-bodies.ts has what each type holds.
 * An entry is stored, hashed and shipped as the JCS bytes of this object and nothing else.
 * @module
 */
import { z } from 'zod'
import { CountersignError } from '../core/errors.ts'
import { canonicalPatternsOf } from '../core/canonical-pattern.ts'
import { fromUtf8, utf8, writeUtf8 } from '../core/encoding.ts'
import { guardOf, guardsOf } from '../core/guard.ts'
import { canonicalize, isJsonObject, parseJson, type JsonValue } from '../core/json.ts'
import { bodies } from './entry-bodies.ts'

/** Adapters read entries through this file alone. */
export { DEFINITION_LENGTH_MAX, measuresSchema } from './tool-bodies.ts'
export { leaseSchema } from './receipt.ts'

/** The largest entry, in bytes: an entry bundle prefixes each with a 16-bit length (C2SP tlog-tiles). */
export const ENTRY_BYTES_MAX = 65_535
/** Nesting of an entry: a frame or a gesture in a body takes five. */
const DEPTH_MAX = 32

export type LogErrorCode =
  | 'ANCHOR_FAILED'
  | 'ANCHOR_INVALID'
  | 'ANCHOR_UNTRUSTED'
  | 'CHECKPOINT_INVALID'
  | 'COSIGNATURES_MISSING'
  | 'ENTRY_INVALID'
  | 'ENTRY_PRUNED'
  | 'ENTRY_TOO_LARGE'
  | 'LOCK_UNSUPPORTED'
  | 'LOG_DIVERGED'
  | 'LOG_LOCKED'
  | 'LOG_REDIRECTED'
  | 'LOG_UNAVAILABLE'
  | 'NOTE_INVALID'
  | 'POLICY_INVALID'
  | 'PROOF_INVALID'
  | 'TAKE_OVER_UNCONFIRMED'
  | 'TILE_INVALID'
  | 'TILES_INVALID'
  | 'TILE_MISSING'
  | 'VKEY_INVALID'
  | 'WITNESS_REQUEST_INVALID'
  | 'WITNESS_UNAVAILABLE'

/** Faults of `src/log`. */
export class LogError extends CountersignError<LogErrorCode> {}

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

export type EntryType = keyof typeof bodies
export type EntryBody<T extends EntryType> = z.infer<(typeof bodies)[T]>

const ACTOR_KINDS = [
  'person',
  'agent',
  'point',
  'system',
  'manager',
  'subject',
  'auditor',
  'provisioner',
  'service',
] as const

export interface Actor {
  readonly kind: (typeof ACTOR_KINDS)[number]
  readonly id: string
}

export interface Entry<T extends EntryType = EntryType> {
  readonly v: 1
  readonly type: T
  /** RFC 3339 UTC: when the control plane appended it. */
  readonly time: string
  readonly actor: Actor
  readonly subject?: string
  readonly body: EntryBody<T>
  /** By field: what the entry says of values that it does not hold (ERA-1). */
  readonly commitments?: Readonly<Record<string, string>>
}

/** An {@link Entry} whose `type` selects its `body`. */
export type AnyEntry = { [T in EntryType]: Entry<T> }[EntryType]

const outside = {
  v: z.literal(1),
  type: z.enum(Object.keys(bodies) as [EntryType, ...EntryType[]]),
  time: z.iso.datetime(),
  actor: z.strictObject({
    kind: z.enum(ACTOR_KINDS),
    id,
  }),
  subject: id.exactOptional(),
  commitments: z.record(z.string().min(1).max(64), digest).exactOptional(),
}
export const envelope = z.strictObject({ ...outside, body: z.unknown() })
const isOutside = guardOf(z.strictObject(outside))

const isBody = guardsOf(bodies)

/** Of each type, what its entries look like as a whole: nearly all that a log holds match. */
const patterns = canonicalPatternsOf(
  Object.fromEntries(
    Object.entries(bodies).map(([type, body]) => [
      type,
      z.strictObject({ ...outside, type: z.literal(type), body }),
    ]),
  ),
)

/**
 * The bytes that are stored and hashed.
 * @throws {LogError} `ENTRY_INVALID`: does not fit its schema. `ENTRY_TOO_LARGE`.
 */
export function encodeEntry(entry: AnyEntry): Uint8Array {
  assertEntry(entry)
  // Its members in order: what is in order already is written much faster.
  const { v, type, time, actor, subject, body, commitments } = entry
  const ordered = {
    actor: { id: actor.id, kind: actor.kind },
    body,
    ...(commitments === undefined ? {} : { commitments }),
    ...(subject === undefined ? {} : { subject }),
    time,
    type,
    v,
  }
  const bytes = written(canonicalize(ordered))
  if (bytes.length > ENTRY_BYTES_MAX) {
    throw new LogError('ENTRY_TOO_LARGE', `entry of ${bytes.length} bytes is over ${ENTRY_BYTES_MAX}`)
  }
  return bytes
}

/** Many small entries share their memory: memory of its own for each costs more than writing it. */
const SHARED_BYTES = 32 * 1024
/** UTF-8 has at most three bytes for each UTF-16 unit. */
const SHORT_CHARS = 1024
let shared = new Uint8Array(0)
let sharedAt = 0

function written(text: string): Uint8Array {
  if (text.length > SHORT_CHARS) return utf8(text)
  if (shared.length - sharedAt < 3 * text.length) {
    shared = new Uint8Array(SHARED_BYTES)
    sharedAt = 0
  }
  const start = sharedAt
  sharedAt += writeUtf8(text, shared.subarray(start))
  return shared.subarray(start, sharedAt)
}

/** An entry that was checked, and is read when somebody asks. */
export interface CheckedEntry {
  readonly time: string
  read(): AnyEntry
}

/**
 * Checks what {@link decodeEntry} checks, and reads no more than the time of most: for whoever has a whole log to check.
 * @throws {LogError} `ENTRY_INVALID`
 */
export function checkEntry(bytes: Uint8Array): CheckedEntry {
  const text = entryText(bytes)
  const type = typeAtEnd(text)
  if (patterns.get(type)?.test(text) === true) {
    return { time: timeAtEnd(text, type), read: () => JSON.parse(text) as AnyEntry }
  }
  const entry = readStrictly(text)
  return { time: entry.time, read: () => entry }
}

/**
 * As {@link decodeEntry}, of text from {@link entryText}, with the text of the body: what a receipt's hash is of.
 * @throws {LogError} `ENTRY_INVALID`
 */
export function decodeText(text: string): { readonly entry: AnyEntry; readonly body: string } {
  const type = typeAtEnd(text)
  const entry = patterns.get(type)?.test(text) === true ? (JSON.parse(text) as AnyEntry) : readStrictly(text)
  return { entry, body: bodyIn(text, entry) }
}

const BEFORE_BODY = ',"body":'

/** No string of canonical JSON holds what stands before a body: its quotes would be escaped. */
function bodyIn(text: string, { type, time, subject, commitments }: AnyEntry): string {
  const behind = {
    ...(commitments === undefined ? {} : { commitments }),
    ...(subject === undefined ? {} : { subject }),
    time,
    type,
    v: 1,
  }
  const start = text.indexOf(BEFORE_BODY) + BEFORE_BODY.length
  return text.slice(start, text.length - canonicalize(behind).length)
}

/**
 * Reads an entry back, strictly: valid for its type and in canonical form.
 * @throws {LogError} `ENTRY_INVALID`
 */
export function decodeEntry(bytes: Uint8Array): AnyEntry {
  return checkEntry(bytes).read()
}

function readStrictly(text: string): AnyEntry {
  const value = readCanonical(text)
  assertEntry(value)
  return value
}

/**
 * UTF-8 is well-formed, so no string of the text has a lone surrogate.
 * @throws {LogError} `ENTRY_INVALID`: too large, or no UTF-8
 */
export function entryText(bytes: Uint8Array): string {
  if (bytes.length > ENTRY_BYTES_MAX) throw new LogError('ENTRY_INVALID', 'entry is too large')
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new LogError('ENTRY_INVALID', 'entry is not strict JSON', { cause })
  }
}

const AFTER_TYPE = '","v":1}'
const BEFORE_TYPE = '","type":"'

/** The type of an entry that is canonical, behind its body; of any other text, whatever stands there. */
function typeAtEnd(text: string): string {
  const end = text.length - AFTER_TYPE.length
  return text.slice(text.lastIndexOf('"', end - 1) + 1, end)
}

/** @param text matches the pattern of `type` */
function timeAtEnd(text: string, type: string): string {
  const end = text.length - BEFORE_TYPE.length - type.length - AFTER_TYPE.length
  return text.slice(text.lastIndexOf('"', end - 1) + 1, end)
}

function readCanonical(text: string): JsonValue {
  try {
    const value = parseJson(text, { bytes_max: ENTRY_BYTES_MAX, depth_max: DEPTH_MAX })
    if (canonicalize(value) !== text) throw new LogError('ENTRY_INVALID', 'entry is not canonical JSON')
    return value
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    throw new LogError('ENTRY_INVALID', 'entry is not strict JSON', { cause })
  }
}

function isEntry(value: unknown): boolean {
  if (!isJsonObject(value)) return false
  const { body, ...rest } = value
  return isOutside(rest) && isBody.get(rest.type)?.(body) === true
}

/** The schemas are asked where the guards say no, or nothing: they say what does not fit. */
function assertEntry(value: unknown): asserts value is AnyEntry {
  if (isEntry(value)) return
  const outer = envelope.safeParse(value)
  if (!outer.success)
    throw new LogError('ENTRY_INVALID', `entry does not fit its envelope: ${where(outer.error)}`)
  const inner = bodies[outer.data.type].safeParse(outer.data.body)
  if (!inner.success) {
    throw new LogError('ENTRY_INVALID', `body of ${outer.data.type} does not fit: ${where(inner.error)}`)
  }
}

/** Paths and codes of what does not fit, never the values. */
function where(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`).join(', ')
}
