/**
 * Interleaved measurement: each round runs every row once, in an order that rotates, so that what else the machine does
 * falls on all of them alike. Nothing is subtracted: a figure includes what the timer costs, which is printed.
 * @module
 */

/** One thing that is measured. */
export interface Row {
  readonly name: string
  /** Untimed: makes the input of round `i` and gives what is timed. */
  prepare(i: number): Timed
}

/** Runs once. A row that times itself answers with the microseconds that each of its parts took. */
export type Timed = () => void | Promise<void> | Promise<{ readonly took_us: readonly number[] }>

/** Microseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly n: number
}

/** Rounds that are prepared together and then timed together: preparing makes keys and chains, and leaves cold caches. */
const CHUNK = 50

export interface Rounds {
  readonly count: number
  /** Run first and thrown away, so that the compiler is done. */
  readonly warmup: number
  /** No chunk starts later, counted from now: the figures are then of fewer samples. */
  readonly deadline_ms: number
}

export async function measure(
  rows: readonly Row[],
  rounds: Rounds,
): Promise<ReadonlyMap<string, Percentiles>> {
  const samples = new Map(rows.map(({ name }) => [name, [] as number[]]))
  const end = performance.now() + rounds.deadline_ms
  for (let first = 0; first < rounds.count + rounds.warmup && performance.now() < end; first += CHUNK) {
    const chunk = Array.from({ length: CHUNK }, (_, k) => inTurn(rows, first + k))
    for (const [k, timed] of chunk.entries())
      for (const { name, run } of timed) {
        const took_us = await once(run)
        if (first + k >= rounds.warmup) samples.get(name)?.push(...took_us)
      }
  }
  return new Map([...samples].map(([name, took]) => [name, percentiles(took)]))
}

/** The rows of round `i`, prepared: the first of the round before is the last of this one. */
function inTurn(rows: readonly Row[], i: number): { name: string; run: Timed }[] {
  const at = i % rows.length
  return [...rows.slice(at), ...rows.slice(0, at)].map((row) => ({ name: row.name, run: row.prepare(i) }))
}

async function once(timed: Timed): Promise<readonly number[]> {
  const start = performance.now()
  const running = timed()
  // What is synchronous is not charged for a turn of the microtask queue.
  if (running === undefined) return [(performance.now() - start) * 1000]
  const result = await running
  const end = performance.now()
  return typeof result === 'object' ? result.took_us : [(end - start) * 1000]
}

export function percentiles(samples: readonly number[]): Percentiles {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN)
  return { p50: at(0.5), p99: at(0.99), n: sorted.length }
}

/** Two decimals: more would be noise. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
