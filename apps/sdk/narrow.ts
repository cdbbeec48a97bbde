/**
 * Hands a smaller delegation to a sub-agent, offline. spec/sdk.md (SDK-7), spec/delegation.md.
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { seconds } from '../../src/core/time.ts'
import { Guard } from '../../src/enforce/guard.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Grant } from '../../src/token/grant.ts'
import { lastDelegation, narrow as narrowChain } from '../../src/token/narrow.ts'
import { grantWithin } from '../../src/token/within.ts'
import { heldBy, type HeldOptions } from './held.ts'

const TTL_S = 3600

export interface HandOn {
  /** The sub-agent's public JWK. A private member, if there is one, is left where it is. */
  readonly to: PublicJwk | (PublicJwk & { readonly d: string })
  /** The issuer's statement about that key (`countersign agent statement`). */
  readonly statement: string
  /** Each is put under the first grant of the chain that it lies within, unless it names its parent by `from`. */
  readonly grants: readonly Grant[]
  /** An hour unless told otherwise, and never past the end of the chain. */
  readonly ttl_s?: number
  /** How deep it may be handed on; as the chain has it unless told otherwise. */
  readonly depth_max?: number
  /** Enforcement points that may accept it; those of the chain unless told otherwise. */
  readonly aud?: readonly string[]
}

/**
 * @returns the chain for the sub-agent
 * @throws {TokenError} `WIDENED`: a grant lies within none that is held, or time, audience or depth are wider;
 * `GRANT_INVALID`; {SdkError} for a key or a chain that cannot be read
 */
export async function narrow(held: Guard | HeldOptions, handOn: HandOn): Promise<string> {
  const { chain, holder } = held instanceof Guard ? held.held : await heldBy(held)
  const { payload, grants } = lastDelegation(nodeCrypto, chain)
  const now = systemClock.now()
  const now_s = seconds(now)
  const { d: _, ...jwk } = { d: '', ...handOn.to }
  return narrowChain(nodeCrypto, chain, holder, {
    jti: newId(nodeCrypto, 'dlg', now),
    iat: now_s,
    nbf: Math.max(now_s, payload.nbf),
    exp: Math.min(payload.exp, now_s + (handOn.ttl_s ?? TTL_S)),
    aud: handOn.aud ?? payload.aud,
    holder: publicJwk(jwk),
    statement: handOn.statement.trim(),
    grants: handOn.grants.map((grant) => (grant.from === undefined ? underOneOf(grants, grant) : grant)),
    depth_max: handOn.depth_max ?? payload.depth_max,
  })
}

/** Under the first when it lies within none, so that the refusal names the member that is wider. */
function underOneOf(held: ReadonlyMap<string, Grant>, grant: Grant): Grant {
  const parent = [...held].find(([, each]) => grantWithin(grant, each)) ?? [...held][0]
  return parent === undefined ? grant : { ...grant, from: parent[0] }
}
