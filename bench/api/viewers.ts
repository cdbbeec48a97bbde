/**
 * What a thousand viewers of the stream of entries cost the enforcement path: calls through a point in this process, so many
 * a second, without viewers and with them in turn. Every call is durable before it runs, and its receipts go to the control
 * plane, which pushes them to each viewer.
 * @module
 */
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { Process, until } from '../../test/fixtures/processes.ts'
import { percentiles, type Percentiles } from '../measure.ts'
import { sizeOf, type Company } from './plant.ts'

const VIEWERS = 1_000
const CALLS_PER_S = 100
const ROUND_MS = 15_000
const ROUNDS = 3
const PROCESS = fileURLToPath(new URL('viewers-process.ts', import.meta.url))

export interface Viewed {
  readonly viewers: number
  readonly calls_per_s: number
  /** Microseconds of a call, from the request to its answer. */
  readonly without_us: Percentiles
  readonly with_us: Percentiles
  /** Entries that the viewers were sent, all together. */
  readonly events: number
}

const said = z.object({ heard: z.int(), events: z.int() })

export async function measureViewers(company: Company): Promise<Viewed> {
  const without: number[] = []
  const watched: number[] = []
  let events = 0
  await calls(company) // the compiler is warm
  for (let round = 0; round < ROUNDS; round++) {
    without.push(...(await calls(company)))
    const { stage, cookie } = company
    const after = (await sizeOf(stage)) - 1
    const viewers = new Process(process.execPath, [
      PROCESS,
      stage.control.url,
      cookie,
      String(after),
      String(VIEWERS),
    ])
    await until('all watch', () => viewers.lines[0], 60_000)
    watched.push(...(await calls(company)))
    await pause(1_000)
    await viewers.end('SIGTERM')
    events += said.parse(JSON.parse(viewers.lines.at(-1) ?? '')).events
  }
  return {
    viewers: VIEWERS,
    calls_per_s: CALLS_PER_S,
    without_us: percentiles(without),
    with_us: percentiles(watched),
    events,
  }
}

/** One after the other, each at its time. @returns microseconds that each took */
async function calls({ call }: Company): Promise<number[]> {
  const took: number[] = []
  const began = performance.now()
  for (let i = 0; i < (ROUND_MS / 1000) * CALLS_PER_S; i++) {
    await pause(Math.max(0, began + (i * 1000) / CALLS_PER_S - performance.now()))
    const start = performance.now()
    const { decision } = await call()
    if (decision !== 'allow') throw new Error(`not allowed: ${decision}`)
    took.push((performance.now() - start) * 1000)
  }
  return took
}
