/** Chain segments as the log keeps them: grants yes, claims about people never (SEG-1). @module */
import type { Crypto } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import { taggedBytes } from '../core/sign.ts'
import { SEGMENT_TAG } from './constants.ts'
import { isGrantDisclosure } from './disclosure.ts'
import { parsePresentation, segmentText } from './presentation.ts'

export interface ChainSegment {
  readonly id: string
  readonly parent: string | null
  /** The JWT and its disclosed grants, with a trailing `~`. */
  readonly segment: string
}

export function segmentId(crypto: Crypto, parent: string | null, segment: string): string {
  return base64url(crypto.sha256(taggedBytes(SEGMENT_TAG, { parent, segment })))
}

/** Root first. @throws {TokenError} if `chain` does not parse */
export function segmentsOf(crypto: Crypto, chain: string): ChainSegment[] {
  const out: ChainSegment[] = []
  for (const { jwt, disclosures } of parsePresentation(chain).segments) {
    const parent = out.at(-1)?.id ?? null
    const segment = segmentText({ jwt, disclosures: disclosures.filter(isGrantDisclosure) })
    out.push({ id: segmentId(crypto, parent, segment), parent, segment })
  }
  return out
}
