/** Arguments and results that were made to keep the point busy. */
import { expect, test } from 'vitest'
import type { ToolLabel } from '../../core/label.ts'
import { valuesOf } from './destinations.ts'
import { eachLeaf } from './leaves.ts'
import { FlowMemory } from './memory.ts'
import { eachAt, formsOf } from './text.ts'

/** Far above what any of these takes, and far below what they took in the square of their length. */
const SOON_MS = 2_000

function elapsed(work: () => void): number {
  const from = performance.now()
  work()
  return performance.now() - from
}

test('a destination with white space without end is read in time that grows with its length', () => {
  const to = `a${' '.repeat(400_000)}b`
  expect(elapsed(() => valuesOf({ to }, ['/to']))).toBeLessThan(SOON_MS)
  const { destinations } = valuesOf({ to: 'a@a.example \t;  b@b.example , ' }, ['/to'])
  expect(destinations.map(({ value }) => value)).toEqual(['a@a.example', 'b@b.example'])
})

test.each(['#', '@', '/', 'a://'])('a destination of nothing but %s has few forms', (sign) => {
  expect(formsOf(sign.repeat(10_000)).length).toBeLessThan(32)
  expect(formsOf(`${sign.repeat(3)}lily`)).toContain(
    sign === '#' || sign === '@' ? 'lily' : `${sign.repeat(3)}lily`,
  )
  expect(formsOf(`${'#'.repeat(10_000)}lily`)).toContain('lily')
})

const READ: ToolLabel = {
  v: 1,
  result: { level: 'internal', integrity: 'untrusted', categories: [] },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
}

test('a long value that repeats itself is looked for in a text that does in time that grows with both', () => {
  const memory = new FlowMemory()
  memory.note({
    action: 'act_1',
    server: 's',
    tool: 't',
    label: READ,
    args: {},
    content: ['a'.repeat(250_000)],
  })
  const half = 'a'.repeat(60_000)
  for (const value of [`${half}${half}`, `${half}b${half}`, `${half}${half}b`])
    expect(elapsed(() => expect(memory.find(value)).toBeNull())).toBeLessThan(SOON_MS)
})

test.each([
  ['a'.repeat(40), `b${'a'.repeat(43)}b`],
  ['ab'.repeat(20), `${'ab'.repeat(22)}a${'ab'.repeat(21)}`],
  [`${'a'.repeat(39)}b`, `${'a'.repeat(60)}b${'a'.repeat(39)}b`],
  ['abc', 'abcabcab'],
])('of a value every place is found, overlapping ones too', (value, text) => {
  const found: number[] = []
  eachAt(text, value, (at) => {
    found.push(at)
    return false
  })
  expect(found).toEqual(
    Array.from({ length: text.length }).flatMap((_, at) => (text.startsWith(value, at) ? [at] : [])),
  )
})

test('a large result is told apart by many pointers in time that is bearable', () => {
  const fields = Object.fromEntries(
    Array.from({ length: 64 }, (_, at) => [`/rows/*/f${at}`, { level: 'restricted' }] as const),
  )
  const rows = Array.from({ length: 20_000 }, (_, at) => ({ f0: at, g: 'x' }))
  const { result } = READ
  const levels: string[] = []
  const took = elapsed(() =>
    eachLeaf({ rows }, { ...result, fields }, ({ label }) => levels.push(label.level)),
  )
  expect(took).toBeLessThan(SOON_MS / 2)
  expect(levels.slice(0, 5)).toEqual(['internal', 'restricted', 'restricted', 'internal', 'internal'])
})

test('arguments without end are not looked at to theirs, and say so', () => {
  const rows = Array.from({ length: 1_000_000 }, () => 1)
  expect(elapsed(() => valuesOf({ to: 'a', rows }, ['/to']))).toBeLessThan(SOON_MS)
  expect(valuesOf({ to: 'a', rows }, ['/to'])).toMatchObject({ too_many: false, too_long: true })
  expect(valuesOf({ to: rows }, ['/to'])).toMatchObject({ too_many: true, too_long: true })
  expect(valuesOf({ to: 'a', rows: rows.slice(0, 10_000) }, ['/to'])).toMatchObject({ too_long: false })
})
