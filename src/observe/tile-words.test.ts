/** What filters of tiles leave out of a search is what is not looked for, however often the fold was stopped. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loggedReceipts, take, type FleetTerms } from '../../test/fixtures/observed.ts'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { utf8 } from '../core/encoding.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import { systemClock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { wordOfChain } from '../log/search-words.ts'
import { listActions, timelineOf, type Action, type ActionFilter } from '../registry/actions.ts'
import { TileFilters } from '../registry/tile-filters.ts'
import type { Logged } from './fold.ts'
import { TileWordsFold } from './tile-words.ts'

const START = Date.parse('2026-03-01T00:00:00.000Z')
const CHAINS = Array.from({ length: 400 }, (_, agent) => `${agent}`.padStart(43, 'c'))
const TERMS: FleetTerms = {
  chains: CHAINS,
  agents: 400,
  points: 3,
  tools: 4,
  start_ms: START,
  apart_ms: 100,
  seed: 7,
}
const COUNT = 30_000
/** How many entries after its decision an outcome stands. */
const LATER = 600
const entries = late(take(loggedReceipts(TERMS), COUNT))

let folder: string
let store: Store
let read = 0
const source: EntrySource = {
  size: async () => entries.length,
  read: async (start, end) => {
    read += end - start
    return entries.slice(start, end).map(({ entry }) => utf8(JSON.stringify(entry)))
  },
  hashes: async () => null,
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-tile-words-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: systemClock })
})
beforeEach(() =>
  store.write(async (tx) => {
    await tx.db.deleteFrom('tile_words').execute()
    await tx.db.deleteFrom('cursors').execute()
  }),
)
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Outcomes stand far behind their decisions. */
function late(all: readonly Logged[]): Logged[] {
  const placed = all.map((one, i) => {
    const isOutcome = one.entry.type === 'receipt' && one.entry.body.kind === 'outcome'
    return { at: isOutcome ? i + LATER : i, one }
  })
  return placed.toSorted((a, b) => a.at - b.at).map(({ one }, index) => ({ ...one, index }))
}

/** Takes entries up to one, and is gone without a word at each of so many: what was saved before is what is left. */
async function fold(to: number, crashes: readonly number[] = []): Promise<void> {
  for (const end of [...crashes, to]) {
    const one = new TileWordsFold()
    let next = await store.query((db) => one.load(db))
    for (const logged of entries.slice(next, end)) {
      one.take(logged)
      next = logged.index + 1
      if (next % 1_900 === 0) await store.write((tx) => one.save(tx, next))
    }
    if (end === to) await store.write((tx) => one.save(tx, next))
  }
}

/** All that is found, page by page. */
async function search(filter: Partial<ActionFilter>): Promise<{ found: Action[]; pages: number }> {
  const found: Action[] = []
  let [before, pages]: [number | undefined, number] = [undefined, 0]
  do {
    const page = await store.query((db) =>
      listActions({ db, entries: source }, { canary: false, ...filter }, { before, limit: 50 }),
    )
    found.push(...page.found)
    before = page.next ?? undefined
    pages++
  } while (before !== undefined)
  return { found, pages }
}

function expected(filter: Partial<ActionFilter>): string[] {
  const { reason, ...members } = filter
  return entries.flatMap(({ entry }) => {
    if (entry.type !== 'receipt' || entry.body.kind !== 'decision') return []
    const body = entry.body as unknown as Record<string, unknown> & { action: string; reasons: string[] }
    const isSo = Object.entries(members).every(([name, value]) => body[name] === value)
    return isSo && (reason === undefined || body.reasons.includes(reason)) ? [body.action] : []
  })
}

const FILTERS: Partial<ActionFilter>[] = [
  { agent: 'agt_17' },
  { agent: 'agt_18', decision: 'deny' },
  { agent: 'agt_19', decision: 'allow', server: 'mail' },
  { tool: 'tool_3', reason: 'SCOPE_VIOLATION', point: 'pnt_1' },
  { agent: 'agt_4000' },
  { decision: 'step_up' },
]

test.each([
  ['whole', []],
  ['stopped in between', [256, 5_000, 5_001, 12_345]],
])('what is looked for is found, with how it ended: %s', async (_, crashes) => {
  await fold(COUNT, crashes)
  for (const filter of FILTERS) {
    const { found } = await search(filter)
    expect(found.map(({ action }) => action).toReversed()).toEqual(expected(filter))
  }
  const { found } = await search({ agent: 'agt_17', decision: 'allow' })
  expect(found.length).toBeGreaterThan(10)
  expect(found.filter(({ outcome }) => outcome === null)).toEqual([])
})

test('what is nowhere costs next to nothing, and what is rare little', async () => {
  await fold(COUNT)
  read = 0
  expect(await search({ agent: 'agt_4000' })).toEqual({ found: [], pages: 1 })
  expect(read).toBeLessThan(3 * 256)
  read = 0
  const { found } = await search({ agent: 'agt_18', decision: 'deny' })
  expect(found.length).toBeGreaterThan(1)
  expect(read).toBeLessThan((found.length + 4) * 2 * 256)
})

test('what the fold has not taken yet is read', async () => {
  await fold(10_000)
  const { found } = await search({ agent: 'agt_17' })
  expect(found.map(({ action }) => action).toReversed()).toEqual(expected({ agent: 'agt_17' }))
})

test('filters of other words are not asked, and are made anew', async () => {
  await fold(COUNT)
  await store.write(async (tx) => {
    await tx.db
      .updateTable('tile_words')
      .set({ version: 0, filter: new Uint8Array(8) })
      .execute()
  })
  const { found } = await search({ agent: 'agt_17' })
  expect(found.map(({ action }) => action).toReversed()).toEqual(expected({ agent: 'agt_17' }))
  await store.write((tx) => tx.db.deleteFrom('cursors').execute())
  await fold(COUNT)
  read = 0
  expect(await search({ agent: 'agt_4000' })).toEqual({ found: [], pages: 1 })
  expect(read).toBeLessThan(3 * 256)
})

test('of some chains any will do', async () => {
  await fold(COUNT)
  const tiles = Array.from({ length: Math.floor(COUNT / 256) }, (_, tile) => tile)
  const has = (tile: number, chains: readonly string[]): boolean =>
    entries
      .slice(tile * 256, (tile + 1) * 256)
      .some(({ entry }) => entry.type === 'receipt' && chains.includes(String(entry.body['chain' as never])))
  const ruledOut = (words: readonly string[]): Promise<boolean[]> =>
    store.query(async (db) => {
      const filters = new TileFilters(db, [], words)
      const out: boolean[] = []
      for (const tile of tiles) out.push(await filters.ruleOut(tile))
      return out
    })
  const two = CHAINS.slice(7, 9)
  const out = await ruledOut(two.map(wordOfChain))
  expect(tiles.filter((tile) => out[tile] === true && has(tile, two))).toEqual([])
  expect(out.filter(Boolean).length).toBeGreaterThan(tiles.length / 6)
  expect((await ruledOut([wordOfChain('none')])).filter((one) => !one).length).toBeLessThan(3)
})

test('one request reads ten tiles at most', async () => {
  read = 0
  const page = await store.query((db) =>
    timelineOf({ db, entries: source }, 'agt_4000', { before: 20_000, limit: 50 }),
  )
  expect(page).toMatchObject({ found: [], next: 17_440 })
  expect(read).toBe(2_560)
})
