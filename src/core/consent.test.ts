import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import {
  BASIS_KINDS,
  basisFault,
  basisSchema,
  coversCategory,
  foldIdentifier,
  handleFor,
  isObjectable,
  noticeSchema,
  subjectKey,
} from './consent.ts'
import { DPV, PD, PERSONAL_DATA } from './dpv.ts'

const HEALTH = `${PD}HealthRecord`

describe('an identifier', () => {
  test.each([
    ['Jo@Example.org', 'jo@example.org'],
    ['  Straße 5 ', 'strasse 5'],
    ['ＡＢＣ', 'abc'],
    [4711, '4711'],
    ['4711', '4711'],
    ['j\u200bo\u00ad@example.org\u2060', 'jo@example.org'],
    ['\ufeffjo\0', 'jo'],
  ])('%j is known as %j', (value, folded) => {
    expect(foldIdentifier(value)).toBe(folded)
  })

  test.each([[''], ['   '], [null], [true], [['x']], [Number.NaN], ['\u200b'], [2 ** 53], ['x'.repeat(257)]])(
    '%j names nobody',
    (value) => {
      expect(foldIdentifier(value)).toBeNull()
    },
  )

  test('is found by a keyed hash that anybody with the key can make', () => {
    const key = new Uint8Array(32).fill(7)
    const mac = createHmac('sha256', key).update('countersign-subject-v1\0[null,"jo@example.org"]').digest()
    expect(subjectKey(nodeCrypto, key, null, 'jo@example.org')).toBe(
      mac.subarray(0, 16).toString('base64url'),
    )
    expect(subjectKey(nodeCrypto, key, 'sys_1', 'jo@example.org')).not.toBe(
      subjectKey(nodeCrypto, key, null, 'jo@example.org'),
    )
  })
})

test('the handle of a purpose is that of the whole with a mark of the term, and fits into a frame', () => {
  const purpose = `${DPV}Marketing`
  const mark = createHash('sha256').update(purpose).digest().subarray(0, 12).toString('base64url')
  const rev = 'rev_0123456789abcdefghjkmnpqrs'
  expect(handleFor(nodeCrypto, rev, purpose)).toBe(`${rev}.${mark}`)
  expect(handleFor(nodeCrypto, rev, null)).toBe(rev)
  expect(handleFor(nodeCrypto, rev, purpose).length).toBeLessThanOrEqual(64)
})

describe('special categories', () => {
  test('are covered by all personal data in the EU only where it is explicit, and elsewhere anyhow', () => {
    expect(coversCategory([PERSONAL_DATA], HEALTH, false, 'DE')).toBe(false)
    expect(coversCategory([PERSONAL_DATA], HEALTH, true, 'DE')).toBe(true)
    expect(coversCategory([PERSONAL_DATA], HEALTH, false, 'US-CA')).toBe(true)
    expect(coversCategory([PERSONAL_DATA], `${PD}EmailAddress`, false, 'EU')).toBe(true)
    expect(coversCategory([`${PD}MedicalHealth`], HEALTH, false, 'EU')).toBe(true)
    expect(coversCategory([`${PD}Contact`], HEALTH, true, 'EU')).toBe(false)
  })

  test('take a condition in a basis, but not in a controller’s instruction, whose grounds are the controller’s', () => {
    const basis = {
      v: 1 as const,
      kind: 'gdpr_6_1_c' as const,
      purpose: `${DPV}LegalCompliance`,
      categories: [HEALTH],
      jurisdiction: 'FR',
      expires: 1,
    }
    expect(basisFault(basis)).toBe('CONDITION_MISSING')
    expect(basisFault({ ...basis, condition: 'gdpr_9_2_i' })).toBeNull()
    expect(basisFault({ ...basis, kind: 'controller_instruction' })).toBeNull()
    expect(basisFault({ ...basis, jurisdiction: 'IN', kind: 'dpdpa_7_f' })).toBeNull()
  })
})

test('an objection reaches interests, tasks and instructions, and no duty', () => {
  expect(BASIS_KINDS.filter(isObjectable)).toEqual([
    'gdpr_6_1_e',
    'gdpr_6_1_f',
    'dpdpa_7_a',
    'ccpa_1798_100',
    'controller_instruction',
  ])
})

describe('records', () => {
  test('hide nothing in what people compare', () => {
    const notice = {
      v: 1,
      name: 'Shop',
      version: '1',
      language: 'en-GB',
      jurisdiction: 'GB',
      controller: 'Shop Ltd',
      contact: 'privacy@shop.example',
      text_hash: 'A'.repeat(43),
      purposes: [`${DPV}Marketing`],
      categories: [PERSONAL_DATA],
    }
    expect(noticeSchema.safeParse(notice).success).toBe(true)
    for (const controller of ['Shop\u202eLtd', 'Shop\nLtd', ''])
      expect(noticeSchema.safeParse({ ...notice, controller }).success).toBe(false)
  })

  test('name a jurisdiction, each term once, and nothing unknown', () => {
    const basis = {
      v: 1,
      kind: 'gdpr_6_1_f',
      purpose: `${DPV}Marketing`,
      categories: [PERSONAL_DATA],
      jurisdiction: '*',
      expires: 1,
    }
    expect(basisSchema.safeParse(basis).success).toBe(true)
    expect(basisSchema.safeParse({ ...basis, jurisdiction: 'Europe' }).success).toBe(false)
    expect(basisSchema.safeParse({ ...basis, categories: [PERSONAL_DATA, PERSONAL_DATA] }).success).toBe(
      false,
    )
    expect(basisSchema.safeParse({ ...basis, subject: 'dsb_x' }).success).toBe(false)
  })
})
