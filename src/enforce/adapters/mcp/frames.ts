/**
 * MCP stdio frames: one JSON-RPC 2.0 message a line, read strictly from chunks of bytes. spec/mcp.md (MCP-5).
 * Invariant: a line that passes means the same to every reader, or it does not pass. So no duplicate names, no names
 * that differ from ours by case alone, no batches, and no carriage return inside (many readers split there).
 * @module
 */
import { fromUtf8 } from '../../../core/encoding.ts'
import { CoreError } from '../../../core/errors.ts'
import { foldCase } from '../../../core/fold.ts'
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Credential } from '../../types.ts'

/** Bytes of one frame, without its line end. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024
/** Nesting of one frame. */
export const FRAME_DEPTH_MAX = 64
/** UTF-16 units of a request identifier or a method. */
const NAME_LENGTH_MAX = 256

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
/** Next line, line separator, paragraph separator: Node's readline and Python's splitlines end a line at them. */
const LINE_END = /[\u0085\u2028\u2029]/
const ENVELOPE = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])

export type RpcId = string | number

/** JSON-RPC error codes of the specification (section 5.1). */
export const RPC_PARSE_ERROR = -32700
export const RPC_INVALID_REQUEST = -32600

interface Message {
  /** The line as it came, without its end: what is forwarded when nothing has to change. */
  readonly line: string
  readonly body: JsonObject
}

export interface RpcRequest extends Message {
  readonly kind: 'request'
  readonly id: RpcId
  readonly method: string
  readonly params: JsonObject
  /** What the transport says of who calls, for a request that proves nothing itself (GWR-5). */
  readonly credential?: Credential
}

export interface RpcNotification extends Message {
  readonly kind: 'notification'
  readonly method: string
  readonly params: JsonObject
}

export interface RpcResponse extends Message {
  readonly kind: 'response'
  /** Null in an answer to a request whose identifier could not be read. */
  readonly id: RpcId | null
}

/** A line that does not pass. */
export interface InvalidFrame {
  readonly kind: 'invalid'
  readonly code: typeof RPC_PARSE_ERROR | typeof RPC_INVALID_REQUEST
  /** Says what is wrong, and quotes nothing. */
  readonly message: string
  /** The identifier, where the line is JSON and has a usable one: so that somebody waiting can be told. */
  readonly id: RpcId | null
  readonly too_large: boolean
}

export type Frame = RpcRequest | RpcNotification | RpcResponse | InvalidFrame

/** Cuts chunks into lines and lines into frames. Holds at most twice {@link FRAME_BYTES_MAX} bytes. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void
  readonly #plain: boolean
  /** The line so far, in a buffer that doubles: a drip of single bytes must not cost an object each. */
  #held = new Uint8Array(0)
  #held_bytes = 0
  /** Inside a frame that is too large: drop until the next line end. */
  #skipping = false

  /** @param plain see {@link readFrame} */
  constructor(onFrame: (frame: Frame) => void, plain = false) {
    this.#onFrame = onFrame
    this.#plain = plain
  }

  /** Keeps no reference to `chunk`. */
  push(chunk: Uint8Array): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#endLine(chunk.subarray(start, end))
      start = end + 1
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
  }

  /** The stream has ended: a last line without a line end counts as a line. */
  end(): void {
    this.#endLine(new Uint8Array(0))
  }

  #hold(part: Uint8Array): void {
    // One more than the limit may yet be the carriage return of a line end.
    if (this.#skipping || this.#held_bytes + part.length > FRAME_BYTES_MAX + 1) {
      this.#skipping = true
      this.#held = new Uint8Array(0)
      this.#held_bytes = 0
      return
    }
    const needed = this.#held_bytes + part.length
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#held.length))
      larger.set(this.#held.subarray(0, this.#held_bytes))
      this.#held = larger
    }
    this.#held.set(part, this.#held_bytes)
    this.#held_bytes = needed
  }

  #endLine(rest: Uint8Array): void {
    let bytes = rest
    if (this.#held_bytes > 0 || this.#skipping) {
      this.#hold(rest)
      bytes = this.#held.subarray(0, this.#held_bytes)
    }
    const skipped = this.#skipping
    this.#held = new Uint8Array(0)
    this.#held_bytes = 0
    this.#skipping = false
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1)
    if (skipped || bytes.length > FRAME_BYTES_MAX) this.#onFrame(tooLarge())
    else if (bytes.length > 0) this.#onFrame(readFrame(bytes, this.#plain))
  }
}

/**
 * Reads one line, without its line end.
 * @param plain refuse names spelled with escapes, and other line ends in a text: what the server reads must be what was
 * decided on (MCP-5). Not asked of a server's results, which hold such text as they find it.
 */
