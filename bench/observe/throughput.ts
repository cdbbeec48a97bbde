/** Receipts a second: a backlog in SQLite, taken in by the observer with every fold that the server runs. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allFolds } from '../../apps/server/observing.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { Observer } from '../../src/observe/observer.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { raise } from '../../src/registry/alerts.ts'
import { round } from '../measure.ts'
import { fleetReceipts, type FleetTerms } from '../../test/fixtures/observed.ts'

const START_MS = Date.parse('2026-03-01T00:00:00.000Z')
/** Receipts of one write: what a point ships at once. */
const BATCH = 1_000
const ROUNDS = 3

export interface Throughput {
  readonly receipts: number
  readonly folds: readonly string[]
  readonly agents: number
  /** Of the median round; each reads the whole backlog into folds that are new. */
  readonly receipts_per_s: number
  readonly rounds: readonly number[]
  /** Processor time of all threads, by receipt: what is left of it when the machine is busy with something else. */
  readonly cpu_us: number
  /** The longest that the event loop was held up, milliseconds. */
  readonly stall_ms_max: number
}

/** A busy fleet: 500 decisions a second. */
const TERMS: FleetTerms = { agents: 1_000, points: 20, tools: 10, start_ms: START_MS, apart_ms: 2, seed: 9 }

export async function measureThroughput(receipts: number): Promise<Throughput> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  let now_ms = START_MS
  const store = openSqliteStore({
    path: join(folder, 'state.db'),
    clock: { now: () => now_ms, monotonic: () => systemClock.monotonic() },
  })
  try {
    await fill(store, receipts, (time_ms) => {
      now_ms = time_ms
    })
    const rounds: number[] = []
    const stalls: number[] = []
    const cpu: number[] = []
    for (let turn = 0; turn < ROUNDS; turn++) {
      await forget(store)
      const { seconds, stall_ms, cpu_us } = await once(store)
      rounds.push(Math.round(receipts / seconds))
      stalls.push(stall_ms)
      cpu.push(cpu_us / receipts)
    }
    const receipts_per_s = rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN
    const folds = allFolds(nodeCrypto, () => undefined).map(({ name }) => name)
    const stall_ms_max = Math.round(Math.max(...stalls))
    return {
      receipts,
      folds,
      agents: TERMS.agents,
      receipts_per_s,
      rounds,
      cpu_us: round(Math.min(...cpu)),
      stall_ms_max,
    }
  } finally {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The log of a fleet, a batch a write, at the times of its receipts. */
export async function fill(
  store: Store,
  receipts: number,
  setClock: (time_ms: number) => void,
): Promise<void> {
  const all = fleetReceipts(TERMS)
  for (let done = 0; done < receipts; done += BATCH) {
    await store.write(async (tx) => {
      for (let i = 0; i < BATCH; i++) {
        const { value: body } = all.next()
        const about = body.kind === 'decision' && body.agent !== null ? { subject: body.agent } : {}
        await tx.append({ type: 'receipt', actor: { kind: 'point', id: body.point }, ...about, body })
        if (i === BATCH - 1) setClock(Date.parse(body.time))
      }
    })
  }
}

async function forget(store: Store): Promise<void> {
  await store.write(async ({ db }) => {
    for (const table of ['cursors', 'places', 'counts', 'named_counts', 'open_calls'] as const)
      await db.deleteFrom(table).execute()
  })
}

async function once(store: Store): Promise<{ seconds: number; stall_ms: number; cpu_us: number }> {
  const report = (error: unknown): never => {
    throw error
  }
  const options = {
    store,
    clock: systemClock,
    folds: allFolds(nodeCrypto, () => undefined),
    raise,
    holder: 'bench',
    report,
  }
  const observer = new Observer(options)
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
  return { seconds, stall_ms, cpu_us: user + system }
}
