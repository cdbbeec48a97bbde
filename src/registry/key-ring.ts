/**
 * Private keys of one use at run time: in memory by `kid`, in the key store behind. spec/keys.md (KEY-11).
 * @module
 */
import type { Crypto, PrivateJwk, Signer } from '../core/crypto.ts'
import { thumbprint } from '../core/jwk.ts'
import type { KeyStore, KeyUse } from '../ports/key-store.ts'

export class KeyRing {
  readonly #crypto: Crypto
  readonly #store: KeyStore
  readonly #use: KeyUse
  readonly #signers = new Map<string, Signer>()

  private constructor(crypto: Crypto, store: KeyStore, use: KeyUse) {
    this.#crypto = crypto
    this.#store = store
    this.#use = use
  }

  /** With every key that is stored; the first is made when there is none. @throws {KeyStoreError} */
  static async open(crypto: Crypto, store: KeyStore, use: KeyUse): Promise<KeyRing> {
    const ring = new KeyRing(crypto, store, use)
    const keys = await store.list(use)
    for (const key of keys.length > 0 ? keys : [await store.first(use)]) ring.#add(key)
    return ring
  }

  get signers(): readonly Signer[] {
    return [...this.#signers.values()]
  }

  has(kid: string): boolean {
    return this.#signers.has(kid)
  }

  /** Another node may have made it: the store is asked for what is not here. @throws {KeyStoreError} */
  async find(kid: string): Promise<Signer | undefined> {
    const known = this.#signers.get(kid)
    if (known !== undefined) return known
    for (const key of await this.#store.list(this.#use)) this.#add(key)
    return this.#signers.get(kid)
  }

  /** Makes a key, durable before it is returned. @throws {KeyStoreError} `KEY_UNAVAILABLE` */
  async make(): Promise<Signer> {
    return this.#add(await this.#store.make(this.#use))
  }

  /** It signs no more from here on. @returns false when the store could not destroy it: the next start tries again */
  async destroy(kid: string): Promise<boolean> {
    this.#signers.delete(kid)
    try {
      await this.#store.destroy(this.#use, kid)
      return true
    } catch {
      return false
    }
  }

  #add(key: PrivateJwk): Signer {
    const signer = this.#crypto.signer(key)
    this.#signers.set(thumbprint(this.#crypto, signer.publicJwk), signer)
    return signer
  }
}
