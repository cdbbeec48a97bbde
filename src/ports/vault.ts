/**
 * Where the keys of data subjects live: apart from the database that holds what they encrypt, with backups of their
 * own. spec/erasure.md (ERA-2, ERA-3, ERA-13). Every implementation passes test/contract/vault.ts.
 * @module
 */
import { CountersignError } from '../core/errors.ts'

export type VaultErrorCode =
  | 'BOX_INVALID'
  | 'VAULT_IN_STORE'
  | 'VAULT_KEY_INVALID'
  | 'VAULT_LOCKED'
  | 'VAULT_NOT_EMPTY'
  | 'VAULT_NOT_OURS'
  | 'VAULT_PASSPHRASE_WRONG'
  | 'VAULT_UNAVAILABLE'
  | 'VAULT_VERSION'

/** Faults of vaults. Messages name neither a key nor what it encrypts, nor an address with a password in it. */
export class VaultError extends CountersignError<VaultErrorCode> {}

/**
 * One random 256-bit key a subject, AES-256-GCM. Keys never leave it, so a key management service can stand behind it.
 * Several control planes on one log share one vault: what one has destroyed no other opens once `destroy` resolved. So
 * an implementation keeps no key of a subject in memory between calls unless it can take it back from every node.
 */
export interface Vault {
  /** Random, made with the vault and kept with it: the database remembers whose keys it needs. */
  readonly id: string
  /**
   * Encrypts. Makes the subject's key the first time; the key survives a crash once this resolves.
   * @param context bound into the box: it opens with the same one only
   * @returns null: the key was destroyed, and no other is ever made for this subject
   * @throws {VaultError} `VAULT_UNAVAILABLE`, `VAULT_LOCKED`, `VAULT_KEY_INVALID`: the key was changed in the vault
   */
  seal(subject: string, plain: Uint8Array, context: string): Promise<Uint8Array | null>
  /**
   * @returns null: the key that the box was sealed under is not here, destroyed or lost
   * @throws {VaultError} `BOX_INVALID`: the key is here, the box or its context was changed. Otherwise as `seal`
   */
  open(subject: string, box: Uint8Array, context: string): Promise<Uint8Array | null>
  /**
   * Destroys keys: nobody who reads the vault later finds them. All or none of them survive a crash. Idempotent, and
   * remembered also for subjects that have no key. Works without the passphrase.
   * @returns the subjects whose key was still there
   * @throws {VaultError} `VAULT_UNAVAILABLE`: they may still be there
   */
  destroy(subjects: readonly string[]): Promise<readonly string[]>
  /**
   * Before the first `seal` or `open` of a vault whose keys are under a passphrase; without it they are `VAULT_LOCKED`.
   * @returns false: they are in the clear
   * @throws {VaultError} `VAULT_LOCKED`: it takes a passphrase; `VAULT_PASSPHRASE_WRONG`; `VAULT_UNAVAILABLE`
   */
  unlock(passphrase: string | null): Promise<boolean>
  /**
   * Puts keys in the clear under a passphrase, all or none, and unlocks. From then on who opened the vault without the
   * passphrase gets `VAULT_LOCKED`.
   * @returns whether there were any: keys that are made from here on are under it in any case
   * @throws {VaultError} as `unlock`
   */
  protect(passphrase: string): Promise<boolean>
  close(): Promise<void>
}
