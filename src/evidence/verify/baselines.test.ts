/** Logs whose baselines were approved wrongly. spec/drift.md (DRF-9), spec/pack.md. */
import { expect, test } from 'vitest'
import { ALICE, BOB, hashOf, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const SYSTEM = { kind: 'system', id: 'control-plane' } as const

/** The agent of the company is Alice's. */
function propose(log: LogBuilder, name: string, agent: string): number {
  return log.add('baseline.proposed', SYSTEM, log.id('bsl', name), {
    agent,
    epoch: hashOf(`epoch ${name}`),
    document: hashOf(name),
    bytes: 900,
    sessions: 40,
    first: 1,
    last: 2,
  })
}

interface Bent {
  readonly by?: string
  readonly signed?: string
  readonly alone?: boolean
  readonly about?: string
  readonly document?: string
}

function approve(log: LogBuilder, name: string, proposal: number, o: Bent = {}): number {
  const { by = BOB, signed = by, alone = false, about = name, document = hashOf(name) } = o
  const approver = log.id('per', by)
  const act = {
    act: 'baseline.approve',
    baseline: log.id('bsl', name),
    document,
    proposal,
    approver,
  } as const
  const gesture = log.gesture(signed, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  const actor = { kind: 'person', id: approver } as const
  return log.add('baseline.approved', actor, log.id('bsl', about), { act, gesture, acted_alone: alone })
}

async function reportOf(log: LogBuilder) {
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report
}

function logWithAgent(separation?: 'after'): { log: LogBuilder; agent: string } {
  const log = new LogBuilder().company(separation)
  const agent = log.id('agt', 'bot')
  return { log, agent }
}

test('a baseline that somebody else approved holds, and the check is told', async () => {
  const { log, agent } = logWithAgent()
  approve(log, 'first', propose(log, 'first', agent))
  const { ok, checks } = await reportOf(log)
  expect(ok).toBe(true)
  expect(checks).toContainEqual({
    name: 'baselines were approved by a registered gesture of someone else',
    ok: true,
    count: 1,
  })
})

test.each<[string, Bent]>([
  ['by who owns the agent', { by: ALICE, alone: true }],
  ['by who owns the agent, said to be another', { by: ALICE }],
  ['by another, said to own it', { alone: true }],
  ['by the gesture of somebody else', { signed: ALICE }],
  ['in an entry about another', { about: 'second' }],
  ['over another document', { document: hashOf('second') }],
])('a baseline that was approved %s does not hold', async (_, bent) => {
  const { log, agent } = logWithAgent()
  const proposal = propose(log, 'first', agent)
  propose(log, 'second', agent)
  const index = approve(log, 'first', proposal, bent)
  const { faults } = await reportOf(log)
  expect(faults.map(({ code, index: at }) => [code, at])).toEqual([['APPROVAL_INVALID', index]])
})

test('a baseline is approved as it was proposed, and given its identifier once', async () => {
  const { log, agent } = logWithAgent()
  const [, second] = [propose(log, 'first', agent), propose(log, 'second', agent)]
  const index = approve(log, 'first', second)
  const again = propose(log, 'first', agent)
  const { faults } = await reportOf(log)
  expect(faults.map(({ code, index: at }) => [code, at])).toEqual([
    ['APPROVAL_INVALID', index],
    ['IDENTIFIER_REUSED', again],
  ])
})