export function readFrame(bytes: Uint8Array, plain = false): Frame {
  let line: string
  try {
    line = fromUtf8(bytes)
  } catch {
    return invalid(RPC_PARSE_ERROR, 'the frame is not UTF-8')
  }
  // JSON allows it as white space, and readers with universal line ends would see two messages.
  if (line.includes('\r')) return invalid(RPC_INVALID_REQUEST, 'carriage return inside a frame')
  try {
    const limits = { bytes_max: FRAME_BYTES_MAX, depth_max: FRAME_DEPTH_MAX }
    const body = parseJson(line, plain ? { ...limits, plain_names: true } : limits)
    if (plain && LINE_END.test(line))
      return invalid(RPC_INVALID_REQUEST, 'a line end inside a frame: spell it as an escape', idIn(body))
    return classify(line, body)
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    if (cause.code === 'JSON_INVALID') return invalid(RPC_PARSE_ERROR, 'the frame is not JSON')
    return invalid(RPC_INVALID_REQUEST, cause.message, idOfRefused(line, cause))
  }
}

function classify(line: string, body: JsonValue): Frame {
  if (Array.isArray(body)) return invalid(RPC_INVALID_REQUEST, 'batches are refused: send one message a line')
  if (!isJsonObject(body) || body.jsonrpc !== '2.0') {
    return invalid(RPC_INVALID_REQUEST, 'not a JSON-RPC 2.0 message', idIn(body))
  }
  const refuse = (message: string): InvalidFrame => invalid(RPC_INVALID_REQUEST, message, idIn(body))
  if (hasLookalike(body, ENVELOPE)) return refuse('a member differs from a JSON-RPC member by case alone')
  if (!Object.hasOwn(body, 'method')) return classifyResponse(line, body)
  const { method, params = {} } = body
  if (typeof method !== 'string' || method === '' || method.length > NAME_LENGTH_MAX) {
    return refuse('the method is not a name')
  }
  if (Object.hasOwn(body, 'result') || Object.hasOwn(body, 'error')) {
    return refuse('a message is either a request or a response')
  }
  if (!isJsonObject(params)) return refuse('params must be an object')
  if (!Object.hasOwn(body, 'id')) return { kind: 'notification', line, body, method, params }
  const id = idIn(body)
  if (id === null) return refuse('the identifier must be a string or an integer')
  return { kind: 'request', line, body, id, method, params }
}

function classifyResponse(line: string, body: JsonObject): Frame {
  const id = idIn(body)
  const answers = Number(Object.hasOwn(body, 'result')) + Number(Object.hasOwn(body, 'error'))
  if (answers !== 1 || (id === null && body.id !== null)) {
    return invalid(RPC_INVALID_REQUEST, 'neither a request nor a response', id)
  }
  return { kind: 'response', line, body, id }
}

/** Whether a name of `object` would pass for one of `names` with a reader that ignores case (Go's, for one). */
export function hasLookalike(object: JsonObject, names: ReadonlySet<string>): boolean {
  return Object.keys(object).some((name) => !names.has(name) && names.has(foldCase(name)))
}

/** What folds to itself: names of these characters alone are as distinct as they look. */
const FOLDED = /^[ -@[-~]*$/

/** Whether, anywhere in `value`, two names of one object are the same to a reader that ignores case. */
export function hasCaseTwins(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (!isJsonObject(value)) return value.some(hasCaseTwins)
  const names = Object.keys(value)
  if (names.length > 1 && !names.every((name) => FOLDED.test(name))) {
    if (new Set(names.map(foldCase)).size !== names.length) return true
  }
  return Object.values(value).some(hasCaseTwins)
}

function idIn(body: JsonValue): RpcId | null {
  const id = isJsonObject(body) ? body.id : null
  if (typeof id === 'string') return id.length <= NAME_LENGTH_MAX ? id : null
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : null
}

/** The identifier of a line that is JSON and yet refused. It is used to answer, never to forward. */
function idOfRefused(line: string, cause: CoreError): RpcId | null {
  if (cause.code !== 'JSON_DUPLICATE_KEY' && cause.code !== 'JSON_NUMBER_RANGE') return null
  return idIn(JSON.parse(line) as JsonValue)
}

function invalid(code: InvalidFrame['code'], message: string, id: RpcId | null = null): InvalidFrame {
  return { kind: 'invalid', code, message, id, too_large: false }
}

function tooLarge(): InvalidFrame {
  const message = `the frame is over the limit of ${FRAME_BYTES_MAX} bytes`
  return { kind: 'invalid', code: RPC_INVALID_REQUEST, message, id: null, too_large: true }
}
