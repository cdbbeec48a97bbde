/**
 * The rules of the house, as tests: what a reader relies on and no linter checks.
 * @module
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const LINES_MAX = 300

const isTest = (path: string): boolean => path.endsWith('.test.ts')
const files = (...patterns: string[]): string[] =>
  patterns
    .flatMap((pattern) => globSync(pattern))
    .filter((path) => !/node_modules|console\/dist\/|api\/schema\.d\.ts$/.test(path))
    .sort()
const textOf = (path: string): string => readFileSync(path, 'utf8')

const sources = files('{src,apps}/**/*.{ts,tsx,mjs,js}')
const shipped = sources.filter((path) => !isTest(path))
const everything = [...sources, ...files('{test,examples,bin}/**/*.{ts,mjs}')]

/** `spec/README.md` and the pages beside it define a rule by writing its ID in bold. */
const rules = new Set(
  files('spec/*.md').flatMap((path) =>
    [...textOf(path).matchAll(/\*\*([A-Z]+-\d+)\*\*/g)].map((match) => match[1]!),
  ),
)
const prefixes = [...new Set([...rules].map((rule) => rule.split('-')[0]!))]

describe('source files', () => {
  test('are found at all', () => {
    expect(shipped.length).toBeGreaterThan(20)
    expect(rules.size).toBeGreaterThan(40)
  })

  test(`have at most ${LINES_MAX} lines`, () => {
    const lines = (path: string): number => textOf(path).trimEnd().split('\n').length
    expect(
      shipped.filter((path) => lines(path) > LINES_MAX).map((path) => `${path}: ${lines(path)}`),
    ).toEqual([])
  })

  test('start with a header comment that says what the module is for', () => {
    const headed = /^(#!.*\n)?\/\*\*(?:(?!\*\/)[\s\S])*@module(?:(?!\*\/)[\s\S])*\*\//
    const unheaded = shipped.filter((path) => path.startsWith('src/') && !headed.test(textOf(path)))
    expect(unheaded).toEqual([])
  })

  test('do not live in a folder or a file called utils', () => {
    expect(everything.filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path))).toEqual(
      [],
    )
  })

  test('leave nothing to be done later', () => {
    // In character classes, so that this line is not a finding.
    const marker = /\b([T]ODO|[F]IXME|[X]XX)\b/
    expect(everything.filter((path) => marker.test(textOf(path)))).toEqual([])
  })

  test('cite only rules that the specification has', () => {
    const cited = new RegExp(`(?<![\\w-])(?:${prefixes.join('|')})-\\d+(?![\\w-])`, 'g')
    const unknown = everything.flatMap((path) =>
      [...textOf(path).matchAll(cited)]
        .filter(([rule]) => !rules.has(rule))
        .map(([rule]) => `${path}: ${rule}`),
    )
    expect(unknown).toEqual([])
  })
})

describe('documents', () => {
  test('explain every dependency', () => {
    type Manifest = Record<string, Record<string, string> | undefined>
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
    const names = ['package.json', 'apps/console/package.json'].flatMap((path) => {
      const manifest = JSON.parse(textOf(path)) as Manifest
      return kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}))
    })
    const explained = new Set(
      [...textOf('docs/dependencies.md').matchAll(/^\| `([^`]+)` /gm)].map((match) => match[1]),
    )
    expect(names.filter((name) => !explained.has(name))).toEqual([])
    expect([...explained].filter((name) => !names.includes(name!))).toEqual([])
  })

  test('tell a newcomer how to check and how to test', () => {
    const readme = existsSync('README.md') ? textOf('README.md') : ''
    expect(readme).toContain('npm ci && npm test')
    expect(readme).toContain('npm run check')
  })
})
