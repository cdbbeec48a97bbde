/** Where the control plane's private keys live. @module */
import type { PrivateJwk } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'

export type KeyStoreErrorCode = 'KEY_FILE_OPEN' | 'KEY_INVALID' | 'KEY_UNAVAILABLE'

/** Faults of key stores. Messages name the file, never its content. */
export class KeyStoreError extends CountersignError<KeyStoreErrorCode> {}

export type KeyUse = 'issuer' | 'frame' | 'log'

export interface KeyStore {
  /**
   * The Ed25519 key for a use, made and durably stored the first time it is asked for.
   * @throws {KeyStoreError} `KEY_FILE_OPEN`: others can read it. `KEY_INVALID`: not a key. `KEY_UNAVAILABLE`.
   */
  key(use: KeyUse): Promise<PrivateJwk>
}
