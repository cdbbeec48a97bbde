import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derToRaw, rawToDer } from './der.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
/** r || s with these small values. */
const raw = (r: number, s: number): Uint8Array => {
  const bytes = new Uint8Array(64)
  bytes[31] = r
  bytes[63] = s
  return bytes
}

describe('ECDSA signatures in DER', () => {
  test('are the shortest integers, with a zero byte before a high bit', () => {
    expect(rawToDer(raw(1, 0x7f))).toEqual(hex('300602010102017f'))
    expect(rawToDer(raw(0x80, 0))).toEqual(hex('300702020080020100'))
    expect(rawToDer(new Uint8Array(64).fill(0xff))).toHaveLength(72)
  })

  test('round-trip for every 64 bytes', () => {
    const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 })
    fc.assert(
      fc.property(bytes, (value) => {
        expect(derToRaw(rawToDer(value))).toEqual(value)
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['another tag', '310602010102017f'],
    ['a length that is too small', '300502010102017f'],
    ['a length that is too large', '300702010102017f'],
    ['a length in the long form', '30810602010102017f'],
    ['bytes behind it', '300602010102017f00'],
    ['a third integer', '300902010102017f020101'],
    ['one integer only', '3003020101'],
    ['an integer without bytes', '30050200020101'],
    ['a negative integer', '3006020180020101'],
    ['an integer with a needless zero', '300702020001020101'],
    ['an integer of another type', '3006040101020101'],
    ['an integer that ends outside', '3006020101020201'],
    ['33 bytes that are not a padded 32', `3026022101${'00'.repeat(32)}020101`],
    ['34 bytes', `3027022200ff${'00'.repeat(32)}020101`],
  ])('are refused when they are or have %s', (_name, text) => {
    expect(derToRaw(hex(text))).toBeNull()
  })

  test('whatever is accepted is what would be written: a signature has one spelling', () => {
    const nearly = fc
      .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat(71), fc.integer({ min: 0, max: 255 }))
      .map(([value, at, byte]) => {
        const der = rawToDer(value)
        if (at < der.length) der[at] = byte
        return der
      })
    fc.assert(
      fc.property(nearly, (der) => {
        const read = derToRaw(der)
        expect(read === null || Buffer.compare(rawToDer(read), der) === 0).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
