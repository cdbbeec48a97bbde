/**
 * The trailer of a commit of git that carries an attestation. spec/carriers.md (CAR-5). Pure, over the bytes of the
 * object as `git cat-file commit` prints them.
 * Invariant: what is attested of a commit (form `git`, ATT-3) is the same with the trailer and without.
 * @module
 */
import { fromBinary, toBinary } from './binary.ts'
import { CarrierError } from './errors.ts'

export const TRAILER = 'Countersign-Attestation'
/** Of a commit object, in bytes: some messages quote whole logs. */
export const COMMIT_BYTES_MAX = 1024 * 1024
/** Characters of a line of the trailer, its leading space among them. */
const LINE_CHARS = 76

/** Headers of a signature. It covers the message, so it comes after the trailer. */
const SIGNATURES = new Set(['gpgsig', 'gpgsig-sha256'])
const START = new RegExp(`^${TRAILER}:`, 'i')

interface Commit {
  /** Each with its continuation lines, without the last line end. */
  readonly headers: readonly string[]
  readonly message: string
}

/** @throws {CarrierError} `CARRIER_MALFORMED` */
function readCommit(raw: Uint8Array): Commit {
  if (raw.length > COMMIT_BYTES_MAX)
    throw new CarrierError('CARRIER_MALFORMED', `the commit is over ${COMMIT_BYTES_MAX} bytes`)
  const text = toBinary(raw)
  const end = text.indexOf('\n\n')
  const head = end === -1 ? text.replace(/\n$/, '') : text.slice(0, end)
  if (!head.startsWith('tree ')) throw new CarrierError('CARRIER_MALFORMED', 'that is no commit of git')
  return { headers: head.split(/\n(?! )/), message: end === -1 ? '' : text.slice(end + 2) }
}

/** The message without our trailers, and what these hold without the folding. */
function partTrailers(message: string): { rest: string; values: readonly string[] } {
  const kept: string[] = []
  const values: string[] = []
  let ours = false
  for (const line of message.split('\n')) {
    ours = START.test(line) || (ours && /^[ \t]/.test(line))
    if (!ours) kept.push(line)
    else if (START.test(line)) values.push(line.slice(line.indexOf(':') + 1))
    else values.push(`${values.pop() ?? ''}${line}`)
  }
  return {
    rest: kept.join('\n').replace(/\n+$/, ''),
    values: values.map((value) => value.replaceAll(/[ \t\r]/g, '')),
  }
}

/** What its trailers hold, in their order. @throws {CarrierError} `CARRIER_MALFORMED` */
export function trailersOf(raw: Uint8Array): readonly string[] {
  return partTrailers(readCommit(raw).message).values
}

/**
 * The same commit with one trailer, in the place of those that it had. A signature would no longer hold, so it goes.
 * @param value the compact form (CAR-2)
 * @throws {CarrierError} `CARRIER_MALFORMED`; `CARRIER_TOO_LARGE`
 */
export function withTrailer(raw: Uint8Array, value: string): Uint8Array {
  const { headers, message } = readCommit(raw)
  const { rest } = partTrailers(message)
  const own = headers.filter((header) => !SIGNATURES.has(header.slice(0, header.indexOf(' '))))
  const lines = value.match(new RegExp(`.{1,${LINE_CHARS - 1}}`, 'g')) ?? []
  const trailer = [`${TRAILER}:`, ...lines.map((line) => ` ${line}`)].join('\n')
  const joint = endsInTrailers(rest) ? '\n' : '\n\n'
  const out = fromBinary(`${own.join('\n')}\n\n${rest}${joint}${trailer}\n`)
  if (out.length > COMMIT_BYTES_MAX)
    throw new CarrierError('CARRIER_TOO_LARGE', `the commit would be over ${COMMIT_BYTES_MAX} bytes`)
  return out
}

/** Whether its last paragraph, which is not its subject, is one of trailers alone. */
function endsInTrailers(message: string): boolean {
  const from = message.lastIndexOf('\n\n')
  if (from === -1) return false
  const lines = message.slice(from + 2).split('\n')
  return lines.every((line, i) => /^[A-Za-z0-9-]+[ \t]*:/.test(line) || (i > 0 && /^[ \t]/.test(line)))
}

/** When it was written, in milliseconds since 1970. @throws {CarrierError} `CARRIER_MALFORMED` */
export function authoredAt(raw: Uint8Array): number {
  const line = readCommit(raw).headers.find((header) => header.startsWith('author ')) ?? ''
  const found = /> (\d{1,12}) [+-]\d{4}$/.exec(line)?.[1]
  if (found === undefined) throw new CarrierError('CARRIER_MALFORMED', 'the commit has no author with a time')
  return Number(found) * 1000
}
