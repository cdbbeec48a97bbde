/**
 * Chains for clients that do not speak the protocol: exchanged for access tokens, introspected, revoked. spec/status.md
 * (STS-6 to STS-8). What is revoked is asked of the frames themselves, in the same transaction or read.
 * Invariant: an access token says no more than the chain that it was given for, and ends no later.
 * @module
 */
import type { Kysely } from 'kysely'
import { CountersignError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { parseJws } from '../core/sign.ts'
import { seconds } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { accessTokenEnd, isDebited, readAccessToken, signAccessToken } from '../token/access-token.ts'
import type { Grant } from '../token/grant.ts'
import { lastOf } from '../token/lineage.ts'
import { segmentsOf } from '../token/segment.ts'
import type { VerifiedChain } from '../token/verify.ts'
import type { Client } from './clients.ts'
import type { RegistryContext } from './context.ts'
import { revoke } from './revocations.ts'
import { insertSegments } from './segments.ts'
import { isOwnerRevoked, isRevoked, recordHandles } from './statuses.ts'
import { issuerKeys, verifyOwnChain } from './trust.ts'

export interface ExchangeRequest {
  /** Identifier of the agent that asks. */
  readonly agent: string
  readonly chain: string
  readonly audience: string
  /** Thumbprint of the key that signed the DPoP proof. */
  readonly jkt: string
}

/** RFC 8693 section 2.2.2, RFC 9449 section 5. */
export interface ExchangeRefusal {
  readonly ok: false
  readonly error: 'invalid_request' | 'invalid_target' | 'invalid_dpop_proof'
  readonly why: string
}
export type ExchangeAnswer =
  | { readonly ok: true; readonly token: string; readonly life_s: number; readonly grants: readonly Grant[] }
  | ExchangeRefusal

/** Gives an access token for a chain. Refusals are returned, and leave no entry. */
export function exchange(ctx: RegistryContext, request: ExchangeRequest): Promise<ExchangeAnswer> {
  return ctx.store.write(async (tx) => {
    const result = await verifyOwnChain(ctx, tx.db, request.chain, tx.now, request.audience)
    if (!result.ok) {
      return result.reason === 'AUDIENCE_MISMATCH'
        ? refusal('invalid_target', 'the chain is for other audiences')
        : refusal('invalid_request', `the subject_token does not hold: ${result.reason}`)
    }
    return (await refused(tx, request, result.chain)) ?? (await give(ctx, tx, request, result.chain))
  })
}

async function refused(
  tx: Tx,
  request: ExchangeRequest,
  chain: VerifiedChain,
): Promise<ExchangeRefusal | null> {
  const last = lastOf(chain)
  const grants = [...last.grants.values()]
  if (last.agent.id !== request.agent)
    return refusal('invalid_request', 'the subject_token is held by another agent')
  if (last.jkt !== request.jkt)
    return refusal('invalid_dpop_proof', 'the proof is not by the key that the subject_token is bound to')
  if (await isRevoked(tx.db, chain.handles)) return refusal('invalid_request', 'the subject_token is revoked')
  if (!(await isIssued(tx.db, chain.root.jti)))
    return refusal('invalid_request', 'the root of the subject_token is not registered')
  if (grants.length === 0) return refusal('invalid_request', 'the subject_token discloses no grant')
  if (chain.consent !== undefined)
    return refusal(
      'invalid_target',
      'the chain is for one data subject alone, which nobody would hold a resource server to',
    )
  if (grants.some(isDebited))
    return refusal(
      'invalid_target',
      'a grant has a cumulative limit, which nobody would debit: do not disclose it',
    )
  return null
}

function refusal(error: ExchangeRefusal['error'], why: string): ExchangeRefusal {
  return { ok: false, error, why }
}

async function isIssued(db: Kysely<Schema>, jti: string): Promise<boolean> {
  const row = await db.selectFrom('delegations').select('jti').where('jti', '=', jti).executeTakeFirst()
  return row !== undefined
}

async function give(
  ctx: RegistryContext,
  tx: Tx,
  { agent, audience, chain: text }: ExchangeRequest,
  chain: VerifiedChain,
): Promise<ExchangeAnswer> {
  const last = lastOf(chain)
  const grants = [...last.grants.values()]
  const now = seconds(tx.now)
  const exp = accessTokenEnd(chain, now)
  const jti = newId(ctx.crypto, 'tok', tx.now)
  const delegation = chain.root.jti
  await forgetOver(tx, now)
  await tx.db.insertInto('exchanges').values({ jti, delegation, agent, exp, revoked: 0 }).execute()
  await recordHandles(tx, jti, chain.handles)
  const actor: Actor = { kind: 'agent', id: agent }
  const segments = segmentsOf(ctx.crypto, text)
  await insertSegments(ctx.crypto, tx, actor, segments)
  await tx.append({
    type: 'token.exchanged',
    actor,
    subject: jti,
    body: { jti, delegation, segment: segments.at(-1)?.id ?? '', agent, jkt: last.jkt, aud: audience, exp },
  })
  const token = signAccessToken(ctx.crypto, await ctx.issuer.current(tx.db), {
    iss: ctx.iss,
    iat: now,
    exp,
    aud: audience,
    sub: agent,
    client_id: agent,
    jti,
    cnf: { jkt: last.jkt },
    authorization_details: grants,
    delegation,
  })
  return { ok: true, token, life_s: exp - now, grants }
}

/** A token that is over is inactive without being looked up: the log remembers it. */
export async function forgetOver(tx: Pick<Tx, 'db'>, now: number): Promise<void> {
  const over = await tx.db.deleteFrom('exchanges').where('exp', '<=', now).returning('jti').execute()
  for (const { jti } of over) await tx.db.deleteFrom('handles').where('owner', '=', jti).execute()
}

/** RFC 7662 section 2.2. Times in seconds. */
export interface ActiveToken {
  readonly active: true
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat: number
  readonly nbf?: number
  readonly jti: string
  readonly client_id: string
  readonly cnf: { readonly jkt: string }
  readonly token_type: 'DPoP'
  readonly authorization_details: readonly Grant[]
  readonly delegation: string
  /** Handle of the consent that the root rests on: for its data subject alone. */
  readonly consent?: string
}
export type Introspection = ActiveToken | { readonly active: false }

const INACTIVE: Introspection = { active: false }

/**
 * What a chain or an access token is worth now. An enforcement point hears of those alone that are for it.
 * @param now_ms milliseconds since 1970
 */
export function introspect(
  ctx: RegistryContext,
  client: Pick<Client, 'kind' | 'id'>,
  token: string,
  now_ms: number,
): Promise<Introspection> {
  const audience = client.kind === 'point' ? client.id : undefined
  return ctx.store.query(async (db) =>
    isChain(token)
      ? introspectChain(ctx, db, token, now_ms, audience)
      : introspectAccessToken(ctx, db, token, now_ms, audience),
  )
}

/** `~` is no character of a JWT, and every chain ends in one. */
function isChain(token: string): boolean {
  return token.includes('~')
}

async function introspectChain(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  text: string,
  now_ms: number,
  audience: string | undefined,
): Promise<Introspection> {
  const result = await verifyOwnChain(ctx, db, text, now_ms, audience)
  if (!result.ok || (await isRevoked(db, result.chain.handles))) return INACTIVE
  const { chain } = result
  if (!(await isIssued(db, chain.root.jti))) return INACTIVE
  const last = lastOf(chain)
  return {
    active: true,
    iss: chain.root.iss,
    sub: last.agent.id,
    aud: last.aud,
    exp: Math.min(...chain.delegations.map(({ ends }) => ends)),
    iat: chain.root.iat,
    nbf: last.nbf,
    jti: last.jti,
    client_id: last.agent.id,
    cnf: { jkt: last.jkt },
    token_type: 'DPoP',
    authorization_details: [...last.grants.values()],
    delegation: chain.root.jti,
    ...(chain.consent === undefined ? {} : { consent: chain.consent }),
  }
}

async function introspectAccessToken(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  text: string,
  now_ms: number,
  audience: string | undefined,
): Promise<Introspection> {
  const keys = await issuerKeys(db)
  const token = readAccessToken({ crypto: ctx.crypto, iss: ctx.iss, keys, now_ms }, text)
  if (token === null || (audience !== undefined && token.aud !== audience)) return INACTIVE
  const row = await db
    .selectFrom('exchanges')
    .select('revoked')
    .where('jti', '=', token.jti)
    .executeTakeFirst()
  if (row?.revoked !== 0 || (await isOwnerRevoked(db, token.jti))) return INACTIVE
  return { active: true, token_type: 'DPoP', ...token }
}

/**
 * Revokes an access token alone, or the delegation of the root of a chain. Nothing is verified but whose it is by the
 * registers: who may revoke a delegation may do so with the token in any state.
 * @returns false when the token is another agent's; true when it is revoked, or unknown (RFC 7009 section 2.2)
 */
export async function revokeToken(
  ctx: RegistryContext,
  client: Pick<Client, 'kind' | 'id'>,
  token: string,
): Promise<boolean> {
  const claims = claimsOf(token)
  const jti = claims?.iss === ctx.iss && typeof claims.jti === 'string' ? claims.jti : null
  if (jti === null) return true
  const table = isChain(token) ? 'delegations' : 'exchanges'
  const row = await ctx.store.query((db) =>
    db.selectFrom(table).select('agent').where('jti', '=', jti).executeTakeFirst(),
  )
  if (!row) return true
  if (client.kind !== 'person' && row.agent !== client.id) return false
  const actor: Actor = { kind: client.kind, id: client.id }
  const reason = 'oauth'
  if (isChain(token)) await revoke(ctx, actor, { kind: 'delegation', target: jti, reason })
  else await revokeAccessToken(ctx, actor, jti, reason)
  return true
}

/** Of the root or of the access token, unverified; null when there are none. */
function claimsOf(token: string): JsonObject | null {
  try {
    return parseJws(token.split('~', 1)[0] ?? '').payload
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

function revokeAccessToken(ctx: RegistryContext, actor: Actor, jti: string, reason: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    const row = await tx.db
      .updateTable('exchanges')
      .set({ revoked: 1 })
      .where('jti', '=', jti)
      .where('revoked', '=', 0)
      .returning('jti')
      .executeTakeFirst()
    if (row) await tx.append({ type: 'token.revoked', actor, subject: jti, body: { reason } })
  })
}
