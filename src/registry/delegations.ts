/**
 * Delegations: drafted with every identifier reserved, sealed by the principal's gesture. spec/delegation.md (DLG-4).
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseJson, type JsonObject } from '../core/json.ts'
import { seconds } from '../core/time.ts'
import type { Schema, Tx } from '../ports/store.ts'
import type { Grant } from '../token/grant.ts'
import { draftRoot, sealRoot, type RootDraft } from '../token/issue.ts'
import { segmentsOf } from '../token/segment.ts'
import type { Handle } from '../token/verify.ts'
import { liveAgentKey } from './agent-keys.ts'
import { assertStatus, findAgent } from './agents.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { signerOfDraft } from './issuer-keys.ts'
import { findEnrolled, gestureOf, usesPasskey } from './people.ts'
import { assertPoints } from './points.ts'
import { insertSegments } from './segments.ts'
import { assignStatus, recordHandles } from './statuses.ts'
import { templateInForce } from './templates.ts'
import { verifyOwnChain } from './trust.ts'

/** How long a draft waits for its gesture. */
export const DRAFT_TTL_MS = 10 * 60 * 1000
/** Drafts a person may have open at once. */
export const DRAFTS_MAX = 100
/** The longest delegation, in seconds (DLG: `exp - nbf`). */
export const DELEGATION_TTL_S_MAX = 90 * 24 * 3600
/** `acr` of a root whose principal used a passkey (OpenID EAP ACR values). */
const PHISHING_RESISTANT = 'phr'
/** A draft with 64 grants, far above the 64 KiB of a token. */
const DRAFT_JSON_LIMITS = { bytes_max: 512 * 1024, depth_max: 32 }

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
}

export interface DraftAnswer {
  readonly jti: string
  /** What the gesture is over: base64url SHA-256. */
  readonly challenge: string
  readonly shown: {
    readonly header: JsonObject
    readonly payload: JsonObject
    readonly grants: readonly Grant[]
    /** What the payload has digests of: the grants and the claims, as SD-JWT discloses them. */
    readonly disclosures: readonly string[]
  }
}

interface StoredDraft {
  readonly draft: RootDraft
  readonly agent: string
  readonly jkt: string
  readonly exp: number
}

/**
 * @throws {RegistryError} `UNKNOWN_AGENT`, `UNKNOWN_KEY`, `UNKNOWN_POINT`, `STATE_CONFLICT`, `LIMIT_EXCEEDED`
 * @throws {TokenError} `GRANT_INVALID`, `TOKEN_TOO_LARGE`
 */
export function draftDelegation(
  ctx: RegistryContext,
  principal: string,
  request: DelegationRequest,
): Promise<DraftAnswer> {
  return ctx.store.write(async (tx) => {
    const person = await findEnrolled(tx.db, principal)
    const row = await findAgent(tx.db, request.agent)
    assertStatus(row, ['active'])
    const holder = await liveAgentKey(tx.db, request.agent, request.jkt)
    await assertPoints(tx.db, request.aud)
    await assertRoomForDraft(tx, principal)
    const jti = newId(ctx.crypto, 'dlg', tx.now)
    const now = seconds(tx.now)
    const status = await assignStatus(ctx, tx, jti)
    const draft = draftRoot(ctx.crypto, await ctx.issuer.current(tx.db), {
      iss: ctx.iss,
      aud: [...request.aud],
      iat: now,
      nbf: now,
      exp: now + request.ttl_s,
      jti,
      rev: [person.rev],
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
    const stored: StoredDraft = { draft, agent: row.id, jkt: request.jkt, exp: now + request.ttl_s }
    await tx.db
      .insertInto('drafts')
      .values({
        jti,
        principal,
        draft_json: JSON.stringify(stored),
        gestures_json: '[]',
        expires: tx.now + DRAFT_TTL_MS,
      })
      .execute()
    return {
      jti,
      challenge: draft.challenge,
      shown: {
        header: draft.header,
        payload: draft.payload,
        grants: request.grants,
        disclosures: draft.disclosures,
      },
    }
  })
}

async function assertRoomForDraft(tx: Tx, principal: string): Promise<void> {
  await tx.db.deleteFrom('drafts').where('expires', '<=', tx.now).execute()
  const open = await tx.db.selectFrom('drafts').select('jti').where('principal', '=', principal).execute()
  if (open.length >= DRAFTS_MAX) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `at most ${DRAFTS_MAX} drafts wait for a gesture: seal one first`,
    )
  }
}

