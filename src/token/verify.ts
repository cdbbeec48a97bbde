/**
 * Verification of a chain, as the list of its checks. spec/delegation.md.
 * Checked: everything that the chain itself can show, back to the human gesture. Not checked here: revocation and its
 * freshness (src/revoke), the holder proof (proof.ts), the call (src/decide), that the gesture's key was registered
 * (src/evidence/verify).
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { sha256Text } from '../core/digest.ts'
import { CountersignError } from '../core/errors.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { parseJws, verifyJws, type ParsedJws } from '../core/sign.ts'
import { CLOCK_SKEW_MAX_S, seconds } from '../core/time.ts'
import { HOP_TYP, LIFE_MAX_S, ROOT_TAG, ROOT_TYP } from './constants.ts'
import { resolveDisclosures } from './disclosure.ts'
import { TokenError, type TokenErrorCode } from './errors.ts'
import { assertGesturesCover, challengeOf, gestureFault, type RelyingParty } from './gesture.ts'
import type { Grant } from './grant.ts'
import { behind, ownHandles, type Handle } from './handles.ts'
import { hasHeader } from './header.ts'
import { isHopPayload, isRootPayload, type DelegatePayload, type RootPayload } from './payload.ts'
import { parsePresentation, type Segment } from './presentation.ts'
import { checkStatement, issuerKeyOf, trustedIssuer, type ChainTrust } from './trust.ts'
import { boundsWithin, grantWithin } from './within.ts'

export interface ChainContext {
  readonly crypto: Crypto
  readonly trust: ChainTrust
  /** The audience that the verifier answers to. */
  readonly audience: string
  /** Milliseconds since 1970. */
  readonly now_ms: number
}

/** What a decision needs of a delegation. Times in seconds. */
export interface DecidedDelegation {
  readonly jti: string
  /** Who holds it: a kill may name either (KIL-2). */
  readonly agent: { readonly id: string; readonly class: string }
  /** The end of what it rests on: `exp`, or that of a hop's agent statement when that comes first. */
  readonly ends: number
  /** Disclosed grants by digest. */
  readonly grants: ReadonlyMap<string, Grant>
}

/** One delegation of a chain, verified. Times in seconds. */
export interface Delegation extends DecidedDelegation {
  readonly nbf: number
  readonly exp: number
  readonly aud: readonly string[]
  readonly depth: number
  readonly depth_max: number
  readonly holder: PublicJwk
  readonly jkt: string
}

/** A verified chain as far as decisions need it: what an open session keeps. */
export interface DecidedChain {
  /** Root first; never empty. */
  readonly delegations: readonly [DecidedDelegation, ...DecidedDelegation[]]
  /** The issuer of the root: whose revocations count (KEY-8). */
  readonly iss: string
  /** The agent of the last one: who acts. */
  readonly agent: string
  /** What the principal signed, in words, where the holder disclosed it (FLW-4). */
  readonly instruction?: string
  /** Handle of the consent that the root rests on: for its data subject alone (CNS-40). */
  readonly consent?: string
  /** Of the root and every hop: one of them revoked revokes the chain (REV-3). */
  readonly handles: { some(test: (handle: Handle) => boolean): boolean }
}

export interface VerifiedChain extends DecidedChain {
  readonly delegations: readonly [Delegation, ...Delegation[]]
  readonly handles: readonly Handle[]
  readonly root: RootPayload
}

export type ChainResult =
  | {
      readonly ok: true
      readonly chain: VerifiedChain
      /** Root first, with the disclosures that are grants: what a log may keep (SEG-1). */
      readonly loggable: readonly Segment[]
    }
  | { readonly ok: false; readonly reason: TokenErrorCode }

/** Verifies a chain without its holder proof. Refusals are returned; only our own faults are thrown. */
export function verifyChain(context: ChainContext, segments: readonly Segment[]): ChainResult {
  try {
    return { ok: true, ...checkChain(context, segments) }
  } catch (error) {
    if (error instanceof TokenError) return { ok: false, reason: error.code }
    if (error instanceof CountersignError) return { ok: false, reason: 'TOKEN_MALFORMED' }
    throw error
  }
}

/** {@link verifyChain} for text. A proof behind it is ignored. */
export function verifyChainText(context: ChainContext, text: string): ChainResult {
  try {
    return verifyChain(context, parsePresentation(text).segments)
  } catch (error) {
    if (error instanceof TokenError) return { ok: false, reason: error.code }
    throw error
  }
}

