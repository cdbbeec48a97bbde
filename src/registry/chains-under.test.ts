import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { wordOfChain } from '../log/search-words.ts'
import { systemClock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { chunks } from '../observe/chunks.ts'
import { ChainsUnder, type UnderFilter } from './chains-under.ts'

/** Of delegations of one person: as many segments below each. */
const HOPS = { few: 2, some: 70, many: 2_500 } as const
const idsOf = (name: keyof typeof HOPS): string[] =>
  Array.from({ length: HOPS[name] }, (_, i) => `${name}_${i}`)

let folder: string
let store: Store

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-chains-under-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: systemClock })
  const names = Object.keys(HOPS) as (keyof typeof HOPS)[]
  await store.write(async ({ db }) => {
    const person = { name_commit: null, status: 'enrolled', registration: null, operator_jkt: null } as const
    const people = names.map((name) => ({ ...person, id: `per_${name}`, rev: name, endorsed: null }))
    await db.insertInto('people').values(people).execute()
    const agent = { class: 'coding', purpose: 'tests', systems_json: '[]', manifest: '', proposal: 0 }
    const bot = { ...agent, id: 'agt_1', name: 'bot', owner: 'per_few', proposer: 'per_few' }
    await db
      .insertInto('agents')
      .values({ ...bot, status: 'active' })
      .execute()
    for (const name of names) {
      const terms = { agent: 'agt_1', principal: `per_${name}`, exp: 0, chain: '', issued: 0, revoked: 0 }
      await db
        .insertInto('delegations')
        .values({ jti: `dlg_${name}`, ...terms })
        .execute()
      const rows = idsOf(name).map((id) => ({
        id,
        subject: `dlg_${name}`,
        agent: null,
        parent: null,
        entry: 0,
      }))
      for (const some of chunks(rows)) await db.insertInto('segments').values(some).execute()
    }
  })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const under = (filter: UnderFilter): Promise<ChainsUnder | null> =>
  store.query((db) => ChainsUnder.of(db, filter))

test('who asks for no delegation and no person takes any chain', async () => {
  expect(await under({})).toBeNull()
})

test.each(['few', 'some', 'many'] as const)('of %s, its own are among them, and no others', async (name) => {
  for (const filter of [{ delegation: `dlg_${name}` }, { person: `per_${name}` }]) {
    const one = await under(filter)
    const [own = ''] = idsOf(name).slice(-1)
    expect(one?.mayHave(own)).toBe(true)
    const found = await one?.among([own, own, 'another'])
    expect([found?.has(own), found?.has('another')]).toEqual([true, false])
    expect(one?.isNone).toBe(false)
  }
})

test('filters are asked for what is known, and what is known at once is left out at once', async () => {
  expect((await under({ person: 'per_few' }))?.words).toEqual(idsOf('few').map(wordOfChain))
  expect((await under({ person: 'per_many' }))?.words).toEqual([])
  expect((await under({ person: 'per_some' }))?.mayHave(null)).toBe(false)
  expect((await under({ person: 'per_many' }))?.mayHave('another')).toBe(true)
})

test('both are wanted where both are given', async () => {
  expect((await under({ person: 'per_few', delegation: 'dlg_many' }))?.isNone).toBe(true)
})