/**
 * Seals a draft with its principal's gesture; the draft is used up.
 * @returns the chain with every disclosure: for the agent, and personal.
 * @throws {RegistryError} `UNKNOWN_DELEGATION` (no such draft of this person, or expired), `STATE_CONFLICT`
 * @throws {TokenError} `GESTURE_INVALID`
 */
export function sealDelegation(
  ctx: RegistryContext,
  principal: string,
  jti: string,
  parts: GestureParts,
): Promise<{ jti: string; chain: string }> {
  return ctx.store.write(async (tx) => {
    const person = await findEnrolled(tx.db, principal)
    const { draft, agent, jkt, exp } = await takeDraft(tx, principal, jti)
    const row = await findAgent(tx.db, agent)
    assertStatus(row, ['active'])
    await liveAgentKey(tx.db, agent, jkt)
    const signer = await signerOfDraft(ctx, tx, draft)
    const chain = sealRoot(ctx.crypto, signer, ctx.rp, draft, [gestureOf(person, 'principal', parts)])
    await recordHandles(tx, jti, await handlesOf(ctx, tx, chain))
    const [root] = segmentsOf(ctx.crypto, chain)
    if (!root) throw new RegistryError('STATE_CONFLICT', 'the sealed chain has no segment')
    await tx.db
      .insertInto('delegations')
      .values({ jti, agent, principal, exp, chain, issued: tx.now, revoked: 0 })
      .execute()
    await insertSegments(ctx.crypto, tx, personActor(principal), [root])
    await tx.append({
      type: 'delegation.issued',
      actor: personActor(principal),
      subject: jti,
      body: {
        jti,
        agent,
        rev: [person.rev],
        exp,
        segment: root.id,
        template: await templateInForce(tx.db, row.class),
      },
    })
    return { jti, chain }
  })
}

/** A verifier's view of what was sealed, so that what its status looks at is what revokes it anywhere else. */
async function handlesOf(ctx: RegistryContext, tx: Tx, chain: string): Promise<readonly Handle[]> {
  const result = await verifyOwnChain(ctx, tx.db, chain, tx.now)
  if (!result.ok) throw new RegistryError('STATE_CONFLICT', `the delegation does not hold: ${result.reason}`)
  return result.chain.handles
}

async function takeDraft(tx: Tx, principal: string, jti: string): Promise<StoredDraft> {
  const row = await tx.db
    .deleteFrom('drafts')
    .where('jti', '=', jti)
    .where('principal', '=', principal)
    .where('expires', '>', tx.now)
    .returning('draft_json')
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_DELEGATION', 'no such draft of yours, or it has expired')
  return parseJson(row.draft_json, DRAFT_JSON_LIMITS) as unknown as StoredDraft
}

export interface Delegation {
  readonly jti: string
  readonly agent: string
  readonly principal: string
  /** Seconds. */
  readonly exp: number
  /** Milliseconds. */
  readonly issued: number
  readonly revoked: boolean
}

const COLUMNS = ['jti', 'agent', 'principal', 'exp', 'issued', 'revoked'] as const

/** Newest first. @param before only those with a smaller `jti` */
export async function listDelegations(
  db: Kysely<Schema>,
  limit: number,
  before?: string,
): Promise<Delegation[]> {
  let query = db.selectFrom('delegations').select(COLUMNS).orderBy('jti', 'desc').limit(limit)
  if (before !== undefined) query = query.where('jti', '<', before)
  const rows = await query.execute()
  return rows.map((row) => ({ ...row, revoked: row.revoked !== 0 }))
}

/** @throws {RegistryError} `UNKNOWN_DELEGATION` */
export async function getDelegation(
  db: Kysely<Schema>,
  jti: string,
): Promise<Delegation & { chain: string }> {
  const row = await db.selectFrom('delegations').selectAll().where('jti', '=', jti).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation')
  return { ...row, revoked: row.revoked !== 0 }
}
