/**
 * A part of the seeded schedules of faults: two nodes on PostgreSQL, eight enforcement points, a network that delays,
 * drops, repeats, reorders, holds back and cuts. `npm run test:faults` plays two hundred.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { play, SHAPE } from './revocation/run.ts'
import { random, scheduleOf } from './revocation/schedule.ts'
import { World } from './revocation/world.ts'

/** Of them `kill` and `kill_by_file`, frozen and killed points and nodes, stepped clocks. */
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
