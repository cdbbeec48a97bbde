import { describe, expect, test } from 'vitest'
import {
  categoryCovers,
  categoryOfLabel,
  categoryTerms,
  DPV,
  isCategory,
  isPurpose,
  isSpecial,
  PD,
  PERSONAL_DATA,
  personalCategories,
  profiles,
  purposeCovers,
  purposesAbove,
  purposeTerms,
} from './dpv.ts'

const dpv = (name: string): string => DPV + name
const pd = (name: string): string => PD + name

describe('the terms of the vocabulary', () => {
  test('are those of version 2.3, not of earlier ones', () => {
    expect(isPurpose(dpv('ServiceManagement'))).toBe(true)
    expect(isCategory(pd('Behavioural'))).toBe(true)
    expect(isCategory(pd('Behavioral'))).toBe(false)
    expect(isPurpose(dpv('CreditChecking'))).toBe(false)
    expect(categoryTerms()).toContain(PERSONAL_DATA)
  })

  test('do not count the root of all purposes, which says nothing', () => {
    expect(isPurpose(dpv('Purpose'))).toBe(false)
  })
})

describe('a term', () => {
  test('covers itself and what is narrower, by either of two ways, and nothing broader', () => {
    expect(purposeCovers(dpv('Marketing'), dpv('DirectMarketing'))).toBe(true)
    expect(purposeCovers(dpv('DirectMarketing'), dpv('Marketing'))).toBe(false)
    expect(purposeCovers(dpv('Marketing'), dpv('TargetedAdvertising'))).toBe(true)
    expect(purposeCovers(dpv('Personalisation'), dpv('TargetedAdvertising'))).toBe(true)
    expect(categoryCovers(pd('Financial'), pd('CreditCardNumber'))).toBe(true)
    expect(categoryCovers(pd('CreditCardNumber'), pd('Financial'))).toBe(false)
    expect(categoryCovers(pd('Tracking'), pd('EmailAddressWork'))).toBe(true)
  })

  test('is below personal data whatever it is, and reaches it in a few steps', () => {
    for (const term of categoryTerms()) expect(categoryCovers(PERSONAL_DATA, term)).toBe(true)
    for (const term of purposeTerms()) expect(purposesAbove(term).length).toBeLessThan(16)
  })

  test('that nobody knows covers itself alone', () => {
    expect(purposesAbove('urn:x')).toEqual(['urn:x'])
    expect(purposeCovers(dpv('Purpose'), 'urn:x')).toBe(false)
  })
})

test('special categories are found below their heads', () => {
  expect(isSpecial(pd('BloodType'))).toBe(true)
  expect(isSpecial(pd('Race'))).toBe(true)
  expect(isSpecial(pd('EmailAddress'))).toBe(false)
  expect(isSpecial(PERSONAL_DATA)).toBe(false)
})

test('purposes that profile are personalisation in every form, and watching how somebody behaves', () => {
  expect(profiles(dpv('ProvideProductRecommendations'))).toBe(true)
  expect(profiles(dpv('PersonnelBehaviourMonitoring'))).toBe(true)
  expect(profiles(dpv('Advertising'))).toBe(false)
})

test('categories of labels mean terms: words of ours, terms by name or address, and no others', () => {
  expect(categoryOfLabel('personal')).toBe(PERSONAL_DATA)
  expect(categoryOfLabel('pd:EmailAddress')).toBe(pd('EmailAddress'))
  expect(categoryOfLabel(pd('EmailAddress'))).toBe(pd('EmailAddress'))
  expect(categoryOfLabel('pd:NoSuchTerm')).toBeNull()
  expect(categoryOfLabel('secret')).toBeNull()
  expect(personalCategories(['health', 'secret', '*', 'health'])).toEqual(
    [PERSONAL_DATA, pd('MedicalHealth')].sort(),
  )
})
