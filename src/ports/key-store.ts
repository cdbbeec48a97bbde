/** Where the private keys of the control plane, and of a witness, live. Every implementation passes test/contract/key-store.ts. @module */
import type { PrivateJwk } from '../core/crypto.ts'
import { CountersignError } from '../core/errors.ts'

export type KeyStoreErrorCode =
  'KEY_FILE_OPEN' | 'KEY_INVALID' | 'KEY_LOCKED' | 'KEY_PASSPHRASE_WRONG' | 'KEY_UNAVAILABLE'

/** Faults of key stores. Messages name the file, never its content. */
export class KeyStoreError extends CountersignError<KeyStoreErrorCode> {}

export type KeyUse = 'issuer' | 'frame' | 'log' | 'witness' | 'break-glass' | 'oauth'

/** Ed25519 keys by use and `kid`. What a method returns survives a crash. */
export interface KeyStore {
  /**
   * The first key of a use, made the first time it is asked for: all who ask get the same one.
   * @throws {KeyStoreError} `KEY_UNAVAILABLE`
   */
  first(use: KeyUse): Promise<PrivateJwk>
  /**
   * Every key of a use that is stored now, in no order: also what another process has made since, and not what it has
   * destroyed. @throws {KeyStoreError} as the store's opening
   */
  list(use: KeyUse): Promise<readonly PrivateJwk[]>
  /** Makes one more. @throws {KeyStoreError} `KEY_UNAVAILABLE`: it may or may not be stored. */
  make(use: KeyUse): Promise<PrivateJwk>
  /**
   * Destroys a key: nobody who reads the store later finds it. Idempotent.
   * @throws {KeyStoreError} `KEY_UNAVAILABLE`: it may still be there.
   */
  destroy(use: KeyUse, kid: string): Promise<void>
}
