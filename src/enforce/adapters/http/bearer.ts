/**
 * Access tokens of the control plane's authorization server at the door of an HTTP service: the call is then under the
 * delegation that the token names, which the point holds. spec/sdk.md (SDK-15), spec/gateway.md (GWR-2, GWR-5, GWR-6).
 * @module
 */
import type { AccessTokens } from '../../access-tokens.ts'
import type { HostedDelegations } from '../../hosted.ts'
import type { Credential } from '../../types.ts'

export interface BearerParts {
  readonly tokens: Pick<AccessTokens, 'verify'>
  readonly hosting: Pick<HostedDelegations, 'fetch'>
  /** What a token has to be for: its `aud`. */
  readonly resource: string
}

/**
 * @returns who may call by a token, or null. A token that is bound to a key is not taken: who holds a key brings a chain.
 * Not checked here: whether the delegation is good and in force. The point does that, for every call.
 */
export function bearerOf({
  tokens,
  hosting,
  resource,
}: BearerParts): (token: string) => Promise<Credential | null> {
  return async (token) => {
    const asked = { scheme: 'bearer' as const, token, proof: undefined, method: '', url: resource }
    const found = await tokens.verify(asked)
    if ('error' in found) return null
    const { delegation } = found
    const fetched = await hosting.fetch(delegation)
    return fetched === 'away' || fetched === 'refused' ? null : { kind: 'hosted', delegation }
  }
}
