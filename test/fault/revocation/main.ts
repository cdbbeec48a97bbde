/**
 * `npm run test:faults [-- --schedules N] [--seed N]`: seeded schedules of faults against real processes. A seed that
 * failed is played again by `--seed N --schedules 1`.
 * @module
 */
import { parseArgs } from 'node:util'
import { play, SHAPE } from './run.ts'
import { random, scheduleOf } from './schedule.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: { schedules: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
})
/** The log of a world is read from its beginning after each schedule: it does not grow for ever. */
const SCHEDULES_A_WORLD = 10

const first = Number(values.seed)
const end = first + Number(values.schedules)
let worst = -Infinity
const failed: number[] = []

async function playSeed(world: World, seed: number): Promise<void> {
  const began = performance.now()
  const { faults, worst_allow_after_ms, words, entries, allowed } = await play(world, scheduleOf(seed, SHAPE))
  worst = Math.max(worst, worst_allow_after_ms)
  if (faults.length > 0) {
    failed.push(seed)
    process.stderr.write(`${[...words, ...world.said()].join('\n')}\n`)
  }
  const after = worst_allow_after_ms === -Infinity ? 'none' : `${worst_allow_after_ms.toFixed(0)} ms`
  const took = ((performance.now() - began) / 1000).toFixed(1)
  const verdict = faults.length === 0 ? 'ok' : faults.join('; ')
  process.stdout.write(
    `seed ${seed}: last call after an acknowledgement: ${after}; log: ${entries} entries, ${allowed} allowed; ${took} s; ${verdict}\n`,
  )
}

/** Up to the first that cannot be played to its end: what comes after that begins in a new world. @returns the next */
async function playSome(from: number, to: number): Promise<number> {
  const world = await World.set({ ...SHAPE, random: random(from) })
  let seed = from
  try {
    for (; seed < to; seed++) await playSeed(world, seed)
    return to
  } catch (cause) {
    failed.push(seed)
    process.stderr.write(`${[...world.said(), String(cause)].join('\n')}\n`)
    process.stdout.write(`seed ${seed}: not played to its end\n`)
    return seed + 1
  } finally {
    await world.remove()
  }
}

for (let seed = first; seed < end;) seed = await playSome(seed, Math.min(end, seed + SCHEDULES_A_WORLD))
process.stdout.write(
  `worst allow ${worst.toFixed(0)} ms after an acknowledged revocation; ${failed.length} failed\n`,
)
// Not `exitCode`: the package that runs PostgreSQL ends the process with 0, whatever stands there.
process.exit(failed.length === 0 ? 0 : 1)
