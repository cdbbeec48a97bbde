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
const first = Number(values.seed)
const world = await World.set({ ...SHAPE, random: random(first) })
let worst = -Infinity
const failed: number[] = []
try {
  for (let seed = first; seed < first + Number(values.schedules); seed++) {
    const { faults, worst_allow_after_ms, words } = await play(world, scheduleOf(seed, SHAPE))
    worst = Math.max(worst, worst_allow_after_ms)
    if (faults.length > 0) {
      failed.push(seed)
      process.stderr.write(`${words.join('\n')}\n`)
      for (const { id, said } of world.points) if (said !== '') process.stderr.write(`${id} said: ${said}\n`)
    }
    const verdict = faults.length === 0 ? 'ok' : faults.join('; ')
    process.stdout.write(`seed ${seed}: last call ${worst_allow_after_ms.toFixed(0)} ms after; ${verdict}\n`)
  }
} finally {
  await world.remove()
}
process.stdout.write(
  `worst allow ${worst.toFixed(0)} ms after an acknowledged revocation; ${failed.length} failed\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
