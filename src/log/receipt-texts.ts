/**
 * Reads entries of receipts by what an entry before them said: nearly all that a log holds are the same but for a few
 * members, such as place, time, action and commitment.
 * Invariant: what this reads is what the strict reader reads, and what it does not know is left to that one. An entry that
 * was read strictly is kept as the text between those members. Each of them is an own member of a strict object, so that
 * its schema and its spelling rest on nothing beside it: text that is the same between them, and has in their places
 * what the schema takes, canonically spelled, is canonical and valid as well.
 * @module
 */
import { FRACTION } from '../core/canonical-pattern.ts'
import { readDigest } from '../core/encoding.ts'
import { flat } from '../core/flat.ts'
import { canonicalize, type JsonValue } from '../core/json.ts'
import type { Entry } from './entries.ts'
import { Days, NO_TIME, TIME_CHARS } from './times.ts'

const DIGEST_CHARS = 43
const DIGEST_BYTES = 32
/** Of the schema. */
const ACTION_CHARS_MAX = 64
/** Fewer digits than an integer needs to be beyond what is exact. */
const DIGITS_MAX = 15
const BODY_BEGINS = '{"action":"'
const BEFORE_ACTION = `,"body":${BODY_BEGINS}`
/** Kinds with one name. Of a name with more, some are read strictly. */
const NEAR_MAX = 32
/** What is known at once: what comes after it takes the place of what was learned first. */
const NAMES_MAX = 16_384
/** Behind a text: of a decision, and of what rests on consents. */
const [AGENT, BASIS] = ['","agent":', '","basis":']
/** From the end of the agent to the quote behind `args_commit`. */
const COMMITTED_CHARS = `,"args_commit":"`.length + DIGEST_CHARS
const CHAIN = '"chain":"'
const SUBJECT = '"subject":"'
/** An identifier of a data subject. */
const SUBJECT_CHARS = 30

const FRACTION_ONLY = new RegExp(`^${FRACTION}$`)

/** A member that each receipt has of its own; `logged` is the time of its entry. */
type Own =
  'action' | 'args_commit' | 'age_ms' | 'epoch' | 'head' | 't' | 'prev_hash' | 'seq' | 'time' | 'logged'
const OWN: readonly Own[] = [
  'action',
  'args_commit',
  'age_ms',
  'epoch',
  'head',
  't',
  'prev_hash',
  'seq',
  'time',
  'logged',
]
const NUMBERS: ReadonlySet<Own> = new Set<Own>(['age_ms', 'epoch', 'head', 't', 'seq'])

/** Receipts that say the same but for their own members. */
export interface ReceiptKind {
  readonly number: number
  /** One of them. */
  readonly entry: Entry<'receipt'>
}

interface Known extends ReceiptKind {
  /** The text around the own members. */
  readonly parts: readonly string[]
  /** Between two parts each. */
  readonly own: readonly Own[]
  readonly begin: number
  /** Characters behind the body. */
  readonly behind: number
}

/** What one receipt has of its own. Good until the next one is read. */
export class OwnMembers {
  kind: ReceiptKind | null = null
  action = ''
  /** Bytes of the digest, where the kind has one. */
  readonly args_commit = new Uint8Array(DIGEST_BYTES)
  /** Of the freshness, where the kind has one. */
  age_ms = 0
  epoch = 0
  head = 0
  t = 0
  /** Bytes. */
  readonly prev_hash = new Uint8Array(DIGEST_BYTES)
  seq = 0
  /** Milliseconds. */
  time_ms = 0
  /** Milliseconds: of the entry. */
  logged_ms = 0
  /** Where the body stands in the text. */
  begin = 0
  end = 0
}

export class ReceiptTexts {
  /** By {@link nameOf}, those that were learned first in front. */
  readonly #known = new Map<string, Known[]>()
  readonly #own = new OwnMembers()
  readonly #days = new Days()
  #count = 0

