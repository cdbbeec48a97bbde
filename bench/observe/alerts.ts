/** How long from the commit of a cause to the commit of its alert, while a fleet's receipts come in. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ObserveRunner } from '../../apps/server/observe-runner.ts'
import { allFolds } from '../../apps/server/observing.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import type { Fold } from '../../src/observe/fold.ts'
import { Observer } from '../../src/observe/observer.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { raise } from '../../src/registry/alerts.ts'
import { fleetReceipts } from '../../test/fixtures/observed.ts'
import { percentiles, type Percentiles } from '../measure.ts'

/** Receipts a second that come in meanwhile, a batch every 50 ms. */
const LOAD_PER_S = 2_000
const BATCH = LOAD_PER_S / 20

/** Finds each system that is added: a cause of which nothing else speaks. */
const systems: Fold = {
  name: 'bench',
  load: () => Promise.resolve(0),
  take: ({ index, entry }, found) => {
    if (entry.type !== 'system.added') return
    found({ rule: 'TOOL_CHANGED', key: `bench/${index}`, subject: null, detail: {}, entries: [index] })
  },
  look: () => undefined,
  save: () => Promise.resolve(),
}

export async function measureAlerts(count: number): Promise<Percentiles & { max: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const store = openSqliteStore({ path: join(folder, 'state.db'), clock: systemClock })
  const report = (error: unknown): never => {
    throw error
  }
  let isRaised = (): void => undefined
  const observer = new Observer({
    store,
    clock: systemClock,
    folds: [...allFolds(nodeCrypto, () => undefined), systems],
    raise: async (tx, finding) => {
      await raise(tx, finding)
      if (finding.key.startsWith('bench/')) isRaised()
    },
    holder: 'bench',
    report,
  })
  const runner = new ObserveRunner({ store, observer, report })
  runner.start()
  const stopLoad = load(store)
  try {
    const took: number[] = []
    for (let i = 0; i < count; i++) {
      const raised = new Promise<void>((resolve) => {
        isRaised = resolve
      })
      const entry = { kind: 'system' as const, id: 'bench' }
      await store.write((tx) => tx.append({ type: 'system.added', actor: entry, body: { name: `s${i}` } }))
      const start = performance.now()
      await raised
      await store.write(() => Promise.resolve()) // durable after what was under way
      took.push(performance.now() - start)
    }
    return { ...percentiles(took), max: Math.round(Math.max(...took)) }
  } finally {
    await stopLoad()
    await runner.stop()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function load(store: Store): () => Promise<void> {
  const start_ms = Date.now()
  const receipts = fleetReceipts({ agents: 200, points: 10, tools: 10, start_ms, apart_ms: 1, seed: 9 })
  let writing: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    writing = store.write(async (tx) => {
      for (let i = 0; i < BATCH; i++) {
        const { value: body } = receipts.next()
        await tx.append({ type: 'receipt', actor: { kind: 'point', id: body.point }, body })
      }
    })
  }, 50)
  return async () => {
    clearInterval(timer)
    await writing
  }
}
