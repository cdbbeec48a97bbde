/** What every `Vault` must do. Call {@link vaultContract} with a way to open one backend. @module */
import { describe, expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/core/encoding.ts'
import type { Vault } from '../../src/ports/vault.ts'

const PLAIN = utf8('Ada Lovelace')

async function sealed(vault: Vault, subject: string, context = 'name'): Promise<Uint8Array> {
  const box = await vault.seal(subject, PLAIN, context)
  expect(box).not.toBeNull()
  return box ?? new Uint8Array(0)
}

/** @param create gives, for each test, a way to open the same empty vault any number of times */
export function vaultContract(name: string, create: () => Promise<() => Promise<Vault>>): void {
  describe(`vault: ${name}`, () => {
    test('opens what it sealed, after reopening too, and is the same vault', async () => {
      const open = await create()
      const vault = await open()
      const box = await sealed(vault, 'per_a')
      expect(Buffer.from(box).includes(Buffer.from(PLAIN))).toBe(false)
      await vault.close()
      const again = await open()
      expect(again.id).toBe(vault.id)
      expect(fromUtf8((await again.open('per_a', box, 'name')) ?? new Uint8Array(0))).toBe('Ada Lovelace')
      await again.close()
    })

    test('seals the same value differently each time', async () => {
      const vault = await (await create())()
      expect(await sealed(vault, 'per_a')).not.toEqual(await sealed(vault, 'per_a'))
      await vault.close()
    })

    test('refuses a box that was changed, or that stands in another place', async () => {
      const vault = await (await create())()
      const box = await sealed(vault, 'per_a')
      await sealed(vault, 'per_b')
      await expect(vault.open('per_a', box, 'other')).rejects.toThrowWithCode('BOX_INVALID')
      for (const at of [8, 20, box.length - 1]) {
        const changed = Uint8Array.from(box)
        changed[at] = (changed[at] ?? 0) ^ 1
        await expect(vault.open('per_a', changed, 'name')).rejects.toThrowWithCode('BOX_INVALID')
      }
      await expect(vault.open('per_a', box.subarray(0, 12), 'name')).rejects.toThrowWithCode('BOX_INVALID')
      expect(await vault.open('per_b', box, 'name')).toBeNull()
      await vault.close()
    })

    test('opens nothing under a key that it destroyed, and never makes the subject another', async () => {
      const open = await create()
      const vault = await open()
      const [box, kept] = [await sealed(vault, 'per_a'), await sealed(vault, 'per_b')]
      expect(await vault.destroy(['per_a', 'per_c'])).toEqual(['per_a'])
      expect(await vault.destroy(['per_a', 'per_c'])).toEqual([])
      for (const each of [vault, await open()]) {
        expect(await each.open('per_a', box, 'name')).toBeNull()
        expect(await each.seal('per_a', PLAIN, 'name')).toBeNull()
        expect(await each.seal('per_c', PLAIN, 'name')).toBeNull()
        expect(await each.open('per_b', kept, 'name')).toEqual(PLAIN)
        await each.close()
      }
    })

    test('what one opener destroyed no other opens', async () => {
      const open = await create()
      const [one, other] = [await open(), await open()]
      const box = await sealed(one, 'per_a')
      expect(await other.open('per_a', box, 'name')).toEqual(PLAIN)
      await one.destroy(['per_a'])
      expect(await other.open('per_a', box, 'name')).toBeNull()
      await one.close()
      await other.close()
    })

    test('opens nothing under a key that was lost, and says no more than that', async () => {
      const [open, openOther] = [await create(), await create()]
      const [vault, other] = [await open(), await openOther()]
      const box = await sealed(vault, 'per_a')
      await sealed(other, 'per_a')
      expect(await other.open('per_a', box, 'name')).toBeNull()
      expect(other.id).not.toBe(vault.id)
      await vault.close()
      await other.close()
    })
  })
}
