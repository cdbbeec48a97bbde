/**
 * Where the keys of data subjects live: apart from the database that holds what they encrypt, with backups of their
 * own. spec/erasure.md (ERA-2, ERA-3). Every implementation passes test/contract/vault.ts.
 * @module
 */
import { CountersignError } from '../core/errors.ts'

export type VaultErrorCode = 'BOX_INVALID' | 'VAULT_NOT_OURS' | 'VAULT_UNAVAILABLE' | 'VAULT_VERSION'

/** Faults of vaults. Messages name neither a key nor what it encrypts. */
export class VaultError extends CountersignError<VaultErrorCode> {}

/**
 * One random 256-bit key a subject, AES-256-GCM. Keys never leave it, so a key management service can stand behind it.
 * Several control planes on one log share one vault: what one has destroyed no other opens once `destroy` resolved. So
 * an implementation keeps no key in memory between calls unless it can take it back from every node.
 */
export interface Vault {
  /** Random, made with the vault and kept with it: the database remembers whose keys it needs. */
  readonly id: string
  /**
   * Encrypts. Makes the subject's key the first time; the key survives a crash once this resolves.
   * @param context bound into the box: it opens with the same one only
   * @returns null: the key was destroyed, and no other is ever made for this subject
   * @throws {VaultError} `VAULT_UNAVAILABLE`
   */
  seal(subject: string, plain: Uint8Array, context: string): Promise<Uint8Array | null>
  /**
   * @returns null: the key that the box was sealed under is not here, destroyed or lost
   * @throws {VaultError} `BOX_INVALID`: the key is here, the box or its context was changed. `VAULT_UNAVAILABLE`
   */
  open(subject: string, box: Uint8Array, context: string): Promise<Uint8Array | null>
  /**
   * Destroys keys: nobody who reads the vault later finds them. All or none of them survive a crash. Idempotent, and
   * remembered also for subjects that have no key.
   * @returns the subjects whose key was still there
   * @throws {VaultError} `VAULT_UNAVAILABLE`: they may still be there
   */
  destroy(subjects: readonly string[]): Promise<readonly string[]>
  close(): Promise<void>
}
