/**
 * Narrowing: the holder of a chain hands a smaller one to another agent, offline. spec/delegation.md, Hop.
 * Invariant 3: refuses to sign what a verifier would call widened.
 * @module
 */
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { base64url } from '../core/encoding.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws } from '../core/sign.ts'
import { HOP_TYP, SD_ALG } from './constants.ts'
import { discloseGrant, disclosureDigest, resolveDisclosures } from './disclosure.ts'
import { TokenError } from './errors.ts'
import { checkedGrant, type Grant } from './grant.ts'
import { hopPayloadSchema, rootPayloadSchema, type DelegatePayload, type RootPayload } from './payload.ts'
import { chainText, parsePresentation } from './presentation.ts'
import { boundsWithin, outsideOf } from './within.ts'

export interface HopInput {
  readonly jti: string
  /** Seconds. */
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly aud: readonly string[]
  /** The next holder's key and the issuer's statement about it (DLG-7). */
  readonly holder: PublicJwk
  readonly statement: string
  /** Each names its parent grant by `from`. */
  readonly grants: readonly Grant[]
  readonly depth_max: number
}

/**
 * Appends a hop to a chain that `holder` holds.
 * @throws {TokenError} `WIDENED` (with the member that is wider or cannot be decided), `PARENT_GRANT_HIDDEN`,
 * `GRANT_INVALID`, `TOKEN_MALFORMED`, `SIGNATURE_INVALID`: not the holder's key
 */
export function narrow(crypto: Crypto, chain: string, holder: Signer, input: HopInput): string {
  const parent = lastDelegation(crypto, chain)
  if (thumbprint(crypto, holder.publicJwk) !== thumbprint(crypto, parent.payload.cnf.jwk)) {
    throw new TokenError('SIGNATURE_INVALID', 'the chain is bound to another key')
  }
  for (const each of input.grants) {
    const grant = checkedGrant(each)
    const from = grant.from === undefined ? undefined : parent.grants.get(grant.from)
    if (from === undefined) throw new TokenError('PARENT_GRANT_HIDDEN', 'a grant names no disclosed parent')
    const outside = outsideOf(grant, from)
    if (outside !== null)
      throw new TokenError('WIDENED', `a grant is not within its parent at ${outside.member}: ${outside.why}`)
  }
  const depth = parent.payload.depth + 1
  if (!boundsWithin({ ...input, depth }, parent.payload)) {
    throw new TokenError('WIDENED', 'time, audience or depth is wider than the parent')
  }
  return signHop(crypto, chain, holder, input)
}

/** Signs a hop without asking whether it narrows: for {@link narrow}, and for tests that a verifier must refuse. */
export function signHop(crypto: Crypto, chain: string, holder: Signer, input: HopInput): string {
  const { segments } = parsePresentation(chain)
  const previous = segments.at(-1)
  if (previous === undefined) throw new TokenError('TOKEN_MALFORMED', 'a chain has at least a root')
  const disclosures = input.grants.map((grant) => discloseGrant(crypto, grant))
  const delegated: JsonObject = {
    jti: input.jti,
    nbf: input.nbf,
    exp: input.exp,
    aud: input.aud,
    cnf: { jwk: { ...input.holder } },
    statement: input.statement,
    authorization_details: disclosures.map((grant) => ({ '...': disclosureDigest(crypto, grant) })),
    grants_n: disclosures.length,
    depth: segments.length,
    depth_max: input.depth_max,
  }
  const jwt = signJws(
    holder,
    { typ: HOP_TYP },
    {
      iat: input.iat,
      aud: thumbprint(crypto, input.holder),
      nonce: base64url(crypto.randomBytes(16)),
      issuer_jwt_hash: sha256Text(crypto, previous.jwt),
      _sd_alg: SD_ALG,
      delegate_payload: [delegated],
    },
  )
  return chainText([...segments, { jwt, disclosures }])
}

export interface LastDelegation {
  readonly payload: RootPayload | DelegatePayload
  readonly grants: ReadonlyMap<string, Grant>
}

/**
 * Reads the last delegation of a chain that one holds, to narrow it or to choose what to disclose.
 * Nothing is verified.
 * @throws {TokenError} if it does not parse
 */
export function lastDelegation(crypto: Crypto, chain: string): LastDelegation {
  const { segments } = parsePresentation(chain)
  const last = segments.at(-1)
  if (last === undefined) throw new TokenError('TOKEN_MALFORMED', 'a chain has at least a root')
  const raw = parseJws(last.jwt).payload
  if (segments.length === 1) {
    const root = rootPayloadSchema.safeParse(raw)
    if (!root.success) throw new TokenError('TOKEN_MALFORMED', 'the root does not fit its schema')
    return withGrants(crypto, root.data, last.disclosures, root.data._sd ?? [])
  }
  const hop = hopPayloadSchema.safeParse(raw)
  if (!hop.success) throw new TokenError('TOKEN_MALFORMED', 'a hop does not fit its schema')
  return withGrants(crypto, hop.data.delegate_payload[0], last.disclosures, [])
}

function withGrants(
  crypto: Crypto,
  payload: RootPayload | DelegatePayload,
  disclosures: readonly string[],
  claimDigests: readonly string[],
): LastDelegation {
  const digests = payload.authorization_details.map((detail) => detail['...'])
  return { payload, grants: resolveDisclosures(crypto, disclosures, digests, claimDigests).grants }
}
