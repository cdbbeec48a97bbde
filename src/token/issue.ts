/**
 * Issuing: a root is drafted, shown to a human, and sealed once the gesture over exactly those bytes is there.
 * spec/delegation.md, Root and Gesture. Invariant 1: there is no way to sign a root without a gesture.
 * @module
 */
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import type { Gesture } from '../core/gesture.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { signJws } from '../core/sign.ts'
import {
  LIFE_MAX_S,
  ROOT_TAG,
  ROOT_TYP,
  SD_ALG,
  SEGMENT_BYTES_MAX,
  STATEMENT_LIFE_MAX_S,
  STATEMENT_TYP,
} from './constants.ts'
import { disclosureDigest, discloseClaim, discloseGrant } from './disclosure.ts'
import { TokenError } from './errors.ts'
import { assertGesturesCover, challengeOf, gestureFault, type Quorum, type RelyingParty } from './gesture.ts'
import { checkedGrant, type Grant } from './grant.ts'
import { rootPayloadSchema, statementSchema, type Statement } from './payload.ts'
import { chainText } from './presentation.ts'

/** What a root says. Times in seconds. */
export interface RootInput {
  readonly iss: string
  readonly aud: readonly string[]
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly jti: string
  /** Revocation handles of every person behind it. */
  readonly rev: readonly string[]
  readonly holder: PublicJwk
  readonly agent: { readonly id: string; readonly class: string; readonly manifest: string }
  /** Of these people, by handle, at least `m` stand behind it as well. */
  readonly quorum?: Quorum
  /** Revocation handle of the consent that it rests on: for one data subject alone (CNS-40). */
  readonly consent?: string
  readonly amr: readonly string[]
  readonly acr?: string
  readonly auth_time: number
  /** Place in a status list (STS-1). */
  readonly status?: { readonly idx: number; readonly uri: string }
  readonly grants: readonly Grant[]
  readonly depth_max: number
  /** Disclosable: what the human asked for, in words. */
  readonly instruction?: string
  /** Disclosable: who the human is. */
  readonly sub?: string
}

/** A root before its gestures. Everything that the human is shown is digested in `challenge`. */
export interface RootDraft {
  readonly header: JsonObject
  readonly payload: JsonObject
  readonly disclosures: readonly string[]
  /** base64url: the WebAuthn challenge (DLG-4). */
  readonly challenge: string
}

/** @throws {TokenError} `GRANT_INVALID`: a grant does not fit, or has a parent. `TOKEN_MALFORMED`: a life too long. */
export function draftRoot(crypto: Crypto, issuer: Signer, input: RootInput): RootDraft {
  if (input.exp <= input.nbf || input.exp - input.nbf > LIFE_MAX_S) {
    throw new TokenError('TOKEN_MALFORMED', `a delegation lives between 1 and ${LIFE_MAX_S} seconds`)
  }
  const grants = input.grants.map((grant) => discloseGrant(crypto, rootGrant(grant)))
  const claims = [
    ...(input.instruction === undefined ? [] : [discloseClaim(crypto, 'instruction', input.instruction)]),
    ...(input.sub === undefined ? [] : [discloseClaim(crypto, 'sub', input.sub)]),
  ]
  const claimDigests = claims.map((claim) => disclosureDigest(crypto, claim)).sort()
  const header = { alg: issuer.alg, typ: ROOT_TYP, kid: thumbprint(crypto, issuer.publicJwk) }
  const payload: JsonObject = {
    iss: input.iss,
    aud: input.aud,
    iat: input.iat,
    nbf: input.nbf,
    exp: input.exp,
    jti: input.jti,
    rev: input.rev,
    ...(input.quorum === undefined ? {} : { quorum: { m: input.quorum.m, of: input.quorum.of } }),
    ...(input.consent === undefined ? {} : { consent: input.consent }),
    cnf: { jwk: { ...input.holder } },
    agent: { ...input.agent },
    amr: input.amr,
    ...(input.acr === undefined ? {} : { acr: input.acr }),
    auth_time: input.auth_time,
    ...(input.status === undefined ? {} : { status: { status_list: { ...input.status } } }),
    _sd_alg: SD_ALG,
    ...(claimDigests.length === 0 ? {} : { _sd: claimDigests }),
    authorization_details: grants.map((grant) => ({ '...': disclosureDigest(crypto, grant) })),
    grants_n: grants.length,
    depth: 0,
    depth_max: input.depth_max,
  }
  const challenge = challengeOf(crypto, ROOT_TAG, { header, payload })
  return { header, payload, disclosures: [...grants, ...claims], challenge }
}

function rootGrant(grant: Grant): Grant {
  if (grant.from !== undefined) throw new TokenError('GRANT_INVALID', 'a root grant has no parent')
  return checkedGrant(grant)
}

/**
 * Signs the root once every gesture holds.
 * @returns the chain, with every disclosure, ending in `~`.
 * @throws {TokenError} `GESTURE_INVALID`, `TOKEN_MALFORMED`, `TOKEN_TOO_LARGE`
 */
export function sealRoot(
  crypto: Crypto,
  issuer: Signer,
  rp: RelyingParty,
  draft: RootDraft,
  gestures: readonly Gesture[],
): string {
  if (draft.challenge !== challengeOf(crypto, ROOT_TAG, { header: draft.header, payload: draft.payload })) {
    throw new TokenError('GESTURE_INVALID', 'the draft is not what its challenge digests')
  }
  for (const gesture of gestures) {
    const fault = gestureFault(crypto, rp, draft.challenge, gesture)
    if (fault !== null) throw new TokenError('GESTURE_INVALID', fault)
  }
  const payload = rootPayloadSchema.safeParse({ ...draft.payload, gestures })
  if (!payload.success) throw new TokenError('TOKEN_MALFORMED', 'the root does not fit its schema')
  assertGesturesCover(payload.data)
  const { alg: _, ...header } = draft.header
  const jwt = signJws(issuer, header, { ...draft.payload, gestures: [...gestures] })
  const chain = chainText([{ jwt, disclosures: draft.disclosures }])
  if (chain.length > SEGMENT_BYTES_MAX) throw new TokenError('TOKEN_TOO_LARGE', 'the root is over its limit')
  return chain
}

/** DLG-7. @throws {TokenError} `STATEMENT_INVALID`: over 24 hours, or empty */
export function signStatement(crypto: Crypto, issuer: Signer, statement: Statement): string {
  const life = statement.exp - statement.iat
  if (!statementSchema.safeParse(statement).success || life <= 0 || life > STATEMENT_LIFE_MAX_S) {
    throw new TokenError('STATEMENT_INVALID', 'an agent statement lives at most 24 hours')
  }
  const header = { typ: STATEMENT_TYP, kid: thumbprint(crypto, issuer.publicJwk) }
  return signJws(issuer, header, { ...statement })
}
