import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPattern, patternMatches, patternWithin } from './pattern.ts'

/** The same I-Regexp as an ECMAScript one (RFC 9485 section 5.3): an engine that we did not write. */
function ecma(pattern: string): RegExp {
  let inClass = false
  let out = ''
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i)
    if (char === '\\') out += char + pattern.charAt(++i)
    else if (char === '.' && !inClass) out += '[^\\n\\r]'
    else if ((char === '^' || char === '$') && !inClass) out += `\\${char}`
    else {
      if (char === '[') inClass = true
      if (char === ']') inClass = false
      out += char
    }
  }
  return new RegExp(`^(?:${out})$`, 'u')
}

const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[b-c]', '\\.', '\\n')
const piece = fc
  .tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{2,}', '{0,1}'))
  .map((parts) => parts.join(''))
const branch = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''))
const choice = fc.array(branch, { minLength: 1, maxLength: 2 }).map((branches) => branches.join('|'))
const expression = fc.oneof(
  choice,
  fc.tuple(choice, fc.constantFrom('', '*', '?', '{2}'), branch).map(([inner, count, rest]) => {
    const group = `(${inner})`
    return isPattern(group + count) ? group + count + rest : group + rest
  }),
)
const value = fc
  .array(fc.constantFrom('a', 'b', 'c', '.', '\n', 'é', '😀'), { maxLength: 6 })
  .map((chars) => chars.join(''))

describe('a pattern', () => {
  test('matches what the same expression matches in another engine', () => {
    fc.assert(
      fc.property(expression, value, (pattern, text) => {
        expect([pattern, text, patternMatches(pattern, text)]).toEqual([
          pattern,
          text,
          ecma(pattern).test(text),
        ])
      }),
      { numRuns: 20_000 },
    )
  })

  test.each([
    ['(', false],
    ['a**', false],
    ['*', false],
    ['a{', false],
    ['a{2', false],
    ['a{3,2}', false],
    ['a{0}', false],
    ['a{65}', false],
    ['a{00064}', false],
    ['(){3}', false],
    ['[]', false],
    ['[^]', false],
    ['[b-a]', false],
    ['[a-', false],
    ['[--a]', false],
    ['[a--]', false],
    [']', false],
    ['\\p{L}', false],
    ['\\d', false],
    ['\\', false],
    ['a|b)', false],
    ['(a{64}){64}', false],
    // 1,024 pairs in the follow relation and no more
    [`(${'a?'.repeat(40)})*`, false],
    ['((.?){64}(.?){36})*', false],
    [`(${'a?'.repeat(30)})*`, true],
    ['a'.repeat(257), false],
    ['', true],
    ['|', true],
    ['^$', true],
    ['[-a]', true],
    ['[a-]', true],
    ['[^-]', true],
    ['[\\]\\-]', true],
    ['a{1,}', true],
    ['a{64}', true],
    ['😀+', true],
    ['a'.repeat(256), true],
  ])('%j is one: %j', (pattern, answer) => {
    expect(isPattern(pattern)).toBe(answer)
    if (!answer) expect(patternMatches(pattern, pattern)).toBe(false)
  })

  test('means a caret and a dollar as characters, and a character as one, however many units it has', () => {
    expect(patternMatches('^a$', 'a')).toBe(false)
    expect(patternMatches('^a$', '^a$')).toBe(true)
    expect(patternMatches('.', '😀')).toBe(true)
    expect(patternMatches('[^a]', '😀')).toBe(true)
    expect(patternMatches('[-b]', '-')).toBe(true)
    expect(patternMatches('[b-]', '-')).toBe(true)
    expect(patternMatches('\\n\\t\\r', '\n\t\r')).toBe(true)
  })

  test('matches no value of more than 4,096 characters, and takes no time that grows with its nesting', () => {
    expect(patternMatches('.*', 'a'.repeat(4096))).toBe(true)
    expect(patternMatches('.*', 'a'.repeat(4097))).toBe(false)
    const started = performance.now()
    expect(patternMatches('((a*)*)*b', 'a'.repeat(4096))).toBe(false)
    expect(patternMatches(`(${'a?'.repeat(20)}){2}b`, 'a'.repeat(4096))).toBe(false)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('a pattern within another', () => {
  test('is sound, and finds what is plain', () => {
    let shown = 0
    fc.assert(
      fc.property(expression, expression, value, (child, parent, text) => {
        const answer = patternWithin(child, parent)
        if (answer === 'within') {
          shown++
          if (patternMatches(child, text)) expect(patternMatches(parent, text)).toBe(true)
        }
        // True inclusions: what is past the budget is unknown, never outside.
        expect(patternWithin(child, child)).not.toBe('outside')
        expect(patternWithin(child, '(.|\\n|\\r)*')).toBe('within')
        expect(patternWithin(child, `${child}|${parent}`)).not.toBe('outside')
      }),
      { numRuns: 3000 },
    )
    expect(shown).toBeGreaterThan(30)
  })

  test.each([
    ['INV-[0-9]{4}', 'INV-[0-9]+', 'within'],
    ['INV-[0-9]{4}', '[A-Z]+-[0-9]{4}', 'within'],
    ['INV-[0-9]*', 'INV-[0-9]+', 'outside'],
    ['(a|b)*', '[ab]*', 'within'],
    ['[ab]*', '(ab)*', 'outside'],
    ['.', '[^\\n]', 'within'],
    ['[^\\n]', '.', 'outside'],
    ['a(', 'a', 'outside'],
  ])('%s within %s: %s', (child, parent, answer) => {
    expect(patternWithin(child, parent)).toBe(answer)
  })

  test('takes no longer than its budget, however large the two are', () => {
    const letters = Array.from('abcdefghijklmnopqrstuvwxyz').slice(0, 20)
    const parent = `(${letters.map((letter) => `${letter}?`).join('')})*`
    const started = performance.now()
    for (let i = 0; i < 20; i++) patternWithin(`(${'.?'.repeat(10 + i)})*`, `${parent}|${'a'.repeat(i)}`)
    expect(performance.now() - started).toBeLessThan(4000)
  })

  test('is unknown, not slow, where an automaton would grow without bound', () => {
    const started = performance.now()
    expect(patternWithin('[ab]*', '[ab]*a[ab]{20}|[ab]*')).toBe('unknown')
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
