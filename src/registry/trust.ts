/** The control plane as a verifier of its own chains: whom it trusts is itself, under every key that still verifies. @module */
import type { Kysely } from 'kysely'
import { CountersignError } from '../core/errors.ts'
import type { Schema } from '../ports/schema.ts'
import { lastDelegation } from '../token/narrow.ts'
import type { IssuerKey } from '../token/trust.ts'
import { verifyChainText, type ChainResult } from '../token/verify.ts'
import type { RegistryContext } from './context.ts'
import { listIssuerKeys } from './issuer-keys.ts'

/** Issuer keys that verify, by thumbprint: a compromised one is not among them (KEY-4). */
export async function issuerKeys(db: Kysely<Schema>): Promise<ReadonlyMap<string, IssuerKey>> {
  const keys = await listIssuerKeys(db)
  const verifying = keys.filter(({ status }) => status !== 'compromised')
  return new Map(verifying.map(({ kid, jwk, retired_at }) => [kid, { jwk, retired_at }]))
}

/**
 * Verifies a chain that this control plane issued.
 * A holder proof behind it is refused, because nobody here would check it.
 * Not checked: revocation (`isRevoked` in statuses.ts), and that the root is one that is registered.
 * @param audience who asks; without one, any audience of the last delegation will do
 */
export async function verifyOwnChain(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  chain: string,
  now_ms: number,
  audience?: string,
): Promise<ChainResult> {
  if (!chain.endsWith('~')) return { ok: false, reason: 'TOKEN_MALFORMED' }
  const trust = new Map([[ctx.iss, { keys: await issuerKeys(db), rp: ctx.rp }]])
  const asked = audience ?? firstAudience(ctx, chain)
  return verifyChainText({ crypto: ctx.crypto, trust, audience: asked, now_ms }, chain)
}

/** Read before anything is verified; a chain that does not parse is refused when it is verified. */
function firstAudience(ctx: RegistryContext, chain: string): string {
  try {
    return lastDelegation(ctx.crypto, chain).payload.aud[0] ?? ''
  } catch (error) {
    if (error instanceof CountersignError) return ''
    throw error
  }
}
