import { describe, expect, test } from 'vitest'
import { dueAt, extendedDueAt, reaches } from './jurisdiction.ts'

describe('a jurisdiction', () => {
  test.each([
    ['EU', 'DE', true],
    ['EU', 'NO', true],
    ['EU', 'GB', false],
    ['EU', 'EU', true],
    ['US', 'US-CA', true],
    ['US-CA', 'US', false],
    ['US-CA', 'US-NY', false],
    ['*', 'IN', true],
    ['IN', 'EU', false],
  ])('%s and %s: %s', (outer, inner, isReached) => {
    expect(reaches(outer, inner)).toBe(isReached)
  })
})

const at = (text: string): number => Date.parse(text)

describe('a request is due', () => {
  test('in the EU after a month, on its last day where the number is not there', () => {
    expect(dueAt('access', 'EU', at('2026-01-31T10:00:00Z'))).toBe(at('2026-02-28T10:00:00Z'))
    expect(dueAt('erase', 'FR', at('2026-11-29T00:00:00Z'))).toBe(at('2026-12-29T00:00:00Z'))
    expect(extendedDueAt('access', 'EU', at('2026-01-31T10:00:00Z'))).toBe(at('2026-04-30T10:00:00Z'))
  })

  test('in California after 45 days, and an opt-out after fifteen working days', () => {
    expect(dueAt('access', 'US-CA', at('2026-01-01T00:00:00Z'))).toBe(at('2026-02-15T00:00:00Z'))
    // Thursday, 1 January: the fifteenth working day after it is Thursday, the 22nd.
    expect(dueAt('object', 'US-CA', at('2026-01-01T00:00:00Z'))).toBe(at('2026-01-22T00:00:00Z'))
    expect(extendedDueAt('access', 'US-CA', at('2026-01-01T00:00:00Z'))).toBe(at('2026-04-01T00:00:00Z'))
    expect(extendedDueAt('object', 'US-CA', at('2026-01-01T00:00:00Z'))).toBeNull()
  })

  test('in India after 90 days, without more; elsewhere after 30', () => {
    expect(dueAt('complain', 'IN', at('2026-01-01T00:00:00Z'))).toBe(at('2026-04-01T00:00:00Z'))
    expect(extendedDueAt('complain', 'IN', at('2026-01-01T00:00:00Z'))).toBeNull()
    expect(dueAt('access', 'BR', at('2026-01-01T00:00:00Z'))).toBe(at('2026-01-31T00:00:00Z'))
  })
})
