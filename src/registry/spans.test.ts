import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import type { Finding } from '../observe/fold.ts'
import type { ToolSpan } from '../observe/otlp/seen.ts'
import type { Store } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import type { Source } from './sources.ts'
import { RECONCILE_MS, reconcile, takeSpans, WAITING_MAX } from './spans.ts'

let folder: string
let now = 1_772_000_000_000
let store: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-spans-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: { now: () => now, monotonic: () => now } })
  await store.write(async ({ db }) => {
    const unknown = {
      name_commit: null,
      rev: null,
      registration: null,
      operator_jkt: null,
    }
    const none = { endorsed: null }
    await db
      .insertInto('people')
      .values({ id: 'per_a', status: 'added', ...unknown, ...none })
      .execute()
    for (const id of ['agt_a', 'agt_b'])
      await db
        .insertInto('agents')
        .values({
          id,
          name: id,
          owner: 'per_a',
          class: 'c',
          purpose: 'p',
          systems_json: '[]',
          manifest: 'm'.repeat(43),
          proposal: 0,
          proposer: 'per_a',
          status: 'active',
        })
        .execute()
    await db.insertInto('systems').values({ id: 'sys_a', name: 's' }).execute()
    const json = { measures_json: '[]', resources_json: '[]', definition: null }
    const tool = { id: 'tol_a', system: 'sys_a', server: 'mail', tool: 'send', definition_hash: 'h' }
    await db
      .insertInto('tools')
      .values({ ...tool, ...json })
      .execute()
  })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const source = (id: string, agent: string): Source => ({
  id,
  kind: 'otlp',
  agent,
  added: 0,
  removed: null,
  token_hash: null,
})
const A = source('src_a', 'agt_a')
const B = source('src_b', 'agt_b')
const span = (over: Partial<ToolSpan> = {}): ToolSpan => ({
  trace: 'a'.repeat(32),
  span: 'b'.repeat(16),
  parent: '',
  agent: null,
  server: 'mail',
  tool: 'send',
  start: now,
  end: now,
  ...over,
})
const take = (from: Source, ...spans: ToolSpan[]) =>
  takeSpans({ store } as unknown as RegistryContext, from, spans)
async function bypasses(): Promise<string[]> {
  now += RECONCILE_MS
  const found: string[] = []
  await reconcile(store, (_, { subject }: Finding) => Promise.resolve(found.push(subject ?? '')))
  return found.toSorted((a, b) => (a < b ? -1 : 1))
}

test('a source hides nothing of another agent: neither under the same identifier, nor as its outer call', async () => {
  const outer = 'c'.repeat(16)
  await take(A, span(), span({ span: outer }))
  await take(B, span({ parent: outer }))
  expect(await bypasses()).toEqual(['agt_a', 'agt_a', 'agt_b'])
})

test('a span that names itself as its outer call is no inner one', async () => {
  await take(A, span({ parent: span().span }))
  expect(await bypasses()).toEqual(['agt_a'])
})

test('a source never takes the last places from the others', async () => {
  await store.write(({ db }) =>
    sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${WAITING_MAX / 2})
      INSERT INTO spans SELECT 't', CAST(i AS TEXT), '', 'src_a', 'agt_a', 'mail', 'send', 0, 0, ${now} FROM n`
      .execute(db)
      .then(() => undefined),
  )
  expect(await take(A, span())).toMatchObject({ waiting: 0, refused: 1 })
  expect(await take(B, span())).toMatchObject({ waiting: 1, refused: 0 })
})
