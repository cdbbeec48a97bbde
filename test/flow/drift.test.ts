/** An agent that is learned, approved, taken over and noticed: the real commands, one process each. spec/drift.md. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Caller } from '../../apps/server/harness.ts'
import { saveProfile } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY } from '../../src/core/drift-policy.ts'
import { canonicalize } from '../../src/core/json.ts'
import type { DecisionReceipt } from '../../src/log/receipt.ts'
import { segmentsOf } from '../../src/token/segment.ts'
import { runCli, until } from '../fixtures/processes.ts'
import { Spool } from '../fixtures/spool.ts'
import { SERVER, Stage } from '../fixtures/stage.ts'

/** A session a decision: none has to wait for time to pass. */
const POLICY = { ...DRIFT_POLICY, actions_max: 1, train_sessions: 10, calibrate_sessions: 60 }

let stage: Stage
let spool: Spool
let said: Partial<DecisionReceipt>
const inFolder = (name: string): string => join(stage.folder, name)

async function cli(profile: string, ...args: string[]): Promise<{ code: number | null; out: unknown }> {
  const { code, stdout } = await runCli(['--json', '--profile', profile, ...args])
  return { code, out: JSON.parse(stdout) }
}
const manager = (...args: string[]) => cli(stage.profileDir, ...args)
const lead = (...args: string[]) => cli(inFolder('lead'), ...args)

beforeAll(async () => {
  stage = await Stage.set()
  await saveProfile(inFolder('lead'), stage.leadFile)
  const api = new Caller(() => stage.control.url)
  const body = { name: 'by hand', jwk: { ...api.jwk }, placement: 'gateway', servers: [SERVER] }
  const { point } = z.object({ point: z.string() }).parse(await stage.manager.client.post('/v1/points', body))
  spool = new Spool({ id: point, api })
  await spool.open()
  const { chain } = await stage.delegate({ id: point } as Parameters<Stage['delegate']>[0])
  const root = segmentsOf(nodeCrypto, chain)[0]?.id ?? ''
  said = { agent: stage.agent.id, chain: root, server: SERVER, tool: 'echo', decision: 'allow', reasons: [] }
}, 120_000)
afterAll(() => stage.remove())

async function ship(n: number, more: Partial<DecisionReceipt> = {}): Promise<void> {
  const receipts = Array.from({ length: n }, () => spool.decide({ ...said, ...more }))
  expect((await spool.ship(receipts)).status).toBe(200)
}

test('a drift policy is put in force by the person who did not propose it', async () => {
  await writeFile(inFolder('none.json'), '{"v":1}')
  expect(await manager('drift', 'policy', 'propose', inFolder('none.json'))).toMatchObject({
    out: { error: { code: 'ARGUMENT_INVALID' } },
  })
  await writeFile(inFolder('policy.json'), canonicalize(POLICY))
  const { policy } = (await manager('drift', 'policy', 'propose', inFolder('policy.json'))).out as {
    policy: string
  }
  expect((await lead('drift', 'policy', 'pending')).out).toMatchObject([{ id: policy }])
  expect((await lead('drift', 'policy', 'approve', policy)).code).toBe(0)
  expect((await lead('drift', 'policy', 'show')).out).toEqual(POLICY)
  const { stdout } = await runCli(['--profile', inFolder('lead'), 'drift', 'policy', 'show'])
  expect(stdout).toContain('at most once in 100 sessions to watch, 300 to step_up, 1000 to isolate')
})

test('a baseline is looked at and approved by somebody who does not own the agent', async () => {
  await ship(POLICY.train_sessions)
  const listed = await until('a baseline', async () => {
    const { out } = await lead('baseline', 'list')
    return Array.isArray(out) && out.length > 0 ? (out as { id: string }[]) : null
  })
  const id = listed[0]?.id ?? ''
  const { stdout } = await runCli(['--profile', inFolder('lead'), 'baseline', 'show', id])
  expect(stdout).toContain('10  echo/echo ? ? allow')
  expect((await manager('baseline', 'approve', id)).out).toMatchObject({ error: { code: 'SAME_PERSON' } })
  expect((await lead('baseline', 'approve', id)).out).toEqual({ baseline: id, status: 'approved' })
  expect((await lead('baseline', 'show', 'bsl_none')).out).toMatchObject({
    error: { code: 'UNKNOWN_BASELINE' },
  })
})

test('an agent that does what it never did is at isolate, and the log comes to the same bit by bit', async () => {
  await ship(70)
  await ship(5, { tool: 'die', decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
  const standing = await until('an alarm', async () => {
    const { out } = await lead('drift', 'show', stage.agent.id)
    return (out as { level: string }).level === 'isolate' ? out : null
  })
  expect(standing).toMatchObject({ alarm: { entry: expect.any(Number) }, epochs: [{ warm: 1 }] })
  const replayed = await until('the scores in the published log', async () => {
    const { code, out } = await lead('baseline', 'replay')
    expect(code).toBe(0)
    return (out as { scores: number }).scores === 75 ? out : null
  })
  expect(replayed).toMatchObject({ ok: true, epochs: 1, baselines: 1, waiting: 0, faults: [] })
})

test('the commands say in words what they found', async () => {
  const profile = ['--profile', inFolder('lead')]
  expect((await runCli([...profile, 'baseline', 'replay'])).stdout).toMatch(/come out the same/)
  expect((await runCli([...profile, 'drift', 'show', stage.agent.id])).stdout).toMatch(
    /level isolate, last alarm/,
  )
  expect((await runCli([...profile, 'drift', 'show', 'agt_none'])).stdout).toMatch(/was not seen yet/)
})
