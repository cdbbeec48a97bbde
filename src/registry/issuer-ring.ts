/**
 * The issuer's private keys at run time: in memory by `kid`, in the key store behind. Which one signs is read from the
 * database each time, so that a rotation holds from its entry on, whatever runs at once (KEY-2). Another node may have
 * made it: the store is asked for what is not here (KEY-11).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto, PrivateJwk, Signer } from '../core/crypto.ts'
import { thumbprint } from '../core/jwk.ts'
import type { KeyStore } from '../ports/key-store.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export class IssuerRing {
  readonly #crypto: Crypto
  readonly #store: KeyStore
  readonly #signers = new Map<string, Signer>()

  private constructor(crypto: Crypto, store: KeyStore, keys: readonly PrivateJwk[]) {
    this.#crypto = crypto
    this.#store = store
    for (const key of keys) this.#add(key)
  }

  /** With every key that is stored; the first is made when there is none. @throws {KeyStoreError} */
  static async open(crypto: Crypto, store: KeyStore): Promise<IssuerRing> {
    const keys = await store.list('issuer')
    return new IssuerRing(crypto, store, keys.length > 0 ? keys : [await store.first('issuer')])
  }

  get signers(): readonly Signer[] {
    return [...this.#signers.values()]
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
    const signer =
      row === undefined ? undefined : (this.#signers.get(row.kid) ?? (await this.#fetch(row.kid)))
    if (signer === undefined) {
      throw new RegistryError(
        'ISSUER_KEY_MISSING',
        `the current issuer key ${row?.kid ?? ''} is not in the key folder of this node: copy its file from the node ` +
          'that rotated, or restore it. It is taken up without a restart; nodes that share the folder (--keys) need no copy',
      )
    }
    return signer
  }

  /** @returns undefined: it is not there */
  async #fetch(kid: string): Promise<Signer | undefined> {
    for (const key of await this.#store.list('issuer')) this.#add(key)
    return this.#signers.get(kid)
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
  async make(): Promise<Signer> {
    return this.#add(await this.#store.make('issuer'))
  }

  /** It signs no more from here on. @returns false when the store could not destroy it: the next start tries again */
  async destroy(kid: string): Promise<boolean> {
    this.#signers.delete(kid)
    try {
      await this.#store.destroy('issuer', kid)
      return true
    } catch {
      return false
    }
  }

  /** What a crash left between the entry of a key's end and its destruction, or another node has ended (KEY-11). */
  async destroyEnded(db: Kysely<Schema>): Promise<void> {
    const ended = await db
      .selectFrom('issuer_keys')
      .select('kid')
      .where('status', 'in', ['retired', 'compromised'])
      .execute()
    for (const { kid } of ended) if (this.#signers.has(kid)) await this.destroy(kid)
  }

  #add(key: PrivateJwk): Signer {
    const signer = this.#crypto.signer(key)
    this.#signers.set(thumbprint(this.#crypto, signer.publicJwk), signer)
    return signer
  }
}
