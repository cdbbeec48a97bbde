/**
 * Receipts a second: a backlog in SQLite, taken in by the observer with every fold that the server runs. What they find
 * and what drift writes is part of it.
 * @module
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allFolds } from '../../apps/server/observing.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { Observer } from '../../src/observe/observer.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { raise } from '../../src/registry/alerts.ts'
import { round } from '../measure.ts'
import { AGENTS, fill, START_MS } from './log.ts'

const ROUNDS = 3

export interface Throughput {
  readonly receipts: number
  readonly folds: readonly string[]
  readonly agents: number
  /** Sessions that were scored, and whose scores the log holds. */
  readonly scored: number
  /** Of the median round; each reads the whole backlog into folds that are new. */
  readonly receipts_per_s: number
  readonly rounds: readonly number[]
  /** Processor time of all threads, by receipt: what is left of it when the machine is busy with something else. */
  readonly cpu_us: number
  /** The longest that the event loop was held up, milliseconds. */
  readonly stall_ms_max: number
}

interface Round {
  readonly seconds: number
  readonly stall_ms: number
  readonly cpu_us: number
  readonly scored: number
}

export async function measureThroughput(receipts: number): Promise<Throughput> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  try {
    const filled = join(folder, 'filled.db')
    const end_ms = await fillFile(filled, receipts)
    const rounds: Round[] = []
    for (let turn = 0; turn < ROUNDS; turn++) {
      const path = join(folder, `round-${turn}.db`)
      await copyFile(filled, path)
      const clock = { now: () => end_ms, monotonic: () => systemClock.monotonic() }
      const store = openSqliteStore({ path, clock })
      rounds.push(await once(store))
      await store.close()
      await rm(path)
    }
    const rates = rounds.map(({ seconds }) => Math.round(receipts / seconds))
    return {
      receipts,
      folds: allFolds(nodeCrypto, () => undefined).map(({ name }) => name),
      agents: AGENTS,
      scored: rounds[0]?.scored ?? 0,
      receipts_per_s: rates.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN,
      rounds: rates,
      cpu_us: round(Math.min(...rounds.map(({ cpu_us }) => cpu_us / receipts))),
      stall_ms_max: Math.round(Math.max(...rounds.map(({ stall_ms }) => stall_ms))),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @returns the time of its last receipt */
async function fillFile(path: string, receipts: number): Promise<number> {
  let now_ms = START_MS
  const clock = { now: () => now_ms, monotonic: () => systemClock.monotonic() }
  const store = openSqliteStore({ path, clock })
  const setClock = (time_ms: number): void => void (now_ms = time_ms)
  await fill(store, receipts, setClock)
  await store.close()
  return now_ms
}

async function once(store: Store): Promise<Round> {
  const report = (error: unknown): never => {
    throw error
  }
  const folds = allFolds(nodeCrypto, () => undefined)
  const observer = new Observer({ store, clock: systemClock, folds, raise, holder: 'bench', report })
  await observer.hold()
  let stall_ms = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    stall_ms = Math.max(stall_ms, now - last)
    last = now
  }, 1)
  const before = process.cpuUsage()
  const start = performance.now()
  await observer.catchUp()
  await observer.stop() // the last save counts
  const seconds = (performance.now() - start) / 1000
  clearInterval(timer)
  const { user, system } = process.cpuUsage(before)
  const scored = await store.query((db) =>
    db
      .selectFrom('drift_levels')
      .select((eb) => eb.fn.sum('scored').as('n'))
      .executeTakeFirst(),
  )
  return { seconds, stall_ms, cpu_us: user + system, scored: Number(scored?.n ?? 0) }
}
