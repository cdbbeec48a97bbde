import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Sweep } from './sweep.ts'

const MANY = 200

function slowly(): void {
  const end = performance.now() + 0.5
  while (performance.now() < end);
}

test('visits all in order over several turns, and lets others have theirs in between', async () => {
  const visited: number[] = []
  const seen: number[] = []
  const ended = new Promise<void>((resolve) => {
    const visit = (one: number): void => {
      slowly()
      visited.push(one)
    }
    new Sweep(Array(MANY).keys(), visit, resolve)
  })
  expect(visited.length).toBeGreaterThan(0) // it begins at once
  expect(visited.length).toBeLessThan(MANY / 2)
  while (visited.length < MANY) {
    seen.push(visited.length)
    await setImmediate()
  }
  await ended
  expect(visited).toEqual([...Array(MANY).keys()])
  expect(seen.length).toBeGreaterThan(2)
})

test('the rest can be had in this turn, once, and it ends once', async () => {
  let visits = 0
  let ends = 0
  const sweep = new Sweep(
    Array(MANY).keys(),
    () => {
      slowly()
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
  new Sweep([], slowly, () => ends++)
  expect(ends).toBe(1)
})
