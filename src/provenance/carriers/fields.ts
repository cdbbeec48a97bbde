/**
 * Attestations in header fields, of HTTP and of mail. spec/carriers.md (CAR-8 to CAR-10). Pure.
 * @module
 */
import { concat } from '../../core/encoding.ts'
import { fromBinary, toBinary } from './binary.ts'
import { CarrierError } from './errors.ts'

export const FIELD = 'Countersign-Attestation'
/** Characters of a value in HTTP: proxies take 8 KiB of all fields together, unless they are told otherwise. */
export const HTTP_CHARS_MAX = 6 * 1024
/** Characters of a value in mail: Postfix takes 100 KiB of one field, others less. */
export const MAIL_CHARS_MAX = 32 * 1024
/** Of the header of a mail or an answer, in bytes: no more is searched. */
export const HEAD_BYTES_MAX = 256 * 1024
/** Characters of a line of a mail, its leading space among them. RFC 5322 wants no more than 78. */
const LINE_CHARS = 76

/** @throws {CarrierError} `CARRIER_TOO_LARGE` */
export function httpField(value: string): { readonly [FIELD]: string } {
  if (value.length > HTTP_CHARS_MAX)
    throw new CarrierError(
      'CARRIER_TOO_LARGE',
      `a header field of HTTP is to hold ${HTTP_CHARS_MAX} characters at most: link to the file of the attestation`,
    )
  return { [FIELD]: value }
}

/** What the field holds in a mail, or in an answer of HTTP as it was kept: in its order, without the folding. */
export function fieldValues(bytes: Uint8Array): readonly string[] {
  return [...headOf(bytes).matchAll(ownFields())]
    .map(([field]) => field.slice(field.indexOf(':') + 1).replaceAll(/\s/g, ''))
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '')
}

/**
 * The same mail with one field in front of the others, in the place of those that it had.
 * @param bytes from its first header field on
 * @throws {CarrierError} `CARRIER_TOO_LARGE`; `CARRIER_MALFORMED`: no mail
 */
export function withMailField(bytes: Uint8Array, value: string): Uint8Array {
  if (value.length > MAIL_CHARS_MAX)
    throw new CarrierError(
      'CARRIER_TOO_LARGE',
      `a header field of a mail is to hold ${MAIL_CHARS_MAX} characters at most`,
    )
  const head = headOf(bytes)
  if (!/^[A-Za-z][A-Za-z0-9-]*[ \t]*:/.test(head))
    throw new CarrierError('CARRIER_MALFORMED', 'that is no mail: it begins with no header field')
  const end = /\r\n/.test(head) ? '\r\n' : '\n'
  const lines = value.match(new RegExp(`.{1,${LINE_CHARS - 1}}`, 'g')) ?? []
  const field = [`${FIELD}:`, ...lines.map((line) => ` ${line}`), ''].join(end)
  return concat(fromBinary(field + head.replaceAll(ownFields(), '')), bytes.subarray(head.length))
}

function ownFields(): RegExp {
  return new RegExp(`^${FIELD}[ \\t]*:.*(?:\\r?\\n[ \\t].*)*(?:\\r?\\n|$)`, 'gim')
}

/** Up to the empty line, with the line end of the last field, one character a byte. */
function headOf(bytes: Uint8Array): string {
  const text = toBinary(bytes.subarray(0, HEAD_BYTES_MAX))
  const end = /\n(?=\r?\n)/.exec(text)
  return end === null ? text : text.slice(0, end.index + 1)
}
