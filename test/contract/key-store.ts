/** What every `KeyStore` must do. Call {@link keyStoreContract} with a way to open one backend. @module */
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { KeyStore } from '../../src/ports/key-store.ts'

export function kidOf(key: PrivateJwk): string {
  return thumbprint(nodeCrypto, nodeCrypto.signer(key).publicJwk)
}

/** @param create gives, for each test, a way to open the same empty store any number of times */
export function keyStoreContract(name: string, create: () => Promise<() => Promise<KeyStore>>): void {
  describe(`key store: ${name}`, () => {
    const kids = async (store: KeyStore): Promise<string[]> => (await store.list('issuer')).map(kidOf).sort()

    test('makes the first key of a use once, and another for another use', async () => {
      const open = await create()
      const store = await open()
      expect(await store.list('issuer')).toEqual([])
      const first = await store.first('issuer')
      expect(await store.first('issuer')).toEqual(first)
      expect(await (await open()).first('issuer')).toEqual(first)
      expect(await store.first('frame')).not.toEqual(first)
      expect(await store.list('issuer')).toEqual([first])
    })

    test('gives all who start at once the same first key', async () => {
      const open = await create()
      const stores = await Promise.all([open(), open(), open()])
      const keys = await Promise.all(stores.map((store) => store.first('issuer')))
      expect(new Set(keys.map(kidOf)).size).toBe(1)
    })

    test('keeps every key that it makes, of the use that it was made for', async () => {
      const open = await create()
      const store = await open()
      const made = [await store.first('issuer'), await store.make('issuer'), await store.make('issuer')]
      const frame = await store.make('frame')
      expect(await kids(store)).toEqual(made.map(kidOf).sort())
      const again = await open()
      expect(await kids(again)).toEqual(made.map(kidOf).sort())
      expect(await again.list('frame')).toEqual([frame])
    })

    test('what it destroyed is gone, also after reopening, and everything else stays', async () => {
      const open = await create()
      const store = await open()
      const [first, second] = [await store.first('issuer'), await store.make('issuer')]
      await store.destroy('issuer', kidOf(first))
      await store.destroy('issuer', kidOf(first))
      await store.destroy('frame', kidOf(second))
      expect(await store.list('issuer')).toEqual([second])
      expect(await (await open()).list('issuer')).toEqual([second])
    })

    test('what it gives signs what its public half verifies', async () => {
      const key = await (await (await create())()).make('log')
      const signer = nodeCrypto.signer(key)
      const data = Uint8Array.of(1, 2, 3)
      expect(nodeCrypto.verify(signer.publicJwk, data, signer.sign(data))).toBe(true)
    })
  })
}
