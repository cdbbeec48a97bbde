/** Agents among many: found by name, owner and status, a page at a time, over both databases. spec/api.md. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Postgres } from '../../test/fixtures/postgres.ts'
import { TestServer, type Operator } from './harness.ts'

describe.each(['SQLite', 'PostgreSQL'])('over %s', (kind) => {
  let postgres: Postgres | null = null
  let server: TestServer
  let ann: Operator
  let ben: Operator
  const ids: string[] = []

  beforeAll(async () => {
    postgres = kind === 'PostgreSQL' ? await Postgres.start() : null
    server = new TestServer(postgres === null ? {} : { store: await postgres.database() })
    server.skipsRebuild = postgres !== null // there is no file to rebuild
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben')
    for (const [by, name] of [
      [ann, 'Reader of 100% notes'],
      [ann, 'writer_a'],
      [ben, 'Zoë "quoted"'],
    ] as const) {
      const said = { name, class: 'clerk', purpose: 'x', systems: [], manifest: { version: '1' } }
      ids.push((await by.api.post('/v1/agents', said)).json.agent)
    }
  }, 120_000)
  afterAll(async () => {
    await server?.remove()
    await postgres?.remove()
  })

  const found = async (query: string): Promise<string[]> =>
    (await ann.api.get(`/v1/agents/search?${query}`)).json.agents.map(({ id }: { id: string }) => id)

  test('a page ends where it says, and the next one goes on there', async () => {
    const first = (await ann.api.get('/v1/agents/search?limit=2')).json
    expect(first.agents.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2))
    expect(first.agents[0]).toMatchObject({ class: 'clerk', seen: null, keys: [], status: 'proposed' })
    const second = (await ann.api.get(`/v1/agents/search?limit=2&after=${first.next}`)).json
    expect([second.agents.length, second.agents[0].id, second.next]).toEqual([1, ids[2], null])
  })

  test.each<[string, readonly number[]]>([
    ['find=READER', [0]],
    ['find=100%25', [0]],
    ['find=%25', [0]],
    ['find=r_a', [1]],
    ['find=%5C', []],
    ['find=%22quoted%22', [2]],
    ['find=clerk', [0, 1, 2]],
    ['find=nobody', []],
    ['status=active', []],
    ['status=proposed', [0, 1, 2]],
  ])('%s finds %j', async (query, wanted) => {
    expect(await found(query)).toEqual(wanted.map((at) => ids[at]))
  })

  test('those of an owner are found beside those of a name', async () => {
    expect(await found(`find=writer&owners=${ben.id},per_none`)).toEqual([ids[1], ids[2]])
  })

  test('names alone', async () => {
    const { agents } = (await ann.api.get('/v1/agent-names')).json
    expect(agents).toContainEqual({ id: ids[2], name: 'Zoë "quoted"' })
    expect(Object.keys(agents[0])).toEqual(['id', 'name'])
  })

  test('and one that came since, though the names were asked for before', async () => {
    const said = { name: 'Since', class: 'clerk', purpose: 'x', systems: [], manifest: { version: '1' } }
    const { agent } = (await ben.api.post('/v1/agents', said)).json
    const { agents } = (await ann.api.get('/v1/agent-names')).json
    expect(agents).toHaveLength(ids.length + 1)
    expect(agents).toContainEqual({ id: agent, name: 'Since' })
  })

  test.each(['limit=0', 'limit=501', 'status=dead', 'find=', 'more=1'])('%s is refused', async (query) => {
    expect((await ann.api.get(`/v1/agents/search?${query}`)).status).toBe(400)
  })
})
