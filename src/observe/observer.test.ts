import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { decodeEntry } from '../log/entries.ts'
import type { NewEntry, Store, Tx } from '../ports/store.ts'
import { raise } from '../registry/alerts.ts'
import { RegistryError } from '../registry/errors.ts'
import { loadCursor, saveCursor } from './cursors.ts'
import type { Finding, Fold, Logged } from './fold.ts'
import { Observer } from './observer.ts'

/** Counts the systems that were added, and finds each that is named `odd`. */
class Systems implements Fold {
  readonly name: string
  count = 0
  looks = 0
  readonly taken: number[] = []
  /** Takes everything but this. */
  poison: string | null = null

  constructor(name = 'systems') {
    this.name = name
  }

  async load(db: Parameters<Fold['load']>[0]): Promise<number> {
    const row = await db.selectFrom('meta').select('value').where('name', '=', this.name).executeTakeFirst()
    this.count = Number(row?.value ?? 0)
    return loadCursor(db, this.name)
  }

  take({ index, entry }: Logged, found: (finding: Finding) => void): void {
    if (entry.type !== 'system.added') return
    if (entry.body.name === this.poison) throw new Error('poisoned')
    this.taken.push(index)
    this.count++
    if (entry.body.name === 'odd') found(odd(index))
  }

  look(): void {
    this.looks++
  }

  async save(tx: Tx, next: number): Promise<void> {
    const value = String(this.count)
    await tx.db
      .insertInto('meta')
      .values({ name: this.name, value })
      .onConflict((at) => at.column('name').doUpdateSet({ value }))
      .execute()
    await saveCursor(tx, this.name, next)
  }
}

function odd(index: number): Finding {
  const detail = { entry: index }
  return { rule: 'TOOL_CHANGED', key: `odd/${index}`, subject: null, detail, entries: [index] }
}

let folder: string
let store: Store
let time = 0
const clock = { now: () => 1_772_000_000_000 + time, monotonic: () => time }
const faults: unknown[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-observer-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock })
  faults.length = 0
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

function observer(folds: Fold[], over: { store?: Store; holder?: string } = {}): Observer {
  const report = (error: unknown): number => faults.push(error)
  return new Observer({ store, clock, folds, raise, holder: 'one', report, ...over })
}

function add(...names: string[]): Promise<void> {
  return store.write(async (tx) => {
    for (const name of names) await tx.append(added(name))
  })
}

function added(name: string): NewEntry {
  return { type: 'system.added', actor: { kind: 'system', id: 'test' }, body: { name } }
}

async function alerts(): Promise<string[]> {
  const rows = await store.entries.read(0, await store.entries.size())
  return rows
    .filter((bytes) => bytes.length > 0)
    .map((bytes) => decodeEntry(bytes))
    .flatMap((entry) => (entry.type === 'alert.raised' ? [entry.body.rule] : []))
}

