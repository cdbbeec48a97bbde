/**
 * The text of a chain and its parts (DLG-1). Splitting only: nothing here has been verified.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { utf8 } from '../core/encoding.ts'
import {
  GRANTS_MAX,
  HOPS_MAX,
  PRESENTATION_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENT_SEPARATOR,
} from './constants.ts'
import { TokenError } from './errors.ts'

/** One JWT with the disclosures that came with it. */
export interface Segment {
  readonly jwt: string
  readonly disclosures: readonly string[]
}

export interface Presentation {
  /** Root first. */
  readonly segments: readonly Segment[]
  /** The KB-JWT behind the last `~`, or null. */
  readonly proof: string | null
}

const SHAPE = /^[A-Za-z0-9_.~-]+$/

/**
 * @throws {TokenError} `TOKEN_TOO_LARGE`, `TOKEN_MALFORMED`, `DEPTH_EXCEEDED`
 */
export function parsePresentation(text: string): Presentation {
  if (text.length > PRESENTATION_BYTES_MAX) {
    throw new TokenError('TOKEN_TOO_LARGE', `presentation over the limit of ${PRESENTATION_BYTES_MAX} bytes`)
  }
  if (!SHAPE.test(text))
    throw new TokenError('TOKEN_MALFORMED', 'presentation has a character it cannot have')
  const end = text.lastIndexOf('~')
  if (end < 0) throw new TokenError('TOKEN_MALFORMED', 'presentation has no "~"')
  const proof = text.slice(end + 1)
  const parts = text.slice(0, end).split(SEGMENT_SEPARATOR)
  if (parts.length > HOPS_MAX + 1) throw new TokenError('DEPTH_EXCEEDED', `more than ${HOPS_MAX} hops`)
  return { segments: parts.map(parseSegment), proof: proof === '' ? null : proof }
}

function parseSegment(text: string): Segment {
  if (text.length > SEGMENT_BYTES_MAX) throw new TokenError('TOKEN_TOO_LARGE', 'a segment is over its limit')
  const parts = text.split('~')
  if (parts.includes('')) throw new TokenError('TOKEN_MALFORMED', 'a segment is empty')
  const [jwt = '', ...disclosures] = parts
  return { jwt, disclosures }
}

/** A token, its grants and its two claims, in each segment. More disclosures than that are refused. */
const PARTS_MAX = (HOPS_MAX + 1) * (GRANTS_MAX + 3)

/** What verifying `text` hashes, its tokens and disclosures, for a {@link Crypto} that has to know beforehand. */
export function hashedParts(text: string): Uint8Array[] {
  if (text.length > PRESENTATION_BYTES_MAX) return [] // and the text is refused unhashed
  return text.split('~').filter(Boolean).slice(0, PARTS_MAX).map(utf8)
}

/** The text of one segment, with its trailing `~`. */
export function segmentText(segment: Segment): string {
  return [segment.jwt, ...segment.disclosures].join('~') + '~'
}

/** The text of a chain without a proof: it ends in `~`. */
export function chainText(segments: readonly Segment[]): string {
  return (
    segments.map((segment) => [segment.jwt, ...segment.disclosures].join('~')).join(SEGMENT_SEPARATOR) + '~'
  )
}

/** `sd_hash` of RFC 9901 section 4.3.1. @param last segment of a chain, as the draft says */
export function sdHashOfSegment(crypto: Crypto, last: Segment): string {
  return sha256Text(crypto, segmentText(last))
}

/** {@link sdHashOfSegment} for text. @throws {TokenError} if `chain` does not parse */
export function sdHashOf(crypto: Crypto, chain: string): string {
  const last = parsePresentation(chain).segments.at(-1)
  if (last === undefined) throw new TokenError('TOKEN_MALFORMED', 'a chain has at least a root')
  return sdHashOfSegment(crypto, last)
}
