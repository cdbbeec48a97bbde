/** The table of subjects: what is put in comes out, and nothing of what it replaced. spec/consent.md (CNS-20). */
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { newId } from '../../core/ids.ts'
import type { SubjectRow } from '../../ports/subjects.ts'
import { packId, unpackId } from './packed-id.ts'
import { SubjectTable } from './subject-table.ts'

const NOW_MS = Date.UTC(2026, 10, 29)
const id = (prefix: 'dsb' | 'cns' | 'rev'): string => newId(nodeCrypto, prefix, NOW_MS)
const key = (n: number): Uint8Array => nodeCrypto.sha256(Uint8Array.of(n, n >> 8, n >> 16)).subarray(0, 16)

function row(keys: number[], edit: Partial<SubjectRow> = {}): SubjectRow {
  return {
    subject: id('dsb'),
    jurisdiction: 'EU',
    keys: keys.map((n) => base64url(key(n))),
    consents: [
      {
        id: id('cns'),
        rev: id('rev'),
        purposes: ['p'],
        categories: ['c'],
        exp: 4_000_000_000,
        explicit: true,
      },
      { id: id('cns'), rev: id('rev'), purposes: ['p'], categories: ['c', 'd'], exp: 5, withdrawn: ['p'] },
    ],
    ...edit,
  }
}

describe('an identifier', () => {
  test.each(['0'.repeat(26), '7' + 'z'.repeat(25), id('dsb').slice(4)])(
    'of %s is four words and back',
    (text) => {
      const words = new Uint32Array(6)
      expect(packId(`dsb_${text}`, 'dsb', words, 1)).toBe(true)
      expect(unpackId('dsb', words, 1)).toBe(`dsb_${text}`)
      expect([words[0], words[5]]).toEqual([0, 0])
    },
  )

  test.each([
    'dsb_',
    `cns_${'0'.repeat(26)}`,
    `dsb_8${'0'.repeat(25)}`,
    `dsb_${'u'.repeat(26)}`,
    `dsb_${'é'.repeat(26)}`,
  ])('is not %s', (text) => expect(packId(text, 'dsb', new Uint32Array(4), 0)).toBe(false))
})

test('a subject is found by each of their keys, whole', () => {
  const table = new SubjectTable()
  const one = row([1, 2], { minor: 77 })
  expect(table.put(one)).toBe(true)
  expect(table.put(row([3]))).toBe(true)
  expect(table.find(key(2))).toEqual({
    subject: one.subject,
    jurisdiction: 'EU',
    minor: 77,
    consents: [
      { ...one.consents[0], withdrawn: [] },
      { ...one.consents[1], explicit: false },
    ],
  })
  expect(table.find(key(1))).toEqual(table.find(key(2)))
  expect(table.find(key(4))).toBeNull()
})

test('a row stands in place of the one before: keys that it has no longer find nobody', () => {
  const table = new SubjectTable()
  const one = row([1, 2])
  table.put(one)
  table.put({ ...one, keys: [base64url(key(2)), base64url(key(3))], consents: [] })
  expect(table.find(key(1))).toBeNull()
  expect(table.find(key(2))?.consents).toEqual([])
  expect(table.find(key(3))?.subject).toBe(one.subject)
  expect(table.size.subjects).toBe(1)
  table.put({ ...one, keys: [] })
  for (const n of [1, 2, 3]) expect(table.find(key(n))).toBeNull()
  expect(table.size.subjects).toBe(0)
  // Somebody else may have the identifier after them.
  const other = row([2])
  table.put(other)
  expect(table.find(key(2))?.subject).toBe(other.subject)
})

test('a row that cannot be kept leaves nobody behind', () => {
  const table = new SubjectTable()
  const one = row([1])
  table.put(one)
  expect(table.put({ ...one, consents: [{ ...one.consents[0]!, id: 'cns_odd' }] })).toBe(false)
  expect(table.find(key(1))).toBeNull()
})

test('through growth and many changes it says what a plain map says', () => {
  const table = new SubjectTable()
  const plain = new Map<number, SubjectRow>()
  const N = 2_000
  const all = Array.from({ length: 16 }, () => row([]).consents).flat()
  for (let n = 0; n < N; n++) {
    const one = row([n], { consents: all.slice(0, n % 3) })
    plain.set(n, one)
    table.put(one)
  }
  // Long rows, so that what is dead is soon more than what is alive.
  for (let round = 0; round < 6; round++)
    for (let n = round % 2; n < N; n += 2) {
      const one = { ...plain.get(n)!, jurisdiction: `X${round}`, consents: all }
      plain.set(n, one)
      table.put(one)
    }
  for (let n = 0; n < N; n += 7) {
    const found = table.find(key(n))
    const { subject, jurisdiction, consents } = plain.get(n)!
    expect([found?.subject, found?.jurisdiction, found?.consents.length]).toEqual([
      subject,
      jurisdiction,
      consents.length,
    ])
  }
  // Of 6,000 long rows 2,000 live, of 363 words each: without leaving out the dead it would be above 8 MB.
  expect(table.size.subjects).toBe(N)
  expect(table.size.bytes).toBeLessThan(8.5e6)
})

test('terms that no row has any more are let go, and those of the living stay', () => {
  const table = new SubjectTable()
  const kept = row([1], { jurisdiction: 'FR' })
  table.put(kept)
  const one = row([2])
  for (let i = 0; i < 20_000; i++) {
    const purposes = [`p${i}`]
    const consents = [{ ...one.consents[0]!, purposes, withdrawn: purposes }]
    table.put({ ...one, jurisdiction: `US-${i % 500}`, consents })
  }
  expect(table.size.shared).toBeLessThan(5_000)
  expect(table.find(key(2))?.consents).toMatchObject([{ purposes: ['p19999'], withdrawn: ['p19999'] }])
  expect(table.find(key(2))?.jurisdiction).toBe('US-499')
  expect(table.find(key(1))).toMatchObject({
    jurisdiction: 'FR',
    consents: [{ purposes: ['p'], withdrawn: [] }, { withdrawn: ['p'] }],
  })
})

test('the same terms in another order are kept once', () => {
  const table = new SubjectTable()
  const both = { ...row([]).consents[0]!, purposes: ['p', 'q'] }
  table.put(row([1], { consents: [both] }))
  const { shared } = table.size
  table.put(row([2], { consents: [{ ...both, purposes: ['q', 'p'] }] }))
  expect(table.size.shared).toBe(shared)
})
