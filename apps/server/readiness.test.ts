/** Readiness as the registers of a real server have it. spec/readiness.md (RDY-1 to RDY-4). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packOver } from '../../test/fixtures/packs.ts'
import { Spool } from '../../test/fixtures/spool.ts'
import { readinessPlanSchema, type PlanStep } from '../../src/evidence/readiness/plan.ts'
import { TestServer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

async function steps(): Promise<Record<string, PlanStep>> {
  const plan = readinessPlanSchema.parse((await ann.api.get('/v1/readiness')).json)
  return Object.fromEntries(plan.steps.map((step) => [step.id, step]))
}

describe('readiness', () => {
  test('is told to who is enrolled, and to nobody else', async () => {
    expect((await server.caller().get('/v1/readiness')).status).toBe(401)
    expect((await ann.api.get('/v1/readiness')).status).toBe(200)
  })

  test('of a new installation is the first day, with nothing but its first person', async () => {
    const plan = readinessPlanSchema.parse((await ann.api.get('/v1/readiness')).json)
    expect([plan.day, plan.stack.done, plan.whole.done, plan.simulated]).toEqual([0, 0, 0, false])
    const { people, inventory, points, restore } = await steps()
    expect(people).toMatchObject({ state: 'partly', measure: { enrolled: 1, endorsed: 1, wanted: 2 } })
    expect([inventory?.state, points?.state, restore?.state]).toEqual(['open', 'open', 'open'])
  })

  test('moves with what is registered, and says what an agent lacks', async () => {
    ben = await server.invite(ann, 'Ben')
    const bare = await server.agent(ann, ben)
    const before = await steps()
    expect(before.people?.state).toBe('done')
    // The agent has no system.
    expect(before.inventory).toMatchObject({
      state: 'partly',
      measure: { registered: 1, owned: 1, purposed: 1, placed: 0, mapped: 0, unregistered: 0 },
    })
    await ann.api.post('/v1/revocations', { kind: 'agent', target: bare.id, reason: 'trial' })
    expect((await steps()).inventory?.measure).toMatchObject({ registered: 0, mapped: 0 })
  })

  test('counts points that record, delegations in force and revocations that were acknowledged', async () => {
    const agent = await server.agent(ann, ben)
    const point = await server.point(ann)
    const spool = new Spool(point)
    await spool.open()
    expect((await steps()).points?.measure).toMatchObject({ enrolled: 1, recording: 0 })
    const { jti } = await server.delegate(ann, agent, point.id)
    await spool.ship([spool.decide({ agent: agent.id })])
    const wired = await steps()
    expect(wired.points?.measure).toMatchObject({ enrolled: 1, recording: 1 })
    expect(wired.delegations).toMatchObject({ state: 'done', measure: { active: 1, delegated: 1 } })
    await ann.api.post('/v1/revocations', { kind: 'delegation', target: jti, reason: 'trial' })
    const { delegations, revocation } = await steps()
    expect(delegations).toMatchObject({ state: 'open', measure: { active: 1, delegated: 0 } })
    expect(revocation?.measure).toMatchObject({ acknowledged: 0, points: 1, n: 0, max_ms: null })
    expect(revocation?.measure.frames).toBeGreaterThan(0)
  })

  test('knows a drill that was only talked through from one that stopped something', async () => {
    const agent = await server.agent(ann, ben)
    const scope = { kind: 'agent', id: agent.id }
    const { drill } = (await ann.api.post('/v1/drills', { mode: 'tabletop', scope })).json
    expect((await steps()).drill).toMatchObject({ state: 'partly', measure: { open: 1, drill: null } })
    await ann.api.post(`/v1/drills/${drill}/start`, { pull: null })
    await ben.api.post(`/v1/drills/${drill}/close`, {})
    const step = (await steps()).drill
    expect(step).toMatchObject({ state: 'partly', measure: { open: 0, tabletop_days_since: 0 } })
    expect(step?.next).toContain('--mode production')
  })

  test('finds packs and restore tests in the log', async () => {
    const size = await ann.api.logSize()
    const period = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }
    expect((await ann.api.post('/v1/packs', packOver(server, size, period))).status).toBe(200)
    expect((await steps()).pack).toMatchObject({ state: 'done', measure: { built: 1, days_since: 0 } })
    expect((await steps()).restore?.says).toBe('no restore was tested')
  })
})
