import { describe, expect, test } from 'vitest'
import { foldIdentifier } from './consent.ts'
import { lookOf, mixesScripts } from './scripts.ts'

describe('a name', () => {
  test.each([
    'ann@company.example',
    'иван@company.example',
    'Ελένη.p@company.example',
    '李-ann',
    'ann1',
    'müller',
  ])('of one script a word is let be: %s', (name) => expect(mixesScripts(name)).toBe(false))

  test.each(['аnn@company.example', 'ann@cоmpany.example', 'αnn', 'nаtasha'])(
    'mixes scripts in a word: %s',
    (name) => expect(mixesScripts(name)).toBe(true),
  )

  test('looks like another one, whatever its case', () => {
    expect(lookOf(foldIdentifier('РАСЕ@company.example') ?? '')).toBe('pace@company.example')
    expect(lookOf('ann')).toBe('ann')
    expect(lookOf('иван')).not.toMatch(/^[a-z]+$/)
  })
})
