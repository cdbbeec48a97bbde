/**
 * Delegations: drafted with every identifier reserved and within the template of their class, sealed by the last
 * gesture that they need. spec/delegation.md (DLG-4, DLG-10), spec/grants.md (TPL-1).
 * @module
 */
import { newId } from '../core/ids.ts'
import { seconds } from '../core/time.ts'
import { commitmentOf } from '../log/commitment.ts'
import type { Tx } from '../ports/store.ts'
import { claimOf } from '../token/disclosure.ts'
import type { Grant } from '../token/grant.ts'
import { draftRoot, sealRoot } from '../token/issue.ts'
import { segmentsOf } from '../token/segment.ts'
import type { Approvers } from '../token/template.ts'
import type { Handle } from '../token/handles.ts'
import { liveAgentKey } from './agent-keys.ts'
import { assertStatus, findAgent } from './agents.ts'
import { consentBehind } from './consent-chains.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import {
  dropDraft,
  gesturesOf,
  insertDraft,
  missingOf,
  shownOf,
  takeGesture,
  type OpenDraft,
  type Shown,
  type StoredDraft,
} from './drafts.ts'
import { countDelegation, withoutApprovers } from './emergencies.ts'
import { RegistryError } from './errors.ts'
import { signerOfDraft } from './issuer-keys.ts'
import { findEnrolled, usesPasskey } from './people.ts'
import { fileUnder, keep } from './personal.ts'
import { assertPoints } from './points.ts'
import { approversFor, quorumOf } from './quorum.ts'
import { insertSegments } from './segments.ts'
import { assignStatus, recordHandles } from './statuses.ts'
import { assertWithin, templateInForce, type TemplateInForce } from './templates.ts'
import { verifyOwnChain } from './trust.ts'

/** The longest delegation, in seconds (DLG: `exp - nbf`). */
export const DELEGATION_TTL_S_MAX = 90 * 24 * 3600
/** `acr` of a root whose principal used a passkey (OpenID EAP ACR values). */
const PHISHING_RESISTANT = 'phr'

export interface DelegationRequest {
  readonly agent: string
  /** Thumbprint of the agent's key that will hold it. */
  readonly jkt: string
  /** Enforcement points. */
  readonly aud: readonly string[]
  readonly grants: readonly Grant[]
  readonly ttl_s: number
  readonly depth_max: number
  readonly instruction?: string
  readonly sub?: string
  /** Other people of whom `m` stand behind it too; absent: those that the template asks for. */
  readonly approvers?: Approvers
  /** `cns_…`: for its data subject alone (CNS-40). */
  readonly consent?: string
  /** `ema_…`: without the approvers that the template asks for (EMA-2). */
  readonly emergency?: string
}

export interface Drafted {
  readonly jti: string
  /** What the gesture is over: base64url SHA-256. */
  readonly challenge: string
  readonly shown: Shown
  /** By person. Null: the principal alone. */
  readonly approvers: Approvers | null
  /** Milliseconds: of the draft. */
  readonly expires: number
}

/**
 * @throws {RegistryError} `UNKNOWN_AGENT`, `UNKNOWN_KEY`, `UNKNOWN_POINT`, `UNKNOWN_PERSON`, `STATE_CONFLICT`,
 * `LIMIT_EXCEEDED`, `SAME_PERSON`; `OUTSIDE_TEMPLATE` (TPL-1, TPL-4), with the member and the reason; those of
 * {@link consentBehind}
 * @throws {TokenError} `GRANT_INVALID`, `TOKEN_TOO_LARGE`
 */
export function draftDelegation(
  ctx: RegistryContext,
  principal: string,
  request: DelegationRequest,
): Promise<Drafted> {
  return ctx.store.write(async (tx) => {
    const person = await findEnrolled(tx.db, principal)
    const row = await findAgent(tx.db, request.agent)
    assertStatus(row, ['active'])
    const holder = await liveAgentKey(tx.db, request.agent, request.jkt)
    await assertPoints(tx.db, request.aud)
    const exp = seconds(tx.now) + request.ttl_s
    const { consent, emergency } = request
    const of = { agent: row.id, class: row.class, principal, exp }
    const inForce = await boundsOf(tx, emergency, of)
    const approvers = await approversFor(tx.db, principal, inForce, request.approvers ?? null)
    const jti = newId(ctx.crypto, 'dlg', tx.now)
    const now = seconds(tx.now)
    const status = await assignStatus(ctx, tx, jti)
    const behind =
      consent === undefined ? {} : { consent: await consentBehind(tx, consent, { exp, ...request }) }
    const draft = draftRoot(ctx.crypto, await ctx.issuer.current(tx.db), {
      iss: ctx.iss,
      aud: [...request.aud],
      iat: now,
      nbf: now,
      exp,
      jti,
      rev: [person.rev],
      ...(await quorumOf(tx.db, approvers)),
      ...behind,
      holder,
      agent: { id: row.id, class: row.class, manifest: row.manifest },
      amr: person.amr,
      ...(usesPasskey(person) ? { acr: PHISHING_RESISTANT } : {}),
      auth_time: now,
      status,
      grants: [...request.grants],
      depth_max: request.depth_max,
      ...(request.instruction === undefined ? {} : { instruction: request.instruction }),
      ...(request.sub === undefined ? {} : { sub: request.sub }),
    })
    const { jkt, grants, ttl_s, depth_max } = request
    const offered = { class: row.class, ttl_s, depth_max, grants, approvers }
    assertWithin(inForce, offered)
    const stored: StoredDraft = {
      draft,
      agent: row.id,
      jkt,
      exp,
      offered,
      ...(consent === undefined ? {} : { consent }),
      ...(emergency === undefined ? {} : { emergency }),
    }
    const expires = await insertDraft(ctx, tx, jti, principal, stored)
    return { jti, challenge: draft.challenge, shown: shownOf(stored), approvers, expires }
  })
}

