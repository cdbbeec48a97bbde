/** Appends a second, and how long one waits when nobody else does. @module */
import { percentiles, round, type Percentiles } from '../measure.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Plant } from './plant.ts'
import { appendAll, newEntry } from './workload.ts'

type Appended = Pick<Plant, 'store' | 'publisher'>

export interface Appends {
  /** Durable, integrated and under a published checkpoint. */
  readonly appends_per_s: number
  /** Durable: when the last of the same entries was acknowledged. */
  readonly acks_per_s: number
  /** Checkpoints published meanwhile. */
  readonly checkpoints: number
  /** Processor time of the whole process, all threads, by entry. */
  readonly cpu_us_per_entry: number
  readonly n: number
}

export async function measureAppends({ store, publisher }: Appended, count: number): Promise<Appends> {
  const before = await store.entries.size()
  const checkpoints = await checkpointsOf(store)
  const cpu = process.cpuUsage()
  const start = systemClock.monotonic()
  await appendAll(store, count)
  const acked_ms = systemClock.monotonic() - start
  do await publisher.publish()
  while ((await lastCheckpoint(store)) < before + count)
  const published_ms = systemClock.monotonic() - start
  const { user, system } = process.cpuUsage(cpu)
  return {
    appends_per_s: Math.round((count / published_ms) * 1000),
    acks_per_s: Math.round((count / acked_ms) * 1000),
    checkpoints: (await checkpointsOf(store)) - checkpoints,
    cpu_us_per_entry: round((user + system) / count),
    n: count,
  }
}

/** Size of the one that was published last. */
function lastCheckpoint(store: Plant['store']): Promise<number> {
  return store.query(async (db) => {
    const row = await db.selectFrom('checkpoints').select('size').orderBy('size', 'desc').executeTakeFirst()
    return row?.size ?? 0
  })
}

function checkpointsOf(store: Plant['store']): Promise<number> {
  return store.query(async (db) => {
    const { n } = await db
      .selectFrom('checkpoints')
      .select((one) => one.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
    return n
  })
}

/** One append at a time, with pauses: from the call until it is durable, in milliseconds. */
export async function measureIdleAck({ store }: Pick<Plant, 'store'>, count: number): Promise<Percentiles> {
  const took_ms: number[] = []
  for (let i = 0; i < count; i++) {
    const entry = newEntry(i)
    const start = systemClock.monotonic()
    await store.write((tx) => tx.append(entry))
    took_ms.push(systemClock.monotonic() - start)
    await new Promise((resolve) => setTimeout(resolve, i % 5))
  }
  return percentiles(took_ms)
}

export function median<T>(all: readonly T[], by: (one: T) => number): T {
  const middle = all.toSorted((a, b) => by(a) - by(b))[Math.floor(all.length / 2)]
  if (middle === undefined) throw new TypeError('nothing was measured')
  return middle
}
