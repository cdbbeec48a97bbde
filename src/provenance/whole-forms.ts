/** The forms that are computed from the whole output: JSON, a git commit, a mail. spec/attestation.md (ATT-3). @module */
import { CountersignError } from '../core/errors.ts'
import { canonicalBytes, parseJson } from '../core/json.ts'
import { ProvenanceError } from './errors.ts'

const JSON_LIMITS = { bytes_max: 16 * 1024 * 1024, depth_max: 256 }

/** What git adds when somebody commits the same again, or signs it. */
const LEFT_OUT_OF_COMMITS = ['committer', 'gpgsig', 'gpgsig-sha256']
const TRAILER = /^countersign-attestation:/i

/** In this order. Others are added and changed by relays. */
const MAIL_HEADERS = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'reply-to',
  'in-reply-to',
  'references',
  'message-id',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
]

/** @throws {ProvenanceError} `FORM_INVALID` */
export function canonicalJson(bytes: Uint8Array): Uint8Array {
  try {
    return canonicalBytes(parseJson(bytes, JSON_LIMITS))
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw new ProvenanceError('FORM_INVALID', 'not JSON as it is read here', { cause })
  }
}

/** A commit as `git cat-file commit` prints it. @throws {ProvenanceError} `FORM_INVALID` */
export function canonicalCommit(bytes: Uint8Array): Uint8Array {
  const text = latin1(bytes)
  const end = text.indexOf('\n\n')
  if (!text.startsWith('tree ') || end === -1)
    throw new ProvenanceError('FORM_INVALID', 'not a commit object of git')
  const headers = withoutFields(text.slice(0, end).split('\n'), (line) =>
    LEFT_OUT_OF_COMMITS.includes(line.slice(0, line.indexOf(' '))),
  )
  const message = withoutFields(text.slice(end + 2).split('\n'), (line) => TRAILER.test(line))
  return fromLatin1(`${headers.join('\n')}\n\n${message.join('\n').replace(/\n*$/, '')}\n`)
}

/** Without some fields, and without the lines that continue them. */
function withoutFields(lines: readonly string[], isLeftOut: (line: string) => boolean): string[] {
  let out = false
  return lines.filter((line) => {
    out = out && /^[ \t]/.test(line) ? true : isLeftOut(line)
    return !out
  })
}

/** @throws {ProvenanceError} `FORM_INVALID` */
export function canonicalMail(bytes: Uint8Array): Uint8Array {
  const text = latin1(bytes).replaceAll(/\r\n?/g, '\n')
  const end = text.startsWith('\n') ? 0 : text.indexOf('\n\n')
  const head = end === -1 ? text : text.slice(0, end)
  const body = end === -1 ? '' : text.slice(end === 0 ? 1 : end + 2)
  const fields = fieldsOf(head)
  if (!fields.some(({ name }) => name === 'from'))
    throw new ProvenanceError('FORM_INVALID', 'not a mail: it has no From')
  const kept = MAIL_HEADERS.flatMap((wanted) => fields.filter(({ name }) => name === wanted).toReversed())
  const lines = kept.map(({ name, value }) => `${name}:${value}\r\n`)
  return fromLatin1(`${lines.join('')}\r\n${relaxedBody(body)}`)
}

/** RFC 6376 section 3.4.2: unfolded, white space made one space. */
function fieldsOf(head: string): { readonly name: string; readonly value: string }[] {
  const unfolded = head.replaceAll(/\n(?=[ \t])/g, '')
  return unfolded.split('\n').map((line) => {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    return {
      name,
      value: line
        .slice(colon + 1)
        .replaceAll(/[ \t]+/g, ' ')
        .trim(),
    }
  })
}

/** RFC 6376 section 3.4.4. */
function relaxedBody(body: string): string {
  const lines = body.split('\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''))
  while (lines.at(-1) === '') lines.pop()
  return lines.map((line) => `${line}\r\n`).join('')
}

/** One character a byte, so that nothing is decoded and nothing is lost. */
function latin1(bytes: Uint8Array): string {
  let text = ''
  // Not TextDecoder: its latin1 is windows-1252, in which some bytes are others.
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  }
  return text
}

/** As many arguments as any engine takes. */
const PIECE = 8192

function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
