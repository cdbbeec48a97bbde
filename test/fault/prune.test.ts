/**
 * A pruning that ends by `kill -9` before and after each of its steps: what it leaves behind verifies, gives the registers,
 * and is gone on with by the next run, so that nothing is half pruned and nothing is pruned that was not announced.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registersOf } from '../../apps/server/harness.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { PrunedMap } from '../../src/log/kept.ts'
import { tilePath } from '../../src/log/tiles.ts'
import { verifyLog, type LogReport } from '../../src/log/verify.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { NewEntry } from '../../src/ports/store.ts'
import { carryOutPrunings } from '../../src/registry/pruning-run.ts'
import { announce, publisherOver } from '../fixtures/announced.ts'

const PRUNER = fileURLToPath(new URL('../fixtures/prune-and-die.ts', import.meta.url))
const ENTRIES = 600

const folder = mkdtempSync(join(tmpdir(), 'countersign-prune-'))
const fresh = join(folder, 'fresh')
const data = join(folder, 'data')
const map = PrunedMap.over(0, 512)
let vkey = ''

/** Bulk that no register rests on. */
const statement: NewEntry = {
  type: 'agent.statement_issued',
  actor: { kind: 'system', id: 'test' },
  subject: 'agt_test',
  body: { jkt: 'A'.repeat(43), exp: 1 },
}

beforeAll(async () => {
  const tiles = fsTileStore(join(fresh, 'log'))
  await tiles.write('checkpoint', new Uint8Array(0)) // makes the folder
  const store = openSqliteStore({ path: join(fresh, 'countersign.db'), clock: systemClock })
  const log = publisherOver(store, tiles, fsCheckpointLock(join(fresh, 'lock')))
  ;({ vkey } = log)
  await log.start()
  await store.write((tx) => tx.append(statement))
  await log.publish() // leaves a partial bundle
  await Promise.all(Array.from({ length: ENTRIES - 1 }, () => store.write((tx) => tx.append(statement))))
  for (let index = 0; index < 512; index++) map.set(index, index % 7 !== 0)
  await announce(store, map, (await log.publish()).note, vkey)
  await log.publish()
  await log.stop()
  await store.close()
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** @returns the signal that ended it, or its exit code */
function pruneUntil(step: number, when: 'before' | 'after'): Promise<NodeJS.Signals | number | null> {
  const child = spawn(process.execPath, [PRUNER, data, vkey, String(step), when], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)))
}

const verified = (): Promise<LogReport> => verifyLog(crypto, fsTileStore(join(data, 'log')), { vkey })

test('whatever a killed pruning leaves behind holds, and the next run finishes it', async () => {
  let killed = 0
  for (let step = 0; ; step++) {
    const ends = []
    for (const when of ['before', 'after'] as const) {
      rmSync(data, { recursive: true, force: true })
      cpSync(fresh, data, { recursive: true })
      const end = await pruneUntil(step, when)
      ends.push(end)
      if (end !== 'SIGKILL') continue
      killed++
      expect(await verified()).toMatchObject({ ok: true, size: ENTRIES + 1 })
      expect((await registersOf(join(data, 'countersign.db'))).differences).toEqual([])
      await goesOn()
    }
    if (ends.every((end) => end === 0)) break
    expect(ends).toEqual(['SIGKILL', 'SIGKILL'])
  }
  // The map, then of each bundle: what is kept, the transaction and the work in it, the removal.
  expect(killed).toBe(2 * (1 + 2 * 4))
}, 180_000)

async function goesOn(): Promise<void> {
  const store = openSqliteStore({ path: join(data, 'countersign.db'), clock: systemClock })
  const tiles = fsTileStore(join(data, 'log'))
  const log = publisherOver(store, tiles, fsCheckpointLock(join(data, 'lock')))
  await log.start()
  await carryOutPrunings({ store, tiles, crypto, vkey }) // nothing, if it died after the last step
  await store.write((tx) => tx.append(statement))
  await log.publish()
  await log.stop()
  await store.close()
  const report = { ok: true, size: ENTRIES + 2, entries_pruned: map.count(), faults: [] }
  expect(await verified()).toMatchObject(report)
  expect((await registersOf(join(data, 'countersign.db'))).differences).toEqual([])
  for (const path of [bundle(0), bundle(1), `${bundle(0)}.p/1`]) expect(await tiles.read(path)).toBeNull()
}

function bundle(index: number): string {
  return tilePath({ level: 'entries', index, width: 256 })
}
