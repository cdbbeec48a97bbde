/** What every register needs: the store, cryptography, the issuer's keys and the policies that the log records. @module */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import type { Actor } from '../log/entries.ts'
import type { Store } from '../ports/store.ts'
import type { Vault } from '../ports/vault.ts'
import type { RelyingParty } from '../token/gesture.ts'
import type { FrameRing } from './frame-ring.ts'
import type { IssuerRing } from './issuer-ring.ts'

export interface RegistryContext {
  readonly store: Store
  readonly crypto: Crypto
  /** Keys of data subjects: what `sealed` holds is encrypted under them. */
  readonly vault: Vault
  /** Signs roots and agent statements: `await issuer.current(tx.db)`. */
  readonly issuer: IssuerRing
  /** Signs revocation frames, heartbeats, time answers and trust lists: `await frame.current(tx.db)`. */
  readonly frame: FrameRing
  /** What signs kills, rosters and new frame keys from outside (KIL-7). */
  readonly breakGlass: PublicJwk
  /** The issuer's name, `iss` in every token. */
  readonly iss: string
  /** Where callers reach the control plane, without a trailing slash; known once it listens. */
  readonly publicUrl: () => string
  readonly rp: RelyingParty
  /** `independent`: who asks does not approve. `after`: it may, and the entry says `acted_alone` (alone.ts). */
  readonly separation: 'independent' | 'after'
}

/** A gesture as the authenticator returns it; the register adds whose it is. */
export interface GestureParts {
  readonly client_data: string
  readonly authenticator_data: string
  readonly signature: string
}

/** A registration as the authenticator returns it (PPL-1). All members base64url. */
export interface RegistrationParts {
  readonly id: string
  readonly client_data: string
  readonly attestation_object: string
}

/** The control plane itself, for what nobody asked for. */
export const SYSTEM: Actor = { kind: 'system', id: 'control-plane' }

export function personActor(person: string): Actor {
  return { kind: 'person', id: person }
}
