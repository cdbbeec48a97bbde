import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GLOB_SEGMENTS_MAX, globMatches, globWithin, isGlob } from './glob.ts'

/** Small alphabets, so that globs and values meet. */
const segment = fc.stringMatching(/^[ab*]{1,4}$/)
const glob = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof(segment, fc.constant('**'), fc.constant('*')), { minLength: 1, maxLength: 5 }),
  )
  .map(([absolute, segments]) => (absolute ? '/' : '') + segments.join('/'))
  .filter(isGlob)
const value = fc
  .tuple(fc.boolean(), fc.array(fc.stringMatching(/^[ab*]{1,4}$/), { minLength: 1, maxLength: 5 }))
  .map(([absolute, segments]) => (absolute ? '/' : '') + segments.join('/'))

/** A value that the glob matches: each wildcard becomes what the stream of choices says. */
function instance(pattern: string, choices: readonly string[]): string {
  let next = 0
  const choose = (): string => choices[next++ % Math.max(1, choices.length)] ?? 'a'
  return pattern
    .split('/')
    .flatMap((each) =>
      each === '**' ? [[], [choose()], [choose(), choose()]][next % 3]! : [each.replaceAll('*', choose)],
    )
    .join('/')
}
const choices = fc.array(fc.stringMatching(/^[ab]{1,2}$/), { minLength: 1, maxLength: 6 })

/** The definition (GRT-3), as slowly and as plainly as it can be said. */
function matchesPlainly(patterns: readonly string[], segments: readonly string[]): boolean {
  const [first, ...rest] = patterns
  if (first === undefined) return segments.length === 0
  if (first === '**') {
    return (
      matchesPlainly(rest, segments) || (segments.length > 0 && matchesPlainly(patterns, segments.slice(1)))
    )
  }
  const [head, ...tail] = segments
  if (head === undefined || (head === '' && first.includes('*'))) return false
  return segmentPlainly(first, head) && matchesPlainly(rest, tail)
}
function segmentPlainly(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*')) {
    return segmentPlainly(pattern.slice(1), text) || (text !== '' && segmentPlainly(pattern, text.slice(1)))
  }
  return pattern[0] === text[0] && segmentPlainly(pattern.slice(1), text.slice(1))
}

