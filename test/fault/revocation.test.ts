/**
 * A part of the seeded schedules of faults: two nodes on PostgreSQL, a relay, eight enforcement points, a network that
 * delays, drops, repeats, reorders, holds back and cuts. `npm run test:faults` plays two hundred.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { play, SHAPE } from './revocation/run.ts'
import { random, scheduleOf } from './revocation/schedule.ts'
import { World } from './revocation/world.ts'

/** Of them `kill` and `kill_by_file`, frozen and killed points, nodes and relays, stepped clocks. */
const SEEDS = [1, 2, 3, 4, 5, 6]
let world: World

beforeAll(async () => {
  world = await World.set({ ...SHAPE, random: random(1) })
}, 120_000)
afterAll(() => world?.remove(), 60_000)

test.each(SEEDS)(
  'schedule %i: no call later than the bound, no cap passed, no valid chain denied for long',
  async (seed) => {
    const { faults, words } = await play(world, scheduleOf(seed, SHAPE))
    expect({ faults, words }).toEqual({ faults: [], words: [] })
  },
  120_000,
)

test('a point that lets through what it knows to be revoked is found, by what its tool says and by its receipts', async () => {
  await world.point(0).corrupt()
  const schedule = { seed: 0, events: [{ at: 0, do: 'revoke', delegation: 0 }], length_ms: 6_000 } as const
  const { faults } = await play(world, schedule)
  const liar = world.point(0).id
  const found = [/^(\S+) let \S+ through \d+ ms after it was stopped$/, /^ALLOW_AFTER_REVOCATION: allowed /]
  for (const each of found) expect(faults).toContainEqual(expect.stringMatching(each))
  expect(faults.filter((fault) => fault.startsWith('pnt_') && !fault.startsWith(liar))).toEqual([])
}, 120_000)
