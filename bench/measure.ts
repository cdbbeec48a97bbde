/**
 * Interleaved measurement: rows take turns, in an order that rotates, so that what else the machine does falls on all of
 * them alike. Nothing is subtracted: a figure includes what the timer costs, which is printed.
 * @module
 */

/** One thing that is measured. */
export interface Row {
  readonly name: string
  /** Runs in each so-manieth round only, because it takes milliseconds. */
  readonly every?: number
  /** Untimed: makes the input of round `i` and gives what is timed. */
  prepare(i: number): Timed
}

/** Runs once. A row that times itself answers with the microseconds that each of its parts took. */
export type Timed = () => void | Promise<void> | Promise<{ readonly took_us: readonly number[] }>

/** Microseconds. */
export interface Percentiles {
  /** What is left of it when nothing else runs on the machine, more or less. */
  readonly p10: number
  readonly p50: number
  readonly p99: number
  readonly n: number
}

/** Rounds that are prepared together: preparing makes keys and chains, and leaves cold caches. */
const CHUNK = 50
/** Rounds of a row that follow each other. One alone would run with what the row before it left in the caches. */
const RUN = 5

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
  const turns = rows.map((_, at) => [...rows.slice(at), ...rows.slice(0, at)])
  for (let first = 0; first < rounds.count + rounds.warmup && performance.now() < end; first += CHUNK) {
    const prepared = new Map(rows.map((row) => [row, prepare(row, first)]))
    for (let at = 0; at < CHUNK; at += RUN) {
      for (const row of turns[(first + at) % turns.length] ?? []) {
        for (const timed of prepared.get(row)?.slice(at, at + RUN) ?? []) {
          const took_us = timed === null ? [] : await once(timed)
          if (first >= rounds.warmup) samples.get(row.name)?.push(...took_us)
        }
      }
    }
  }
  return new Map([...samples].map(([name, took]) => [name, percentiles(took)]))
}

/** Null for the rounds that the row sits out. */
function prepare(row: Row, first: number): (Timed | null)[] {
  const { every = 1 } = row
  return Array.from({ length: CHUNK }, (_, k) => ((first + k) % every === 0 ? row.prepare(first + k) : null))
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
  return { p10: at(0.1), p50: at(0.5), p99: at(0.99), n: sorted.length }
}

/** Two decimals: more would be noise. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