export interface Sealing {
  readonly jti: string
  /** With every disclosure: for the agent, and personal. Null while gestures are missing. */
  readonly chain: string | null
  /** Gestures without which it is not sealed. */
  readonly missing: number
}

/**
 * Takes the principal's gesture over a draft, and seals it if nothing else is missing; the draft is then used up.
 * @throws {RegistryError} `UNKNOWN_DELEGATION` (no such draft of this person, or expired), `GESTURE_INVALID`,
 * `STATE_CONFLICT`, `OUTSIDE_TEMPLATE`: the template was replaced by a narrower one; those of {@link consentBehind}
 */
export function sealDelegation(
  ctx: RegistryContext,
  principal: string,
  jti: string,
  parts: GestureParts,
): Promise<Sealing> {
  return ctx.store.write(async (tx) => {
    return sealIfWhole(ctx, tx, await takeGesture(ctx, tx, jti, principal, 'principal', parts))
  })
}

/**
 * Takes an approver's gesture over a draft. The chain is not theirs to have.
 * @throws {RegistryError} as {@link sealDelegation}; `STATE_CONFLICT` too when they have answered already, and
 * `SAME_PERSON` when it is their own
 */
export function approveDelegation(
  ctx: RegistryContext,
  approver: string,
  jti: string,
  parts: GestureParts,
): Promise<Pick<Sealing, 'jti' | 'missing'>> {
  return ctx.store.write(async (tx) => {
    const open = await takeGesture(ctx, tx, jti, approver, 'approver', parts)
    const { missing } = await sealIfWhole(ctx, tx, open)
    return { jti, missing }
  })
}

/** What a delegation of the class lies within, under emergency access without its approvers. */
async function boundsOf(
  tx: Tx,
  emergency: string | undefined,
  of: { readonly agent: string; readonly class: string; readonly principal: string; readonly exp: number },
): Promise<TemplateInForce> {
  const inForce = await templateInForce(tx.db, of.class)
  return emergency === undefined ? inForce : withoutApprovers(tx, inForce, emergency, of)
}

/** What holds at the draft may not hold any more when the last gesture comes: all of it is asked again (DLG-10). */
async function sealIfWhole(ctx: RegistryContext, tx: Tx, open: OpenDraft): Promise<Sealing> {
  const { jti, draft, agent, jkt, exp } = open
  const person = await findEnrolled(tx.db, open.principal)
  const gestures = await gesturesOf(tx.db, jti)
  const missing = missingOf(open, gestures)
  if (missing > 0) return { jti, chain: null, missing }
  const row = await findAgent(tx.db, agent)
  assertStatus(row, ['active'])
  await liveAgentKey(tx.db, agent, jkt)
  const { emergency, principal } = open
  const inForce = await boundsOf(tx, emergency, { agent, class: row.class, principal, exp })
  assertWithin(inForce, open.offered)
  if (open.consent !== undefined) await consentBehind(tx, open.consent, { exp, grants: open.offered.grants })
  const chain = sealRoot(ctx.crypto, await signerOfDraft(ctx, tx, draft), ctx.rp, draft, gestures)
  await recordHandles(tx, jti, await handlesOf(ctx, tx, chain))
  const [root] = segmentsOf(ctx.crypto, chain)
  if (!root) throw new RegistryError('STATE_CONFLICT', 'the sealed chain has no segment')
  await dropDraft(tx, jti)
  await tx.db
    .insertInto('delegations')
    .values({ jti, agent, principal: person.id, exp, chain: root.segment, issued: tx.now, revoked: 0 })
    .execute()
  await insertSegments(ctx.crypto, tx, personActor(person.id), [root], jti)
  const first = await tx.append({
    type: 'delegation.issued',
    actor: personActor(person.id),
    subject: jti,
    body: {
      jti,
      agent,
      rev: [person.rev],
      exp,
      segment: root.id,
      template: inForce.index,
      ...(emergency === undefined ? {} : { emergency }),
    },
  })
  if (emergency !== undefined) await countDelegation(tx.db, emergency)
  await fileUnder(tx, { id: jti, owner: person.id, first })
  for (const disclosure of draft.disclosures) {
    const field = claimOf(disclosure)
    const commitment = commitmentOf(ctx.crypto, { disclosure })
    if (field !== null) await keep(ctx, tx, jti, field, { commitment, opening: { disclosure } })
  }
  return { jti, chain, missing: 0 }
}

/** A verifier's view of what was sealed, so that what its status looks at is what revokes it anywhere else. */
async function handlesOf(ctx: RegistryContext, tx: Tx, chain: string): Promise<readonly Handle[]> {
  const result = await verifyOwnChain(ctx, tx.db, chain, tx.now)
  if (!result.ok) throw new RegistryError('STATE_CONFLICT', `the delegation does not hold: ${result.reason}`)
  return result.chain.handles
}
