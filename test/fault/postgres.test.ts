/**
 * PostgreSQL under a control plane that is killed, restarted underneath it, and set back to an older copy of its data. After
 * each: nothing acknowledged is lost, nothing is there twice, indices have no gap, and every checkpoint that was ever
 * fetched is consistent with the last.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest'
import { addSystem } from '../../apps/cli/operator.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { rootAt, verifyTree } from '../../src/log/reader.ts'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { Postgres } from '../fixtures/postgres.ts'
import { runCli, until } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const KILLS = 25
const WORKERS = 8
/** Writes that are acknowledged between a start and the next kill, at least. */
const WRITES_MIN = 12
const STORY_MS_MAX = 900_000

/** Adds systems, each with a name of its own, over deaths of whoever answers; remembers what was acknowledged. */
class Load {
  readonly acknowledged: string[] = []
  readonly #stage: Stage
  readonly #workers: Promise<void>[]
  #isOver = false

  constructor(stage: Stage) {
    this.#stage = stage
    this.#workers = Array.from({ length: WORKERS }, () => this.#work())
  }

  async more(count: number): Promise<void> {
    const due = this.acknowledged.length + count
    await until(`${count} more writes`, () => this.acknowledged.length >= due, 60_000)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#workers)
  }

  async #work(): Promise<void> {
    while (!this.#isOver) {
      const name = base64url(crypto.randomBytes(12))
      await addSystem(this.#stage.manager, name).then(
        () => this.acknowledged.push(name),
        // Refused or cut off: nothing was promised. A process that is gone is not asked in a tight loop.
        () => new Promise((resolve) => setImmediate(resolve)),
      )
    }
  }
}

/** What the database and the public files of the log must say once everything is over. */
async function expectWhole(
  stage: Stage,
  store: string,
  load: Load,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  const { entries, close } = await contents(store)
  const names = entries.flatMap((entry) => (entry.type === 'system.added' ? [entry.body.name] : []))
  await close()
  const counts = Map.groupBy(names, (name) => name)
  expect(load.acknowledged.filter((name) => counts.get(name)?.length !== 1)).toEqual([])
  expect(new Set(names).size).toBe(names.length)
  const log = fsTileStore(join(stage.dataDir, 'log'))
  const last = await published(stage)
  expect(last.size).toBe(entries.length)
  expect(await verifyTree(crypto, log, last)).toMatchObject({ ok: true, size: last.size })
  for (const { size, root } of checkpoints) {
    expect(size).toBeLessThanOrEqual(last.size)
    expect(Buffer.from(await rootAt(crypto, log, size, last.size)).equals(root)).toBe(true)
  }
}

async function contents(url: string) {
  const store = await openPostgresStore({ url })
  const size = await store.entries.size()
  const bytes = await store.entries.read(0, size)
  expect(bytes).toHaveLength(size) // indices have no gap
  return { entries: bytes.map((one) => decodeEntry(one)), close: () => store.close() }
}

async function published(stage: Stage): Promise<Checkpoint> {
  const note = await fsTileStore(join(stage.dataDir, 'log')).read('checkpoint')
  return openCheckpoint(crypto, note ?? new Uint8Array(), stage.control.vkey)
}

let postgres: Postgres
let store: string
let stage: Stage

async function set(): Promise<void> {
  postgres = await Postgres.start()
  store = await postgres.database()
  stage = await Stage.set(store)
}

async function strike(): Promise<void> {
  await stage?.remove()
  await postgres?.remove()
}

describe(`kill -9 of the control plane in the middle of load, ${KILLS} times`, () => {
  const checkpoints: Checkpoint[] = []
  let load: Load
  let end: number | null

  beforeAll(async () => {
    await set()
    load = new Load(stage)
    for (let round = 0; round < KILLS; round++) {
      await load.more(WRITES_MIN)
      checkpoints.push(await published(stage))
      await stage.control.process.end('SIGKILL')
      await stage.restart()
    }
    await load.more(WRITES_MIN)
    await load.stop()
    end = (await stage.control.process.end('SIGTERM')).code
  }, STORY_MS_MAX)
  afterAll(strike)

  test('loses nothing that was acknowledged, and every checkpoint holds', async () => {
    expect(end).toBe(0)
    expect(load.acknowledged.length).toBeGreaterThan(KILLS * WRITES_MIN)
    expect(new Set(checkpoints.map(({ size }) => size)).size).toBeGreaterThan(KILLS / 2)
    await expectWhole(stage, store, load, checkpoints)
  })
})

describe('PostgreSQL', () => {
  beforeEach(set, 60_000)
  afterEach(strike, 60_000)

  test(
    'stopped, and crashed, under load: the control plane goes on when it is back, and nothing is lost',
    async () => {
      const load = new Load(stage)
      const checkpoints: Checkpoint[] = []
      for (const fail of [() => postgres.stop(), () => postgres.crash()]) {
        await load.more(WRITES_MIN)
        checkpoints.push(await published(stage))
        await fail()
        await expect(addSystem(stage.manager, 'nobody hears this')).rejects.toMatchObject({
          code: 'API_REFUSED', // an answer: it is there, and says that its database is not
        })
        await postgres.resume()
        await load.more(WRITES_MIN)
      }
      await load.stop()
      expect(stage.control.process.isRunning).toBe(true)
      expect(await stage.control.process.end('SIGTERM')).toMatchObject({ code: 0 })
      await expectWhole(stage, store, load, checkpoints)
    },
    STORY_MS_MAX,
  )

  test(
    'back as an older copy of itself: the signer ends and says what to do, and does not start on it either',
    async () => {
      await postgres.stop()
      await postgres.keep()
      await postgres.resume()
      const added = await until('a system', () =>
        addSystem(stage.manager, 'after the copy').catch(() => null),
      )
      expect(added).toMatch(/^sys_/)
      const size = (await published(stage)).size
      await until('it is signed', async () => (await published(stage)).size > size)
      const signed = await published(stage)
      await postgres.stop()
      await postgres.setBack()
      await postgres.resume()
      const { code } = await stage.control.process.ended
      expect(code).not.toBe(0)
      expect(stage.control.process.output).toContain('LOG_DIVERGED')
      expect(stage.control.process.output).toContain('Restore the database')
      const again = await runCli(['start', '--data', stage.dataDir, '--port', '0'], {
        COUNTERSIGN_STORE: store,
      })
      expect(again.code).not.toBe(0)
      expect(again.stderr).toContain('LOG_DIVERGED')
      expect(await published(stage)).toEqual(signed)
    },
    STORY_MS_MAX,
  )
})
