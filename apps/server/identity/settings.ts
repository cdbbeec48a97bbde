/** What whoever starts the control plane says of its identity provider and of provisioning. spec/identity.md. @module */
import type { Role } from '../../../src/core/roles.ts'

/** How the control plane says to the provider who it is. */
export type ClientProof =
  | { readonly kind: 'secret'; readonly secret: string }
  /** A private key, as a JWK with its `alg`: `private_key_jwt`. */
  | { readonly kind: 'key'; readonly jwk: Readonly<Record<string, unknown>> }

/** Which claim of the provider is which attribute of a provisioned user (IDN-10). */
export interface ClaimMatch {
  readonly claim: string
  readonly attribute: 'externalId' | 'userName'
}

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly proof: ClientProof
  /** `openid`, and what the matched claim needs, unless told otherwise. */
  readonly scopes?: string
  /** Whether the provider is to ask each time, whoever its own session says it is. */
  readonly prompt?: 'login'
  /** Seconds since the person authenticated there, at most. */
  readonly maxAgeS?: number
  readonly match?: ClaimMatch
}

export interface IdentityOptions {
  readonly oidc?: OidcSettings
  /** Groups of provisioning by name, and the role that their members are proposed for (IDN-23). */
  readonly scimRoles?: ReadonlyMap<string, Role>
}

export const DEFAULT_MATCH: ClaimMatch = { claim: 'sub', attribute: 'externalId' }

const SCOPES_OF: Readonly<Record<string, string>> = {
  email: 'openid email',
  preferred_username: 'openid profile',
  sub: 'openid',
}

export function scopesOf({ scopes, match = DEFAULT_MATCH }: OidcSettings): string {
  return scopes ?? SCOPES_OF[match.claim] ?? 'openid profile'
}
