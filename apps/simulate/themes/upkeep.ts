/** What the control plane does by itself: hourly samples, canaries, reminders, and the witness each day. spec/simulation.md (SIM-9). @module */
import { judgeCanaries } from '../../../src/registry/canaries.ts'
import { alertOverdueDrill } from '../../../src/registry/drills.ts'
import { raiseOverdue } from '../../../src/registry/subject-requests.ts'
import { takeSample, type Readings } from '../../../src/respond/capacity.ts'
import { remind } from '../../../src/respond/reminders.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../clock.ts'
import type { Chance } from '../random.ts'
import { forgets, type Story, type Theme } from '../story.ts'

const GIB = 2 ** 30
/** The runner decides whether it is due: once a day. */
const ANCHOR_EVERY_MS = 12 * HOUR_MS
/** Into the day: canaries are there by then, and are judged from the second on. */
const OBSERVED_MS = 6 * MINUTE_MS
const JUDGED_MS = 11 * MINUTE_MS

export const upkeep: Theme = {
  hour: async (story, hour_ms) => {
    const { plane, chance } = story.company
    if (!forgets(story, 'capacity')) await takeSample(plane.store, readingsOf(chance))
    if (hour_ms % ANCHOR_EVERY_MS === 0 && !forgets(story, 'anchor')) await plane.anchor()
    if (hour_ms % DAY_MS === 0) await daily(story, hour_ms)
  },
}

async function daily(story: Story, day_ms: number): Promise<void> {
  const { plane, clock } = story.company
  clock.to(day_ms + OBSERVED_MS)
  if (!forgets(story, 'observer')) await plane.observe()
  clock.to(day_ms + JUDGED_MS)
  if (!forgets(story, 'canaries')) await plane.store.write((tx) => judgeCanaries(tx, plane.rules))
  await remind(plane.store)
  await alertOverdueDrill(plane.ctx.registry)
  await raiseOverdue(plane.ctx.registry)
}

/** Those of no machine: a simulation measures nothing. */
function readingsOf(chance: Chance): Readings {
  const write_ms = { n: chance.between(20, 400), p50: 0.5, p99: 2, max: 4 }
  const revocation_ms = {
    n: chance.between(1, 9),
    p50: chance.between(8, 30),
    p99: chance.between(40, 110),
    max: 140,
  }
  return {
    cpu_pct: chance.between(2, 40),
    memory_bytes: GIB,
    disk_free_bytes: 80 * GIB,
    disk_total_bytes: 100 * GIB,
    writes_waiting: 0,
    write_ms,
    revocation_ms,
  }
}
