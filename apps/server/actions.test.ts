/** Decisions as the API lists them, over both databases; the terms of delegations; what the log says of an agent. spec/api.md. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { Postgres } from '../../test/fixtures/postgres.ts'
import { Spool } from '../../test/fixtures/spool.ts'
import { TestServer, type Operator } from './harness.ts'

const named = (): string => newId(nodeCrypto, 'act', Date.now())

describe.each(['SQLite', 'PostgreSQL'])('over %s', (kind) => {
  let postgres: Postgres | null = null
  let server: TestServer
  let ann: Operator
  let agent: string
  let point: string
  let jti: string
  const [allowed, denied, stranger, check] = [named(), named(), named(), named()]

  beforeAll(async () => {
    postgres = kind === 'PostgreSQL' ? await Postgres.start() : null
    server = new TestServer(postgres === null ? {} : { store: await postgres.database() })
    server.skipsRebuild = postgres !== null // there is no file to rebuild
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    const ben = await server.invite(ann, 'Ben')
    const made = await server.agent(ann, ben)
    const enrolled = await server.point(ann)
    agent = made.id
    point = enrolled.id
    jti = (await server.delegate(ann, made, point)).jti
    const [root] = (await ann.api.get(`/v1/delegations/${jti}/terms`)).json.segments
    const of = { agent, chain: root.id, grant: root.grants[0].digest }
    const spool = new Spool(enrolled)
    await spool.open()
    await spool.ship([
      spool.decide({ ...of, action: allowed, decision: 'allow', reasons: [] }),
      spool.decide({ ...of, action: denied, reasons: ['CONSTRAINT_VIOLATED'], tool: 'write' }),
      spool.decide({ action: stranger }),
      spool.decide({ action: check, tool: 'countersign/canary', canary: 'C'.repeat(43) }),
      ...spool.add(1, allowed),
    ])
  }, 120_000)
  afterAll(async () => {
    await server?.remove()
    await postgres?.remove()
  })

  const list = async (query = '') => (await ann.api.get(`/v1/actions${query}`)).json
  const namesOf = async (query: string): Promise<string[]> =>
    (await list(query)).actions.map(({ action }: { action: string }) => action)

  test('decisions are listed newest first, with how they ended, without what points ask themselves', async () => {
    const { actions, next, size } = await list()
    expect(actions).toMatchObject([
      { action: stranger, agent: null, delegation: null, decision: 'deny', reasons: ['NO_CHAIN'] },
      { action: denied, agent, delegation: jti, reasons: ['CONSTRAINT_VIOLATED'], outcome: null },
      { action: allowed, agent, delegation: jti, decision: 'allow', reasons: [], outcome: 'finished' },
    ])
    expect(next).toBeNull()
    expect(size).toBeGreaterThan(actions[0].entry)
    expect((await list('?canary=true')).actions).toMatchObject([{ action: check, canary: true }])
  })

  test('by agent, point, server, tool, decision and reason', async () => {
    expect(await namesOf(`?agent=${agent}&point=${point}`)).toEqual([denied, allowed])
    // Outcomes do not say whose they are.
    const outcomes = (await list(`?agent=${agent}`)).actions.map((one: { outcome: string }) => one.outcome)
    expect(outcomes).toEqual([null, 'finished'])
    expect(await namesOf('?server=files&tool=write')).toEqual([denied])
    expect(await namesOf('?decision=allow')).toEqual([allowed])
    expect(await namesOf('?decision=step_up')).toEqual([])
    expect(await namesOf('?reason=NO_CHAIN')).toEqual([stranger])
    expect((await ann.api.get('/v1/actions?decision=maybe')).status).toBe(400)
  })

  test('by delegation, and by the person in whose name', async () => {
    expect(await namesOf(`?delegation=${jti}`)).toEqual([denied, allowed])
    expect(await namesOf(`?delegation=${jti}&decision=deny`)).toEqual([denied])
    expect(await list('?delegation=del_never')).toMatchObject({ actions: [], next: null })
    const [{ person }] = (await ann.api.get(`/v1/delegations/${jti}/terms`)).json.signers
    expect(await namesOf(`?person=${person}`)).toEqual([denied, allowed])
    expect(await namesOf(`?person=${person}&delegation=del_never`)).toEqual([])
    expect(await namesOf('?person=per_never')).toEqual([])
  })

  test('page by page, where an outcome above the page is found too', async () => {
    const first = await list('?limit=2')
    expect(first.actions).toHaveLength(2)
    const rest = await list(`?limit=2&before=${first.next}`)
    expect(rest).toMatchObject({ actions: [{ action: allowed, outcome: 'finished' }], next: null })
  })

  test('one is found by its name alone, or by where it stands', async () => {
    const found = (await ann.api.get(`/v1/actions/${allowed}`)).json
    expect(found).toMatchObject({
      delegation: jti,
      receipt: { kind: 'decision', action: allowed },
      ended: { receipt: { kind: 'outcome', action: allowed } },
      chain: [{ agent, parent: null, payload: { jti } }],
    })
    expect(found.chain[0].grants[0].digest).toBe(found.receipt.grant)
    expect(found.chain[0].payload.gestures).toBeUndefined()
    expect((await ann.api.get(`/v1/actions/${allowed}?entry=${found.entry}`)).json).toEqual(found)
    for (const unknown of [named(), 'act_1', agent])
      expect(await ann.api.get(`/v1/actions/${unknown}`)).toMatchObject({
        status: 404,
        json: { error: { code: 'UNKNOWN_ACTION' } },
      })
  })

  test('the terms of a delegation say what it allows and who signed', async () => {
    const { segments, signers, is_cut } = (await ann.api.get(`/v1/delegations/${jti}/terms`)).json
    expect(signers).toEqual([{ person: ann.id, role: 'principal' }])
    expect(segments).toMatchObject([{ agent, parent: null, grants: [{ grant: { server: 'files' } }] }])
    expect(is_cut).toBe(false)
    expect((await ann.api.get('/v1/delegations/dlg_none/terms')).status).toBe(404)
  })

  test('delegations are listed by agent and by status', async () => {
    const of = async (query: string) => (await ann.api.get(`/v1/delegations?${query}`)).json.delegations
    expect(await of(`agent=${agent}&status=in_force`)).toMatchObject([{ jti }])
    expect(await of('agent=agt_none')).toEqual([])
    expect(await of('status=expired')).toEqual([])
    await ann.api.post('/v1/revocations', { kind: 'delegation', target: jti, reason: 'test' })
    expect(await of('status=in_force')).toEqual([])
    expect(await of('status=revoked')).toMatchObject([{ jti, revoked: true }])
  })

  test('the timeline of an agent has its life and its decisions, newest first', async () => {
    const { entries, next } = (await ann.api.get(`/v1/agents/${agent}/timeline`)).json
    const types = entries.map(({ entry }: { entry: { type: string } }) => entry.type)
    expect(types.filter((type: string) => type === 'receipt')).toHaveLength(2)
    const indices = entries.map(({ index }: { index: number }) => index)
    expect(indices).toEqual(indices.toSorted((a: number, b: number) => b - a))
    expect(types.at(-1)).toBe('agent.proposed')
    expect(next).toBeNull()
    expect((await ann.api.get('/v1/agents/agt_none/timeline')).status).toBe(404)
  })
})
