/** What every `Vault` must do. Call {@link vaultContract} with a way to open one backend. @module */
import { describe, expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/core/encoding.ts'
import type { Vault } from '../../src/ports/vault.ts'

const PLAIN = utf8('Ada Lovelace')
const PASSPHRASE = 'correct-horse battery'

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

    test('keys in the clear that are put under a passphrase open what they sealed, with it alone', async () => {
      const open = await create()
      const vault = await open()
      expect(await vault.unlock(null)).toBe(false)
      expect(await vault.unlock('unused')).toBe(false)
      const [box, gone] = [await sealed(vault, 'per_a'), await sealed(vault, 'per_gone')]
      await vault.destroy(['per_gone'])
      expect(await vault.protect(PASSPHRASE)).toBe(true)
      const later = await sealed(vault, 'per_b')
      expect(await vault.open('per_a', box, 'name')).toEqual(PLAIN)
      await vault.close()

      const again = await open()
      expect(again.id).toBe(vault.id)
      await expect(again.open('per_a', box, 'name')).rejects.toThrowWithCode('VAULT_LOCKED')
      await expect(again.seal('per_c', PLAIN, 'name')).rejects.toThrowWithCode('VAULT_LOCKED')
      await expect(again.unlock(null)).rejects.toThrowWithCode('VAULT_LOCKED')
      await expect(again.unlock('wrong')).rejects.toThrowWithCode('VAULT_PASSPHRASE_WRONG')
      await expect(again.protect('wrong')).rejects.toThrowWithCode('VAULT_PASSPHRASE_WRONG')
      expect(await again.protect(PASSPHRASE)).toBe(false)
      for (const [subject, each] of [
        ['per_a', box],
        ['per_b', later],
      ] as const)
        expect(await again.open(subject, each, 'name')).toEqual(PLAIN)
      expect(await again.open('per_gone', gone, 'name')).toBeNull()
      expect(await again.seal('per_gone', PLAIN, 'name')).toBeNull()
      await again.close()
    })

    test('an opener that knows no passphrase is locked out once another has set one, and puts no plain key beside', async () => {
      const open = await create()
      const [one, other] = [await open(), await open()]
      const box = await sealed(other, 'per_a')
      await one.protect(PASSPHRASE)
      await expect(other.open('per_a', box, 'name')).rejects.toThrowWithCode('VAULT_LOCKED')
      await expect(other.seal('per_new', PLAIN, 'name')).rejects.toThrowWithCode('VAULT_LOCKED')
      expect(await one.open('per_new', box, 'name')).toBeNull()
      await other.unlock(PASSPHRASE)
      expect(await other.open('per_a', box, 'name')).toEqual(PLAIN)
      await one.close()
      await other.close()
    })

    test('of two that set a passphrase at once one wins, and the other has to know it', async () => {
      const open = await create()
      const [one, other] = [await open(), await open()]
      const box = await sealed(one, 'per_a')
      const set = await Promise.allSettled([one.protect(PASSPHRASE), other.protect('another')])
      const won = set.filter((each) => each.status === 'fulfilled')
      expect(won).toMatchObject([{ value: true }])
      expect(set.find((each) => each.status === 'rejected')?.reason).toMatchObject({
        code: 'VAULT_PASSPHRASE_WRONG',
      })
      const winner = set[0].status === 'fulfilled' ? one : other
      expect(await winner.open('per_a', box, 'name')).toEqual(PLAIN)
      await one.close()
      await other.close()
    })

    test('destroys without the passphrase', async () => {
      const open = await create()
      const vault = await open()
      await vault.protect(PASSPHRASE)
      const box = await sealed(vault, 'per_a')
      const other = await open()
      expect(await other.destroy(['per_a', 'per_c'])).toEqual(['per_a'])
      expect(await other.destroy(['per_a', 'per_c'])).toEqual([])
      expect(await vault.open('per_a', box, 'name')).toBeNull()
      expect(await vault.seal('per_c', PLAIN, 'name')).toBeNull()
      await vault.close()
      await other.close()
    })

    test('who seals and who destroys at the same time leave no key behind', async () => {
      const open = await create()
      const [one, other] = [await open(), await open()]
      const subjects = Array.from({ length: 40 }, (_, i) => `per_${i}`)
      const boxes = await Promise.all(
        subjects.map(async (subject, i) => {
          const [box] = await Promise.all([
            one.seal(subject, PLAIN, 'name'),
            i % 2 === 0 ? other.destroy([subject]) : null,
          ])
          return box
        }),
      )
      for (const [i, subject] of subjects.entries()) {
        const box = boxes[i] ?? null
        const found = box === null ? null : await one.open(subject, box, 'name')
        expect(found).toEqual(i % 2 === 0 ? null : PLAIN)
      }
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