describe('an observer', () => {
  test('gives each entry once, in order, to every fold, over more than one batch', async () => {
    const folds = [new Systems('a'), new Systems('b')]
    const names = Array.from({ length: 2_500 }, (_, i) => `s${i}`)
    await add(...names.slice(0, 2_400))
    const one = observer(folds)
    expect(await one.hold()).toBe(true)
    await one.catchUp()
    await add(...names.slice(2_400))
    expect(await one.behind()).toBe(100)
    await one.catchUp()
    for (const fold of folds) expect(fold.taken).toEqual(names.map((_, i) => i))
    await one.look(clock.now())
    expect(folds.map(({ looks }) => looks)).toEqual([1, 1])
    await one.stop()
  })

  test('goes on where it saved, and a new fold begins at the first entry', async () => {
    await add('a', 'b')
    const first = observer([new Systems('old')])
    await first.hold()
    await first.catchUp()
    await first.stop()
    await add('c')
    const [old, fresh] = [new Systems('old'), new Systems('new')]
    const second = observer([old, fresh])
    await second.hold()
    await second.catchUp()
    expect([old.taken, old.count, fresh.taken]).toEqual([[2], 3, [0, 1, 2]])
    await second.stop()
  })

  test('after a crash raises again nothing that it raised', async () => {
    await add('a', 'odd')
    const first = observer([new Systems()])
    await first.hold()
    await first.catchUp()
    expect(await alerts()).toEqual(['TOOL_CHANGED'])
    const fold = new Systems() // the first one saved nothing
    const second = observer([fold], { holder: 'two' })
    expect(await second.hold()).toBe(true)
    await second.catchUp()
    expect(fold.taken).toEqual([0, 1])
    expect(await alerts()).toEqual(['TOOL_CHANGED'])
    await second.stop()
  })

  test('leaves out a fold that fails, says so, and serves the others', async () => {
    const [bad, good] = [new Systems('bad'), new Systems('good')]
    bad.poison = 'b'
    const one = observer([bad, good])
    await add('a', 'b', 'c')
    await one.hold()
    await one.catchUp()
    await one.catchUp() // its own alert
    expect([bad.taken, good.taken]).toEqual([[0], [0, 1, 2]])
    expect(await alerts()).toEqual(['FOLD_FAILED'])
    expect(faults).toHaveLength(1)
    await one.stop()
    expect(await store.query((db) => loadCursor(db, 'bad'))).toBe(0)
    expect(await store.query((db) => loadCursor(db, 'good'))).toBe(4)
  })

  test('writes news of a fold without waiting for a save', async () => {
    let told = 0
    const fold = Object.assign(new Systems(), {
      hasNews: () => fold.count > told,
      tell: async (tx: Tx) => {
        told = 2 // its own entry is one too
        await tx.append(added('news'))
      },
    })
    await add('a')
    const one = observer([fold])
    await one.hold()
    await one.catchUp()
    expect([fold.taken, await store.entries.size()]).toEqual([[0, 1], 2])
    expect(await store.query((db) => loadCursor(db, 'systems'))).toBe(0)
    await one.stop()
  })

  test('that could not raise a finding comes by it again', async () => {
    const fold = new Systems()
    await add('odd')
    let isDown = true
    const flaky: Store = Object.create(store, {
      entries: { value: store.entries },
      nodes: { value: null },
      query: { value: store.query.bind(store) },
      write: {
        value: (work: (tx: Tx) => Promise<unknown>) =>
          store.write(async (tx) => {
            const result = await work(tx)
            if (isDown && fold.taken.length > 0) throw new Error('the disk is full')
            return result
          }),
      },
    })
    const one = observer([fold], { store: flaky })
    await one.hold()
    await expect(one.catchUp()).rejects.toThrow('the disk is full')
    expect(await alerts()).toEqual([])
    isDown = false
    await one.hold()
    await one.catchUp()
    expect(fold.count).toBe(1)
    expect(await alerts()).toEqual(['TOOL_CHANGED'])
    await one.stop()
  })

  test('is held up for ever by no finding that is refused', async () => {
    const raiseOr = async (tx: Tx, finding: Finding): Promise<unknown> => {
      if (finding.key === 'odd/1') throw new RegistryError('UNKNOWN_ENTRY', 'what it rests on was pruned')
      return raise(tx, finding)
    }
    await add('odd', 'odd', 'odd')
    const report = (error: unknown): number => faults.push(error)
    const fold = new Systems()
    const one = new Observer({ store, clock, folds: [fold], raise: raiseOr, holder: 'one', report })
    await one.hold()
    await one.catchUp()
    expect(await alerts()).toEqual(['TOOL_CHANGED', 'FOLD_FAILED'])
    expect(await store.query((db) => db.selectFrom('alert_keys').select('key').execute())).toHaveLength(3)
    expect([fold.count, faults.length]).toEqual([3, 1])
    await one.stop()
  })

  test('lets go when another took over meanwhile, and then loads what that one saved', async () => {
    const [mine, theirs] = [new Systems(), new Systems()]
    const [one, other] = [observer([mine]), observer([theirs], { holder: 'two' })]
    await add('a')
    await one.hold()
    await one.catchUp()
    await other.hold() // alone on its database, so it does not wait
    await other.catchUp()
    await add('b')
    await other.catchUp()
    await other.stop()
    await one.catchUp()
    await one.stop() // saves nothing
    expect(await store.query((db) => loadCursor(db, 'systems'))).toBe(2)
    expect(await one.behind()).toBe(null)
  })
})
