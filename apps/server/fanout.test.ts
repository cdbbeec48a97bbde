import { expect, test } from 'vitest'
import { Fanout } from './fanout.ts'

test('who listens is in one group, of a thousand at most, and nobody who left is', () => {
  const fanout = new Fanout()
  const all = Array.from({ length: 2_300 }, () => fanout.add(0))
  expect(fanout.groups().map(({ length }) => length)).toEqual([1_000, 1_000, 300])
  expect(fanout.groups().flat()).toEqual(all)
  for (const { stream } of all.slice(0, 2_000)) stream.close()
  expect(fanout.groups()).toEqual([all.slice(2_000)])
  fanout.cut()
  expect(fanout.groups()).toEqual([])
})
