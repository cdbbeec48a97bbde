/** What the routes of identity share. spec/identity.md. @module */
import type { Crypto } from '../../../src/core/crypto.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { Flows } from './flows.ts'
import { OidcProvider } from './provider.ts'
import type { IdentityOptions } from './settings.ts'

export interface SignInParts {
  readonly provider: OidcProvider
  readonly flows: Flows
}

export interface IdentityContext {
  /** Null: there is no provider. */
  readonly signIn: SignInParts | null
  readonly scimRoles: NonNullable<IdentityOptions['scimRoles']>
}

export function identityContext(
  { oidc, scimRoles }: IdentityOptions,
  crypto: Crypto,
  clock: Clock,
): IdentityContext {
  const signIn =
    oidc === undefined ? null : { provider: new OidcProvider(oidc, clock), flows: new Flows(crypto, clock) }
  return { signIn, scimRoles: scimRoles ?? new Map() }
}
