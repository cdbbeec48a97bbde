import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Sweep, VISITS_A_TURN } from './sweep.ts'

const MANY = 3 * VISITS_A_TURN + 1

test('visits all in order over several turns, and lets others have theirs in between', async () => {
  const visited: number[] = []
  const seen: number[] = []
  const ended = new Promise<void>((resolve) => {
    const visit = (one: number): void => {
      visited.push(one)
    }
    Sweep.begin(Array(MANY).keys(), visit, resolve)
  })
  expect(visited.length).toBe(VISITS_A_TURN) // it begins at once
  while (visited.length < MANY) {
    seen.push(visited.length)
    await setImmediate()
  }
  await ended
  expect(visited).toEqual([...Array(MANY).keys()])
  expect(seen).toEqual([1, 2, 3].map((turn) => turn * VISITS_A_TURN))
})

test('the rest can be had in this turn, once, and it ends once', async () => {
  let visits = 0
  let ends = 0
  const sweep = Sweep.begin(
    Array(MANY).keys(),
    () => {
      visits++
    },
    () => ends++,
  )
  sweep.finish()
  sweep.finish()
  expect([visits, ends]).toEqual([MANY, 1])
  for (let i = 0; i < 3; i++) await setImmediate()
  expect([visits, ends]).toEqual([MANY, 1])
})

test('of none it is over as it begins', () => {
  let ends = 0
  Sweep.begin(
    [],
    () => undefined,
    () => ends++,
  )
  expect(ends).toBe(1)
})
