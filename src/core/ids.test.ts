import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { assertId, isId, newId } from './ids.ts'

const zeros = { ...nodeCrypto, randomBytes: (length: number) => new Uint8Array(length) }

describe('identifiers', () => {
  test('are a prefix, ten characters of time and sixteen of randomness', () => {
    expect(newId(zeros, 'dlg', 0)).toBe(`dlg_${'0'.repeat(26)}`)
    expect(newId(zeros, 'per', 1)).toBe(`per_${'0'.repeat(9)}1${'0'.repeat(16)}`)
    expect(newId(zeros, 'agt', 32 ** 9 + 31)).toBe(`agt_1${'0'.repeat(8)}z${'0'.repeat(16)}`)
  })

  test('sort by the time they were made', () => {
    const times_ms = [0, 1, 31, 32, 1_000, 1_767_225_600_000, 1_767_225_600_001, 2 ** 48 - 1]
    const ids = times_ms.map((time_ms) => newId(nodeCrypto, 'act', time_ms))
    expect([...ids].sort()).toEqual(ids)
  })

  test.each([-1, -1_767_225_600_000, 32 ** 10, Number.NaN, Infinity])(
    'are not made at %d, which they could not say',
    (now_ms) => {
      newId(nodeCrypto, 'act', 1_767_225_600_000)
      expect(() => newId(nodeCrypto, 'act', now_ms)).toThrowWithCode('TIME_INVALID')
      expect(isId(newId(nodeCrypto, 'act', 32 ** 10 - 1), 'act')).toBe(true)
    },
  )

  test('differ even within one millisecond', () => {
    const ids = Array.from({ length: 1000 }, () => newId(nodeCrypto, 'act', 1_767_225_600_000))
    expect(new Set(ids).size).toBe(1000)
    expect(ids.every((id) => isId(id, 'act'))).toBe(true)
  })

  test('use all eighty random bits', () => {
    const ones = { ...nodeCrypto, randomBytes: (length: number) => new Uint8Array(length).fill(0xff) }
    expect(newId(ones, 'rev', 0)).toBe(`rev_${'0'.repeat(10)}${'z'.repeat(16)}`)
  })

  test.each([
    ['another kind', `per_${'0'.repeat(26)}`],
    ['too short', `dlg_${'0'.repeat(25)}`],
    ['too long', `dlg_${'0'.repeat(27)}`],
    ['upper case', `dlg_${'0'.repeat(25)}A`],
    ['a letter that Crockford leaves out', `dlg_${'0'.repeat(25)}l`],
    ['a new line behind it', `dlg_${'0'.repeat(26)}\n`],
    ['text before it', `x dlg_${'0'.repeat(26)}`],
    ['the prefix alone', 'dlg_'],
    ['not a string', 7],
    ['nothing', undefined],
  ])('are refused when they are %s', (_name, value) => {
    expect(isId(value, 'dlg')).toBe(false)
    expect(() => assertId(value, 'dlg')).toThrowWithCode('ID_INVALID')
  })

  test('pass assertId unchanged', () => {
    const id = newId(nodeCrypto, 'dlg', 5)
    expect(assertId(id, 'dlg')).toBe(id)
  })
})