function checkChain(
  context: ChainContext,
  segments: readonly Segment[],
): { chain: VerifiedChain; loggable: readonly Segment[] } {
  const [first, ...rest] = segments
  if (first === undefined) throw new TokenError('TOKEN_MALFORMED', 'a chain has at least a root')
  const root = checkRoot(context, first)
  const delegations: [Delegation, ...Delegation[]] = [root.delegation]
  const handles: Handle[] = [...root.handles]
  const loggable = [root.loggable]
  let parent = root.delegation
  let parentJwt = first.jwt
  for (const segment of rest) {
    const hop = checkHop(context, root.payload.iss, segment, parent, parentJwt)
    delegations.push(hop.delegation)
    handles.push(...hop.handles)
    loggable.push(hop.loggable)
    parent = hop.delegation
    parentJwt = segment.jwt
  }
  if (!parent.aud.includes(context.audience)) {
    throw new TokenError('AUDIENCE_MISMATCH', 'the delegation names other audiences')
  }
  const agent = parent.agent.id
  const { iss, consent } = root.payload
  const said = {
    ...(root.instruction === undefined ? {} : { instruction: root.instruction }),
    ...(consent === undefined ? {} : { consent }),
  }
  return { chain: { delegations, iss, agent, ...said, root: root.payload, handles }, loggable }
}

interface Checked {
  readonly delegation: Delegation
  readonly handles: readonly Handle[]
  readonly loggable: Segment
}

type CheckedRoot = Checked & { readonly payload: RootPayload; readonly instruction: string | undefined }

function checkRoot(context: ChainContext, segment: Segment): CheckedRoot {
  const { crypto } = context
  const jws = parseJws(segment.jwt)
  assertHeader(jws, ROOT_TYP, ['kid'])
  const payload = fitting(isRootPayload, jws.payload)
  const issuer = trustedIssuer(context.trust, payload.iss)
  const issuerKey = issuerKeyOf(issuer, jws, payload.iat)
  if (!verifyJws(crypto, jws, issuerKey.jwk))
    throw new TokenError('SIGNATURE_INVALID', 'the root is not signed')
  assertGestures(crypto, issuer.rp, jws, payload)
  assertTimes(payload, context.now_ms, payload.iat)
  if (payload.exp - payload.nbf > LIFE_MAX_S)
    throw new TokenError('TOKEN_MALFORMED', 'the root lives too long')
  if (payload.depth !== 0) throw new TokenError('CHAIN_BROKEN', 'a root has depth 0')
  const { grants, loggable, instruction } = disclosedIn(crypto, payload, segment, payload._sd ?? [])
  const { id, class: agentClass } = payload.agent
  const holder = holderIn(crypto, payload)
  const delegation = delegationOf(payload, { id, class: agentClass }, holder, grants, payload.exp)
  for (const grant of delegation.grants.values()) {
    if (grant.from !== undefined) throw new TokenError('CHAIN_BROKEN', 'a root grant has no parent')
  }
  return {
    delegation,
    payload,
    instruction,
    handles: [{ kind: 'issuer', handle: issuerKey.kid }, ...behind(payload), ...ownHandles(delegation)],
    loggable,
  }
}

function checkHop(
  context: ChainContext,
  iss: string,
  segment: Segment,
  parent: Delegation,
  parentJwt: string,
): Checked {
  const { crypto } = context
  const jws = parseJws(segment.jwt)
  assertHeader(jws, HOP_TYP, [])
  const outer = fitting(isHopPayload, jws.payload)
  const payload = outer.delegate_payload[0]
  if (!verifyJws(crypto, jws, parent.holder)) {
    throw new TokenError('SIGNATURE_INVALID', 'a hop is not signed by the holder before it')
  }
  if (outer.issuer_jwt_hash !== sha256Text(crypto, parentJwt)) {
    throw new TokenError('CHAIN_BROKEN', 'a hop follows another token')
  }
  assertTimes(payload, context.now_ms, outer.iat)
  const issuer = { iss, trusted: trustedIssuer(context.trust, iss) }
  let known: Holder | null = null
  const holder = (): Holder => (known ??= holderIn(crypto, payload))
  const now = seconds(context.now_ms)
  const statement = checkStatement(crypto, issuer, payload.statement, () => holder().jkt, now)
  const { grants, loggable } = disclosedIn(crypto, payload, segment, [])
  const agent = { id: statement.agent, class: statement.class }
  const ends = Math.min(payload.exp, statement.exp)
  const delegation = delegationOf(payload, agent, holder(), grants, ends)
  if (outer.aud !== delegation.jkt) throw new TokenError('CHAIN_BROKEN', 'a hop is addressed to another key')
  assertNarrower(delegation, parent)
  return {
    delegation,
    handles: [{ kind: 'issuer', handle: statement.kid }, ...ownHandles(delegation)],
    loggable,
  }
}