describe('globs', () => {
  test.each([
    ['/data/*', '/data/a', true],
    ['/data/*', '/data/a/b', false],
    ['/data/*', '/data', false],
    ['/data/**', '/data', true],
    ['/data/**', '/data/a/b/c', true],
    ['/data/**', '/database/a', false],
    ['/data/**/x', '/data/x', true],
    ['/data/**/x', '/data/a/b/x', true],
    ['/data/**/x', '/data/a/b/y', false],
    ['*.txt', 'a.txt', true],
    ['*.txt', '.txt', true],
    ['*.txt', 'txt', false],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*', '/', false],
    ['/*', '/', false],
    ['*/a', '/a', false],
    ['**/a', '/a', true],
    ['**', '/a/b', true],
    ['a', 'a', true],
    ['a', 'A', false],
    ['', '', false],
  ])('%j matches %j: %j', (pattern, text, answer) => {
    expect(globMatches(pattern, text)).toBe(answer)
  })

  test.each([
    '/data/../etc/passwd',
    '/data/..',
    '..',
    '/data/./a',
    '.',
    '/data//a',
    '//data/a',
    '/data/a/',
    '/data/',
    '/data\\..\\etc',
    'work\\a',
    '/data/\u0000a',
    '/data/a\n',
    '/data/\u007f',
    '',
  ])('never match the trick %j', (trick) => {
    for (const pattern of ['**', '/**', '/data/**', '*', '/data/*', trick]) {
      expect(globMatches(pattern, trick)).toBe(false)
    }
  })

  test('are bounded and free of what no value may have', () => {
    expect(isGlob(Array(GLOB_SEGMENTS_MAX).fill('a').join('/'))).toBe(true)
    expect(
      isGlob(
        Array(GLOB_SEGMENTS_MAX + 1)
          .fill('a')
          .join('/'),
      ),
    ).toBe(false)
    for (const bad of ['', '/a/../b', 'a//b', 'a/', 'a\\b', '\u0000', './a']) expect(isGlob(bad)).toBe(false)
  })

  test('match what the definition says', () => {
    fc.assert(
      fc.property(glob, value, (pattern, text) => {
        expect(globMatches(pattern, text)).toBe(matchesPlainly(pattern.split('/'), text.split('/')))
      }),
      { numRuns: 5000 },
    )
  })

  test('match their own instances', () => {
    fc.assert(
      fc.property(glob, choices, (pattern, chosen) => {
        const text = instance(pattern, chosen)
        fc.pre(text !== '' && !text.split('/').slice(1).includes('') && isGlob(text))
        expect(globMatches(pattern, text)).toBe(matchesPlainly(pattern.split('/'), text.split('/')))
      }),
      { numRuns: 2000 },
    )
  })

  test('take no time to speak of, whatever the pattern and however long the value', () => {
    const traps: [string, string][] = [
      [Array(16).fill('**/a').join('/') + '/b', Array(2000).fill('a').join('/')],
      [Array(31).fill('**').join('/') + '/b', Array(100_000).fill('a').join('/')],
      [`**/${Array(30).fill('*a*').join('/')}/b`, Array(50_000).fill('a').join('/')],
      [`*${'a'.repeat(1000)}b`, 'a'.repeat(4_000_000)],
      [`*${'a'.repeat(1000)}b*`, 'a'.repeat(4_000_000)],
      [`${'*a'.repeat(500)}b`, 'a'.repeat(100_000)],
    ]
    for (const [pattern, text] of traps) {
      const start = performance.now()
      expect(globMatches(pattern, text)).toBe(false)
      // Seconds to minutes when backtracking; a bound with much room, so that it never fails for a slow machine.
      expect(performance.now() - start).toBeLessThan(2000)
    }
    const start = performance.now()
    expect(globWithin(Array(31).fill('**').join('/') + '/a', Array(31).fill('**').join('/') + '/b')).toBe(
      false,
    )
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('inclusion of globs', () => {
  test.each([
    ['/data/a', '/data/*', true],
    ['/data/a/b', '/data/**', true],
    ['/data/*', '/data/**', true],
    ['/data/**', '/data/*', false],
    ['/data/**', '/data/**', true],
    ['/data/**/x', '/data/**', true],
    ['**', '/**', false],
    ['a*', '*', true],
    ['*', 'a*', false],
    ['a*c', 'a*', true],
    ['**/a', '**', true],
    ['a/**', 'a/**/b', false],
    ['a', 'a/**', true],
  ])('%j lies within %j: %j', (child, parent, answer) => {
    expect(globWithin(child, parent)).toBe(answer)
  })

  test('is sound: what the child matches, the parent matches', () => {
    let shown = 0
    fc.assert(
      fc.property(glob, glob, value, choices, (child, parent, text, chosen) => {
        if (!globWithin(child, parent)) return
        for (const candidate of [text, instance(child, chosen)]) {
          if (!globMatches(child, candidate)) continue
          shown++
          expect(globMatches(parent, candidate)).toBe(true)
        }
      }),
      { numRuns: 20_000 },
    )
    expect(shown).toBeGreaterThan(200)
  })

  test('is reflexive', () => {
    fc.assert(
      fc.property(glob, (pattern) => {
        expect(globWithin(pattern, pattern)).toBe(true)
      }),
    )
  })

  test('is transitive', () => {
    let shown = 0
    fc.assert(
      fc.property(glob, glob, glob, (a, b, c) => {
        if (!globWithin(a, b) || !globWithin(b, c)) return
        shown++
        expect(globWithin(a, c)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
    expect(shown).toBeGreaterThan(20)
  })
})

test('a value of more segments than any path has matches nothing', () => {
  const deep = (segments: number): string => Array.from({ length: segments }, () => 'a').join('/')
  expect(globMatches('**', deep(1024))).toBe(true)
  expect(globMatches('**', deep(1025))).toBe(false)
})
