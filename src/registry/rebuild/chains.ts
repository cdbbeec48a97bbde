/**
 * What the registers take from a logged segment: what revokes it, and its place in a status list.
 * Not checked: any signature. The register verified a chain before it wrote a row for it; a segment that a point sent
 * along with receipts may be anything, and then nothing is taken from it.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { parseJws } from '../../core/sign.ts'
import { isHopPayload, isRootPayload, isStatement, type RootPayload } from '../../token/payload.ts'
import { parsePresentation } from '../../token/presentation.ts'
import { behind, ownHandles, type Handle } from '../../token/handles.ts'

export interface SegmentFacts {
  readonly parent: string | null
  readonly handles: readonly Handle[]
  readonly status: { readonly list: number; readonly idx: number } | null
  /** Digests of what a root discloses of people: `instruction` and `sub`. */
  readonly claims: readonly string[]
}

const STATUS_LIST = /\/status\/([1-9]\d{0,8})$/

/** @returns null for a segment that is not one of a root or a hop */
export function segmentFacts(crypto: Crypto, parent: string | null, segment: string): SegmentFacts | null {
  try {
    const jws = parseJws(parsePresentation(segment).segments[0]?.jwt ?? '')
    const { kid } = jws.header
    if (isRootPayload(jws.payload) && typeof kid === 'string') return rootFacts(crypto, kid, jws.payload)
    return isHopPayload(jws.payload) ? hopFacts(crypto, parent, jws.payload.delegate_payload[0]) : null
  } catch (cause) {
    if (cause instanceof CountersignError) return null
    throw cause
  }
}

function rootFacts(crypto: Crypto, kid: string, root: RootPayload): SegmentFacts {
  const { idx, uri = '' } = root.status?.status_list ?? {}
  const list = STATUS_LIST.exec(uri)?.[1]
  return {
    parent: null,
    handles: [
      { kind: 'issuer', handle: kid },
      ...behind(root),
      ...named(crypto, root.jti, root.agent.id, root.cnf.jwk),
    ],
    status: list === undefined || idx === undefined ? null : { list: Number(list), idx },
    claims: root._sd ?? [],
  }
}

function hopFacts(
  crypto: Crypto,
  parent: string | null,
  hop: { jti: string; cnf: RootPayload['cnf']; statement: string },
): SegmentFacts | null {
  const { header, payload } = parseJws(hop.statement)
  if (!isStatement(payload) || typeof header.kid !== 'string') return null
  const handles: Handle[] = [
    { kind: 'issuer', handle: header.kid },
    ...named(crypto, hop.jti, payload.agent, hop.cnf.jwk),
  ]
  return { parent, handles, status: null, claims: [] }
}

function named(crypto: Crypto, jti: string, agent: string, jwk: RootPayload['cnf']['jwk']): Handle[] {
  return ownHandles({ jti, agent: { id: agent }, jkt: thumbprint(crypto, publicJwk(jwk)) })
}