function assertNarrower(child: Delegation, parent: Delegation): void {
  for (const grant of child.grants.values()) {
    const from = grant.from === undefined ? undefined : parent.grants.get(grant.from)
    if (from === undefined) throw new TokenError('PARENT_GRANT_HIDDEN', 'a parent grant is not disclosed')
    if (!grantWithin(grant, from)) throw new TokenError('WIDENED', 'a grant is wider than its parent')
  }
  if (!boundsWithin(child, parent)) throw new TokenError('WIDENED', 'time, audience or depth is widened')
}

function assertGestures(crypto: Crypto, rp: RelyingParty, jws: ParsedJws, payload: RootPayload): void {
  const { gestures: _, ...shown } = jws.payload
  const challenge = challengeOf(crypto, ROOT_TAG, { header: jws.header, payload: shown })
  for (const gesture of payload.gestures) {
    const fault = gestureFault(crypto, rp, challenge, gesture)
    if (fault !== null) throw new TokenError('GESTURE_INVALID', fault)
  }
  assertGesturesCover(payload)
}

/** PRF-4: starts may lie 60 s ahead of our clock; an end is an end. */
function assertTimes(payload: { nbf: number; exp: number }, now_ms: number, iat: number): void {
  const now = seconds(now_ms)
  if (payload.exp <= now) throw new TokenError('EXPIRED', 'a delegation of the chain has expired')
  if (payload.exp <= payload.nbf)
    throw new TokenError('TOKEN_MALFORMED', 'a delegation ends before it starts')
  if (iat > now + CLOCK_SKEW_MAX_S)
    throw new TokenError('CLOCK_SKEW', 'a delegation was issued in the future')
  if (payload.nbf > now + CLOCK_SKEW_MAX_S) throw new TokenError('NOT_YET_VALID', 'not valid yet')
}

function disclosedIn(
  crypto: Crypto,
  payload: RootPayload | DelegatePayload,
  { jwt, disclosures }: Segment,
  claimDigests: readonly string[],
): { grants: ReadonlyMap<string, Grant>; loggable: Segment; instruction: string | undefined } {
  if (payload.grants_n !== payload.authorization_details.length) {
    throw new TokenError('TOKEN_MALFORMED', 'the count of grants is not what the human was shown')
  }
  const digests = payload.authorization_details.map((detail) => detail['...'])
  const { claims, grants, grantDisclosures } = resolveDisclosures(crypto, disclosures, digests, claimDigests)
  return { grants, loggable: { jwt, disclosures: grantDisclosures }, instruction: claims.instruction }
}

interface Holder {
  readonly jwk: PublicJwk
  readonly jkt: string
}

function holderIn(crypto: Crypto, payload: RootPayload | DelegatePayload): Holder {
  const jwk = publicJwk(payload.cnf.jwk)
  return { jwk, jkt: thumbprint(crypto, jwk) }
}

function delegationOf(
  { jti, nbf, exp, aud, depth, depth_max }: RootPayload | DelegatePayload,
  agent: Delegation['agent'],
  holder: Holder,
  grants: ReadonlyMap<string, Grant>,
  ends: number,
): Delegation {
  return { jti, nbf, exp, ends, aud, depth, depth_max, agent, holder: holder.jwk, jkt: holder.jkt, grants }
}

function assertHeader(jws: ParsedJws, typ: string, members: readonly ('kid' | 'jwk')[]): void {
  if (!hasHeader(jws, typ, members)) {
    throw new TokenError('TOKEN_MALFORMED', `a token of type ${typ} was expected`)
  }
}

function fitting<T>(fits: (value: unknown) => value is T, payload: unknown): T {
  if (!fits(payload)) throw new TokenError('TOKEN_MALFORMED', 'a token does not fit its schema')
  return payload
}
