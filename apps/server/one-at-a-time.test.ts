import { expect, test } from 'vitest'
import { OneAtATime } from './one-at-a-time.ts'

test('those that ask for the same share one piece of work, others follow one by one, and too many are refused', async () => {
  const turns = new OneAtATime<number>()
  const gate = Promise.withResolvers<void>()
  const done: number[] = []
  const work = (n: number) => async () => {
    await gate.promise
    done.push(n)
    return n
  }
  const [a, same] = [turns.take('a', work(0)), turns.take('a', work(-1))]
  const others = Array.from({ length: 7 }, (_, i) => turns.take(String(i), work(i + 1)))
  expect(() => turns.take('one more', work(9))).toThrow('too many')
  gate.resolve()
  expect([await a, await same, ...(await Promise.all(others))]).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7])
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('who fails is told so, and the next has its turn', async () => {
  const turns = new OneAtATime<string>()
  const failing = turns.take('a', () => Promise.reject(new Error('no')))
  const next = turns.take('b', () => Promise.resolve('yes'))
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
