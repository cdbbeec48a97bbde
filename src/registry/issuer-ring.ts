/**
 * The issuer's private keys at run time. Which one signs is read from the database each time, so that a rotation holds
 * from its entry on, whatever runs at once (KEY-2). Another node may have made it (KEY-11).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto, Signer } from '../core/crypto.ts'
import type { KeyStore } from '../ports/key-store.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'
import { KeyRing } from './key-ring.ts'

export class IssuerRing {
  readonly #ring: KeyRing

  private constructor(ring: KeyRing) {
    this.#ring = ring
  }

  /** With every key that is stored; the first is made when there is none. @throws {KeyStoreError} */
  static async open(crypto: Crypto, store: KeyStore): Promise<IssuerRing> {
    return new IssuerRing(await KeyRing.open(crypto, store, 'issuer'))
  }

  get signers(): readonly Signer[] {
    return this.#ring.signers
  }

  /**
   * The signer of roots, statements and lists as of what `db` sees: ask inside the transaction that uses it.
   * @throws {RegistryError} `ISSUER_KEY_MISSING`: its key is not among those that are stored; {KeyStoreError}
   */
  async current(db: Kysely<Schema>): Promise<Signer> {
    const row = await db
      .selectFrom('issuer_keys')
      .select('kid')
      .where('status', '=', 'current')
      .executeTakeFirst()
    const signer = row === undefined ? undefined : await this.#ring.find(row.kid)
    if (signer === undefined) {
      throw new RegistryError(
        'ISSUER_KEY_MISSING',
        `the current issuer key ${row?.kid ?? ''} is not in the key folder of this node: copy its file from the node ` +
          'that rotated, or restore it. It is taken up without a restart; nodes that share the folder (--keys) need no copy',
      )
    }
    return signer
  }

  /** Whether this node could sign now. @throws {KeyStoreError} */
  async canSign(db: Kysely<Schema>): Promise<boolean> {
    try {
      await this.current(db)
      return true
    } catch (cause) {
      if (cause instanceof RegistryError && cause.code === 'ISSUER_KEY_MISSING') return false
      throw cause
    }
  }

  /** Makes a key, durable before it is returned. @throws {KeyStoreError} `KEY_UNAVAILABLE` */
  make(): Promise<Signer> {
    return this.#ring.make()
  }

  /** It signs no more from here on. @returns false when the store could not destroy it: the next start tries again */
  destroy(kid: string): Promise<boolean> {
    return this.#ring.destroy(kid)
  }

  /** What a crash left between the entry of a key's end and its destruction, or another node has ended (KEY-11). */
  async destroyEnded(db: Kysely<Schema>): Promise<void> {
    const ended = await db
      .selectFrom('issuer_keys')
      .select('kid')
      .where('status', 'in', ['retired', 'compromised'])
      .execute()
    for (const { kid } of ended) if (this.#ring.has(kid)) await this.destroy(kid)
  }
}
