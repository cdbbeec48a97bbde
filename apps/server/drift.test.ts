/** Baselines and drift over the API of a server that observes its own log. spec/drift.md (DRF-9, DRF-26, DRF-27). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../test/fixtures/processes.ts'
import { Spool } from '../../test/fixtures/spool.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY } from '../../src/core/drift-policy.ts'
import type { DecisionReceipt } from '../../src/log/receipt.ts'
import { segmentsOf } from '../../src/token/segment.ts'
import { TestServer, type Operator } from './harness.ts'

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

async function approve(by: Operator, path: string) {
  const asked = await by.api.get(`${path}/approval`)
  if (asked.status !== 200) return asked
  return by.api.post(`${path}/approve`, by.authenticator.assert(asked.json.challenge))
}

describe('a server that observes', () => {
  // A session a decision: none has to wait for time to pass.
  const policy = { ...DRIFT_POLICY, actions_max: 1, train_sessions: 10, calibrate_sessions: 60 }
  const server = new TestServer()
  let ann: Operator
  let ben: Operator
  let agent = ''
  let spool: Spool
  let said: Partial<DecisionReceipt>

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben')
    const bot = await server.agent(ann, ben)
    agent = bot.id
    const point = await server.point(ann)
    const { chain } = await server.delegate(ann, bot, point.id)
    spool = new Spool(point)
    await spool.open()
    said = { agent, chain: segmentsOf(nodeCrypto, chain)[0]?.id ?? '', decision: 'allow', reasons: [] }
  })
  afterAll(() => server.remove())

  const ship = async (n: number, more: Partial<DecisionReceipt> = {}): Promise<void> => {
    const receipts = Array.from({ length: n }, () => spool.decide({ ...said, ...more }))
    expect((await spool.ship(receipts)).status).toBe(200)
  }
  const standing = async () => (await ann.api.get(`/v1/agents/${agent}/drift`)).json

  test('goes by the packaged policy until a second person approved another', async () => {
    expect((await ann.api.get('/v1/drift-policies')).json).toEqual({ policies: [], in_force: DRIFT_POLICY })
    const { policy: id } = (await ann.api.post('/v1/drift-policies', policy)).json
    expect(code(await approve(ann, `/v1/drift-policies/${id}`))).toBe('SAME_PERSON')
    expect((await approve(ben, `/v1/drift-policies/${id}`)).json).toEqual({ acted_alone: false })
    expect(code(await approve(ben, `/v1/drift-policies/${id}`))).toBe('STATE_CONFLICT')
    expect((await ann.api.get('/v1/drift-policies')).json).toMatchObject({
      policies: [{ id, status: 'active', proposer: ann.id }],
      in_force: policy,
    })
    expect(code(await approve(ben, '/v1/drift-policies/drp_none'))).toBe('UNKNOWN_DRIFT_POLICY')
  })

  test.each([
    { thresholds: { watch: 400, step_up: 300, isolate: 1000 } },
    { train_sessions: 1 },
    { calibrate_sessions: 5 },
    { actions_max: 10_000 },
    { unwarmed: 'isolate' },
    { made_up: 1 },
  ])('refuses a policy that does not fit: %j', async (parts) => {
    expect(code(await ann.api.post('/v1/drift-policies', { ...policy, ...parts }))).toBe('REQUEST_INVALID')
  })

  test('proposes a baseline, which is not approved by who owns the agent', async () => {
    expect(await standing()).toEqual({ level: 'none', alarm: null, epochs: [] })
    await ship(policy.train_sessions)
    const [baseline] = await until('a baseline', async () => {
      const { baselines } = (await ann.api.get('/v1/baselines')).json
      return baselines.length > 0 ? baselines : null
    })
    expect(baseline).toMatchObject({ agent, status: 'waiting', sessions: 10 })
    const shown = (await ann.api.get(`/v1/baselines/${baseline.id}`)).json
    expect(JSON.parse(shown.document)).toMatchObject({
      sessions: 10,
      symbols: [['files/read ? ? allow', 10]],
    })
    expect(code(await approve(ann, `/v1/baselines/${baseline.id}`))).toBe('SAME_PERSON')
    expect((await approve(ben, `/v1/baselines/${baseline.id}`)).json).toEqual({ acted_alone: false })
    expect(code(await approve(ben, `/v1/baselines/${baseline.id}`))).toBe('STATE_CONFLICT')
    expect(code(await ann.api.get('/v1/baselines/bsl_none'))).toBe('UNKNOWN_BASELINE')
  })

  test('says where an agent stands, and which entry alarmed', async () => {
    await ship(70)
    await until('a warm epoch', async () => ((await standing()).epochs[0]?.warm === 1 ? true : null))
    expect(await standing()).toMatchObject({ level: 'none', alarm: null })
    await ship(5, { tool: 'delete', decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
    const { level, alarm } = await until('an alarm', async () => {
      const found = await standing()
      return found.alarm === null ? null : found
    })
    expect(level).toBe('isolate')
    expect(alarm.entry).toBeGreaterThan(0)
  })
})
