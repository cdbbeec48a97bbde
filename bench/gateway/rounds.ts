/**
 * Rows take turns in short blocks, in an order that rotates, so that what else the machine does falls on all alike.
 * Differences and ratios are those of blocks of one round; what is reported is their median.
 * @module
 */
import { readFileSync } from 'node:fs'
import { percentiles, round } from '../measure.ts'
import type { Caller } from './callers.ts'

export const IN_FLIGHT = 32

export interface Budget {
  /** No round starts later. */
  readonly ms: number
  /** Calls of one block. */
  readonly block: number
}

/** Milliseconds. */
export interface Spread {
  readonly p50: number
  readonly p99: number
}

/** Rounds that are run first and thrown away, so that the compilers are done. */
const WARMUP = 4
const ROUNDS_MIN = 5

type Callers<K extends string> = Readonly<Record<K, Caller>>

/** One call after another. Of each row every block's times, in milliseconds. */
export async function sequentially<K extends string>(
  callers: Callers<K>,
  budget: Budget,
): Promise<Record<K, number[][]>> {
  return inTurns(callers, budget, async (caller) => {
    const took: number[] = []
    for (let i = 0; i < budget.block; i++) {
      const start = performance.now()
      await caller.call()
      took.push(performance.now() - start)
    }
    return took
  })
}

/** {@link IN_FLIGHT} at a time. Of each row every block's calls a second. */
export async function together<K extends string>(
  callers: Callers<K>,
  budget: Budget,
): Promise<Record<K, number[]>> {
  return inTurns(callers, budget, async (caller) => {
    const took_ms = await burst(caller, budget.block)
    return (budget.block / took_ms) * 1000
  })
}

async function inTurns<K extends string, T>(
  callers: Callers<K>,
  { ms }: Budget,
  run: (caller: Caller) => Promise<T>,
): Promise<Record<K, T[]>> {
  const rows = Object.entries<Caller>(callers)
  const found = new Map<string, T[]>(rows.map(([name]) => [name, []]))
  const end = performance.now() + ms
  for (let turn = 0; turn < WARMUP + ROUNDS_MIN || performance.now() < end; turn++) {
    const at = turn % rows.length
    for (const [name, caller] of [...rows.slice(at), ...rows.slice(0, at)]) {
      const result = await run(caller)
      if (turn >= WARMUP) found.get(name)?.push(result)
    }
  }
  return Object.fromEntries(found) as Record<K, T[]>
}

/** @returns milliseconds */
export async function burst(caller: Caller, n: number): Promise<number> {
  let left = n
  const start = performance.now()
  const worker = async (): Promise<void> => {
    while (left-- > 0) await caller.call()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return performance.now() - start
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** The median of `a / b`, round by round. */
export function ratio(a: readonly number[], b: readonly number[]): number {
  return round(median(a.map((value, i) => value / (b[i] ?? Number.NaN))))
}

export function spread(blocks: readonly number[][]): Spread {
  const { p50, p99 } = percentiles(blocks.flat().map((ms) => ms * 1000))
  return { p50: inMs(p50 / 1000), p99: inMs(p99 / 1000) }
}

/** What `row` takes more than `base`: the middle one by rounds, the 99th of a hundred over all. */
export function added(row: readonly number[][], base: readonly number[][]): Spread {
  const p50 = median(row.map((block, i) => median(block) - median(base[i] ?? [])))
  return { p50: inMs(p50), p99: inMs(spread(row).p99 - spread(base).p99) }
}

/** To the microsecond. */
function inMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

/** Resident MiB; null where there is no /proc. */
export function residentMib({ pid }: Caller): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
  } catch {
    return null
  }
}
