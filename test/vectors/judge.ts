/** What this verifier says of a vector, with any {@link Crypto}: Node and browsers run this same function. @module */
import type { Crypto } from '../../src/core/crypto.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { verifyChainText } from '../../src/token/verify.ts'
import type { DelegationVector } from '../../vectors/delegation/generate.ts'

export type { DelegationVector }
export type Answer = DelegationVector['expect']

export function judge(crypto: Crypto, { now, audience, trust, presentation }: DelegationVector): Answer {
  const trusted = trust.map(({ iss, keys, ...rp }) => {
    const issuerKeys = keys.map(
      ({ jwk, retired_at = null }) => [thumbprint(crypto, jwk), { jwk: publicJwk(jwk), retired_at }] as const,
    )
    return [iss, { keys: new Map(issuerKeys), rp }] as const
  })
  const context = { crypto, trust: new Map(trusted), audience, now_ms: now }
  const result = verifyChainText(context, presentation)
  if (!result.ok) return { ok: false, code: result.reason }
  const { delegations } = result.chain
  return {
    ok: true,
    grants_per_delegation: delegations.map(({ grants }) => grants.size),
    agents: delegations.map(({ agent }) => agent.id),
  }
}