  /** @returns null: of no kind that is known, so that nothing is known of it */
  read(text: string): OwnMembers | null {
    const action = text.indexOf(BEFORE_ACTION) + BEFORE_ACTION.length
    const end = text.indexOf('"', action)
    const near = this.#known.get(nameOf(text, end))
    if (near === undefined) return null
    for (const known of near) if (this.#fits(known, text)) return this.#own
    return null
  }

  /** @param entry what the strict reader made of `text` @param body the text of its body */
  learn(text: string, entry: Entry<'receipt'>, body: string): void {
    const { action, prev_hash } = entry.body
    const begin = text.indexOf(BEFORE_ACTION) + BEFORE_ACTION.length - BODY_BEGINS.length
    const at = begin + BODY_BEGINS.length + action.length
    const name = nameOf(text, at)
    const near = this.#known.get(name) ?? []
    if (prev_hash === '' || near.length >= NEAR_MAX) return
    const between = partsOf(entry)
    if (between === null) return
    const behind = text.length - begin - body.length
    const known = { number: this.#count, entry, ...between, begin, behind }
    if (!this.#fits(known, text)) return
    this.#count++
    this.#known.set(flat(name), [...near, known])
    if (this.#known.size <= NAMES_MAX) return
    for (const [oldest] of this.#known) {
      this.#known.delete(oldest)
      return
    }
  }

  #fits(known: Known, text: string): boolean {
    const { parts, own } = known
    let at = 0
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? ''
      if (text.slice(at, at + part.length) !== part) return false
      at += part.length
      const member = own[i]
      if (member === undefined) break
      at = this.#take(member, text, at)
      if (at < 0) return false
    }
    if (at !== text.length) return false
    this.#own.kind = known
    this.#own.begin = known.begin
    this.#own.end = at - known.behind
    return true
  }

  /** @returns where it ends; below 0: it is no such member, or not as we spell it */
  #take(member: Own, text: string, at: number): number {
    const own = this.#own
    switch (member) {
      case 'action': {
        const end = endOfPlain(text, at, ACTION_CHARS_MAX)
        own.action = text.slice(at, end)
        return end
      }
      case 'args_commit':
      case 'prev_hash':
        return readDigest(text, at, own[member]) ? at + DIGEST_CHARS : -1
      case 'time':
        own.time_ms = this.#days.timeAt(text, at)
        return own.time_ms === NO_TIME ? -1 : at + TIME_CHARS
      case 'logged':
        own.logged_ms = this.#days.timeAt(text, at)
        return own.logged_ms === NO_TIME ? -1 : at + TIME_CHARS
      case 'age_ms':
      case 'epoch':
      case 'head':
      case 't':
      case 'seq':
        return this.#takeNumber(member, text, at)
    }
  }

  #takeNumber(member: 'age_ms' | 'epoch' | 'head' | 't' | 'seq', text: string, from: number): number {
    let at = from
    let value = 0
    for (; ; at++) {
      const digit = text.charCodeAt(at) - 0x30
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
    }
    const digits = at - from
    if (member === 'age_ms' && text.charCodeAt(at) === 0x2e) {
      at = text.indexOf(',', at)
      const spelled = text.slice(from, at)
      if (!FRACTION_ONLY.test(spelled)) return -1
      this.#own.age_ms = Number(spelled)
      return at
    }
    if (digits === 0 || digits > DIGITS_MAX) return -1
    if (text.charCodeAt(from) === 0x30 && digits > 1) return -1
    if (value === 0 && (member === 'seq' || member === 'epoch')) return -1
    this.#own[member] = value
    return at
  }
}

/** The text of an entry around its own members; null: another of its members says what we put in their places. */
function partsOf(entry: Entry<'receipt'>): { readonly parts: string[]; readonly own: Own[] } | null {
  const { body } = entry
  // Of its own as well, and in no place that is read here: no other receipt would be like this one.
  if (body.basis?.freshness !== undefined) return null
  const markOf = (member: Own): string => `#${OWN.indexOf(member)}#`
  const isDecision = body.kind === 'decision'
  const { freshness = null, args_commit = null } = isDecision ? body : {}
  const marked = {
    ...entry,
    time: markOf('logged'),
    body: {
      ...body,
      action: markOf('action'),
      prev_hash: markOf('prev_hash'),
      seq: markOf('seq'),
      time: markOf('time'),
      ...(args_commit === null ? {} : { args_commit: markOf('args_commit') }),
      ...(freshness === null
        ? {}
        : {
            freshness: {
              age_ms: markOf('age_ms'),
              epoch: markOf('epoch'),
              head: markOf('head'),
              t: markOf('t'),
            },
          }),
    },
  }
  const pieces = canonicalize(marked as unknown as JsonValue).split(/"#(\d)#"/)
  const own = pieces.filter((_, i) => i % 2 === 1).map((digit) => OWN[Number(digit)] ?? 'action')
  const wanted = 5 + (args_commit === null ? 0 : 1) + (freshness === null ? 0 : 4)
  if (own.length !== wanted || new Set(own).size !== wanted) return null
  const quoteAt = (i: number): string => {
    const member = own[i]
    return member === undefined || NUMBERS.has(member) ? '' : '"'
  }
  const parts = pieces.filter((_, i) => i % 2 === 0)
  return { own, parts: parts.map((part, i) => flat(quoteAt(i - 1) + part + quoteAt(i))) }
}

/**
 * By what a receipt is found among those that are known: what stands between its action and the comma behind the next
 * member, which is none of its own, its chain, and the first data subject that it names. It need not tell them all apart.
 */
function nameOf(text: string, end: number): string {
  const next = text.slice(end, text.indexOf(',', end + 2))
  if (!text.startsWith(AGENT, end))
    return text.startsWith(BASIS, end) ? next + valueOf(text, SUBJECT, end, SUBJECT_CHARS) : next
  const rests = text.startsWith(BASIS, end + next.length + COMMITTED_CHARS)
  const chain = valueOf(text, CHAIN, end, DIGEST_CHARS)
  return next + chain + (rests ? valueOf(text, SUBJECT, end, SUBJECT_CHARS) : '')
}

function valueOf(text: string, member: string, from: number, chars: number): string {
  const at = text.indexOf(member, from)
  return at < 0 ? '' : text.slice(at + member.length, at + member.length + chars)
}

/** @returns where a string ends that JSON writes as it is; below 0: it is none, or longer */
function endOfPlain(text: string, from: number, chars_max: number): number {
  for (let at = from; at <= from + chars_max; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22) return at
    if (!(c >= 0x20) || c === 0x5c) return -1
  }
  return -1
}
