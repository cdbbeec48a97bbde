import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isResourceGlob, resourceMatches, resourceWithin } from './glob.ts'

/** What a value may be put together from to leave what a glob grants, by a reader of URLs. */
const TRICKS =
  'a dir host evil.test .example.com 443 / / . .. ? # ; @ : % %2e %2F %09 \\ \uff0e \uff0f \uff03 \u3002 \u2100 \u00ad * & ='
const WHITE = [' ', '\u00a0', '\u3000', '\u0085', '\ufeff', '\u2028']
const tricks = fc.constantFrom(...TRICKS.split(' '), ...WHITE)
const tail = fc.array(tricks, { maxLength: 6 }).map((parts) => parts.join(''))

/** What another reader makes of a value; null for one that it refuses. */
function urlOf(value: string): URL | null {
  try {
    return new URL(value)
  } catch {
    return null
  }
}

describe('resources that are URLs', () => {
  test('lie, for a reader of URLs, on the host and under the path of the glob that they match', () => {
    let shown = 0
    const values = fc.oneof(
      tail.map((rest) => `https://host/dir/${rest}`),
      tail.map((rest) => `https://host/dir${rest}`),
      tail.map((rest) => `https://host${rest}`),
      tail.map((rest) => `https://${rest}/host/dir/a`),
    )
    fc.assert(
      fc.property(values, (value) => {
        if (!resourceMatches('https://host/dir/**', value)) return
        const url = urlOf(value)
        if (url === null) return
        shown++
        expect(url.host).toBe('host')
        expect(`${url.pathname}/`).toMatch(/^\/dir\//)
        expect(url.username + url.password).toBe('')
      }),
      { numRuns: 50_000 },
    )
    expect(shown).toBeGreaterThan(1000)
  })

  test('lie on a host that ends as the glob says', () => {
    let shown = 0
    const values = fc.tuple(tail, tail).map(([name, rest]) => `https://${name}.example.com/${rest}`)
    fc.assert(
      fc.property(values, (value) => {
        if (!resourceMatches('https://*.example.com/**', value)) return
        const url = urlOf(value)
        if (url === null) return
        shown++
        expect(url.hostname).toMatch(/\.example\.com$/)
      }),
      { numRuns: 50_000 },
    )
    expect(shown).toBeGreaterThan(1000)
  })

  test('stay at their depth: no segment of the glob is met by what stands in a query', () => {
    fc.assert(
      fc.property(tail, (rest) => {
        const value = `https://host/tenants/${rest}`
        if (!resourceMatches('https://host/tenants/*', value)) return
        expect(urlOf(value)?.pathname).toMatch(/^\/tenants\/[^/]+$/)
      }),
      { numRuns: 20_000 },
    )
  })

  test('are within soundly: what the child matches, the parent matches', () => {
    let shown = 0
    const part = fc.constantFrom('a', 'b', '*', '**', '?', '#', '/', '/', 'a*')
    const glob = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => `s://${parts.join('')}`)
    const value = fc
      .array(fc.constantFrom('a', 'b', '?', '#', '/', '/'), { minLength: 1, maxLength: 7 })
      .map((parts) => `s://${parts.join('')}`)
    fc.assert(
      fc.property(glob.filter(isResourceGlob), glob.filter(isResourceGlob), value, (child, parent, text) => {
        if (!resourceWithin(child, parent)) return
        for (const candidate of [text, child.replaceAll('*', 'a')]) {
          if (!resourceMatches(child, candidate)) continue
          shown++
          expect(resourceMatches(parent, candidate)).toBe(true)
        }
      }),
      { numRuns: 50_000 },
    )
    expect(shown).toBeGreaterThan(200)
  })
})
