/** Chain segments as the log keeps them: grants yes, claims about people never (SEG-1). @module */
import type { Crypto } from '../core/crypto.ts'
import { taggedDigest } from '../core/digest.ts'
import { CountersignError } from '../core/errors.ts'
import { parseJws } from '../core/sign.ts'
import { SEGMENT_TAG } from './constants.ts'
import { isGrantDisclosure } from './disclosure.ts'
import { isHopPayload, isRootPayload, isStatement } from './payload.ts'
import { parsePresentation, segmentText, type Segment } from './presentation.ts'

export interface ChainSegment {
  readonly id: string
  readonly parent: string | null
  /** The JWT and its disclosed grants, with a trailing `~`. */
  readonly segment: string
}

export function segmentId(crypto: Crypto, parent: string | null, segment: string): string {
  return taggedDigest(crypto, SEGMENT_TAG, { parent, segment })
}

/** @param loggable root first, grants disclosed only, as a verification returns them */
export function chainSegments(crypto: Crypto, loggable: readonly Segment[]): ChainSegment[] {
  const out: ChainSegment[] = []
  for (const each of loggable) {
    const parent = out.at(-1)?.id ?? null
    const segment = segmentText(each)
    out.push({ id: segmentId(crypto, parent, segment), parent, segment })
  }
  return out
}

/** {@link chainSegments} of a chain that one holds. @throws {TokenError} if it does not parse */
export function segmentsOf(crypto: Crypto, chain: string): ChainSegment[] {
  const { segments } = parsePresentation(chain)
  const grantsOf = ({ jwt, disclosures }: Segment): Segment => ({
    jwt,
    disclosures: disclosures.filter(isGrantDisclosure),
  })
  return chainSegments(crypto, segments.map(grantsOf))
}

/** Whom a segment names as the agent that acts under it; no signature is checked. @returns null: nobody */
export function agentOfSegment(segment: string): string | null {
  try {
    const { payload } = parseJws(parsePresentation(segment).segments[0]?.jwt ?? '')
    if (isRootPayload(payload)) return payload.agent.id
    if (!isHopPayload(payload)) return null
    const statement = parseJws(payload.delegate_payload[0].statement).payload
    return isStatement(statement) ? statement.agent : null
  } catch (cause) {
    if (cause instanceof CountersignError) return null
    throw cause
  }
}
