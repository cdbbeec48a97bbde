import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('who comes once has the next turn but one, whatever a stranger has waiting', async () => {
  const turns = new Turns({ at_once_max: 1, waiting_max: 100 })
  const order: string[] = []
  const go = async (source: string): Promise<void> => {
    if (await turns.begin(source)) order.push(source)
  }
  const all = [...Array.from({ length: 50 }, () => go('stranger')), go('point')]
  for (let i = 0; i < 51; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    turns.end()
  }
  await Promise.all(all)
  expect([order.indexOf('point'), order.length]).toEqual([2, 51])
})

test('when too many wait, those of the source with most are turned away', async () => {
  const turns = new Turns({ at_once_max: 1, waiting_max: 4 })
  expect(await turns.begin('stranger')).toBe(true)
  const strangers = Array.from({ length: 5 }, () => turns.begin('stranger'))
  expect(await strangers[4]).toBe(false)
  const point = turns.begin('point')
  expect(await strangers[3]).toBe(false)
  turns.end()
  turns.end()
  expect(await point).toBe(true)
})
