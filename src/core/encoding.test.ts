import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  base64,
  base64url,
  concat,
  equalBytes,
  equalTexts,
  fromBase64,
  fromBase64url,
  fromUtf8,
  utf8,
} from './encoding.ts'

const bytes = fc.uint8Array({ maxLength: 100 })
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('base64url', () => {
  // RFC 4648 section 10, without its padding.
  test.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('writes %j as %j and reads it back', (text, encoded) => {
    expect(base64url(utf8(text))).toBe(encoded)
    expect(fromBase64url(encoded)).toEqual(utf8(text))
  })

  test('uses the URL-safe alphabet', () => {
    expect(base64url(Uint8Array.of(0xfb, 0xff, 0xfe))).toBe('-__-')
  })

  test('round-trips every byte string, and agrees with the platform', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromBase64url(base64url(value))).toEqual(value)
        expect(base64url(value)).toBe(Buffer.from(value).toString('base64url'))
      }),
    )
  })

  test('accepts exactly one spelling of one byte and of two bytes', () => {
    const accepted = (length: number, tail: string): number =>
      ALPHABET.split('').filter((last) => {
        try {
          return fromBase64url(tail + last).length === length
        } catch {
          return false
        }
      }).length
    expect(accepted(1, 'Z')).toBe(4) // two of six bits are used: 4 of 64 characters may stand last
    expect(accepted(2, 'Zm')).toBe(16)
  })

  test('whatever it accepts is what it would write', () => {
    const nearly = fc.string({
      unit: fc.constantFrom(...ALPHABET.split(''), '=', '+', '/', ' ', '\n', 'é'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(nearly, (text) => {
        let decoded: Uint8Array
        try {
          decoded = fromBase64url(text)
        } catch {
          return
        }
        expect(base64url(decoded)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    'Zg==',
    'Zg=',
    'Zh',
    'Zm9',
    'Zm_',
    'Z',
    'Zm9vY',
    'Zm 9',
    'Zg\n',
    ' Zg',
    '+/8',
    'Zm9+',
    'Zm9/',
    'Zé',
    'Z\u0000',
  ])('refuses %j', (text) => {
    expect(() => fromBase64url(text)).toThrowWithCode('BASE64URL_INVALID')
  })
})

describe('long texts', () => {
  test('are written and read as short ones are, at each length around the buffers', () => {
    for (const length of [95, 96, 97, 98, 49_149, 49_150, 49_151, 49_152, 49_153, 200_000]) {
      const value = Uint8Array.from({ length }, (_, i) => (i * 7919) >> 3)
      const text = Buffer.from(value).toString('base64url')
      expect(base64url(value) === text).toBe(true)
      expect(Buffer.compare(fromBase64url(text), value)).toBe(0)
      for (const bad of ['=', 'é', '\u0141', ' ']) {
        expect(() => fromBase64url(`${text.slice(0, -4)}${bad}AAA`)).toThrowWithCode('BASE64URL_INVALID')
      }
    }
  })

  test('leave nothing behind for the next', () => {
    fromBase64url('_'.repeat(400))
    expect(fromBase64url('AA')).toEqual(Uint8Array.of(0))
    expect(() => fromBase64url('AA A')).toThrowWithCode('BASE64URL_INVALID')
    expect(base64url(Uint8Array.of(0))).toBe('AA')
  })
})

describe('base64', () => {
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
  ])('writes %j as %j and reads it back', (text, encoded) => {
    expect(base64(utf8(text))).toBe(encoded)
    expect(fromBase64(encoded)).toEqual(utf8(text))
  })

  test('round-trips every byte string, and agrees with the platform', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromBase64(base64(value))).toEqual(value)
        expect(base64(value)).toBe(Buffer.from(value).toString('base64'))
      }),
    )
  })

  test.each(['Zg', 'Zg=', 'Zh==', 'Zm9=', 'Z===', '====', 'Zm9v====', 'Zg==Zg==', '-_8=', 'Zm9v\n', 'Z g='])(
    'refuses %j',
    (text) => {
      expect(() => fromBase64(text)).toThrowWithCode('BASE64URL_INVALID')
    },
  )
})

describe('bytes', () => {
  test('fromUtf8 refuses what is not well-formed and keeps a byte order mark', () => {
    expect(fromUtf8(utf8('é€😀'))).toBe('é€😀')
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe('\ufeff')
    expect(() => fromUtf8(Uint8Array.of(0xff))).toThrowWithCode('TEXT_INVALID')
  })

  test('concat joins in order', () => {
    expect(concat()).toEqual(new Uint8Array())
    expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('equalTexts is equality of length and content', () => {
    expect(equalTexts('', '')).toBe(true)
    expect(equalTexts('abc', 'abc')).toBe(true)
    for (const other of ['', 'ab', 'abd', 'abcd', 'Abc', 'ab\u0163'])
      expect(equalTexts('abc', other)).toBe(false)
  })

  test('equalBytes is equality of length and content', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true)
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      }),
    )
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  })
})

test('a character that is not ASCII is refused wherever it stands, after any text before', () => {
  const chars = 64 * 1024
  fromBase64url('A'.repeat(chars))
  expect(() => fromBase64url(`${'A'.repeat(chars - 1)}é`)).toThrow(
    expect.objectContaining({ code: 'BASE64URL_INVALID' }),
  )
})
