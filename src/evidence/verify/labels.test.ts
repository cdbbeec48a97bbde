/** Logs whose labels or flow policies were put in force wrongly. spec/labels.md (LBL-8), spec/flow.md (FLW-10), spec/pack.md. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY } from '../../core/drift-policy.ts'
import type { ToolLabel } from '../../core/label.ts'
import type { OutputPolicy } from '../../core/output.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const LABEL: ToolLabel = {
  v: 1,
  result: { level: 'internal', integrity: 'trusted', categories: [] },
  effect: 'none',
  accepts: 'public',
  destination: [],
}
const OUTPUTS: OutputPolicy = {
  v: 1,
  separation: 'after',
  kinds: [
    { kind: 'letter', tools: [], minimum: 'directed', release: 'cover', reviewers: [], owner: 'per_a' },
  ],
}
const KINDS = ['label', 'flow_policy', 'output_policy', 'drift_policy'] as const
type Kind = (typeof KINDS)[number]

function propose(log: LogBuilder, kind: Kind, name: string, by = ALICE): number {
  const actor = { kind: 'person', id: log.id('per', by) } as const
  if (kind === 'flow_policy')
    return log.add('flow_policy.proposed', actor, log.id('flp', name), { policy: { v: 1, mode: 'ask' } })
  if (kind === 'output_policy')
    return log.add('output_policy.proposed', actor, log.id('opl', name), { policy: OUTPUTS })
  if (kind === 'drift_policy')
    return log.add('drift_policy.proposed', actor, log.id('drp', name), { policy: DRIFT_POLICY })
  const labels = [{ tool: log.id('tol', 'read'), definition_hash: 'A'.repeat(43), label: LABEL }]
  return log.add('label.proposed', actor, log.id('lbl', name), { labels })
}

interface Bent {
  readonly by?: string
  /** Whose gesture it is. */
  readonly signed?: string
  readonly alone?: boolean
  /** What the entry is about. */
  readonly about?: string
}

function approve(log: LogBuilder, kind: Kind, name: string, proposal: number, o: Bent = {}): number {
  const { by = BOB, signed = by, alone = false, about = name } = o
  const approver = log.id('per', by)
  const actor = { kind: 'person', id: approver } as const
  const made = <T extends object>(act: T) => ({
    act,
    gesture: log.gesture(signed, 'approver', challengeOf(nodeCrypto, ACT_TAG, act as never)),
    acted_alone: alone,
  })
  if (kind === 'flow_policy') {
    const act = { act: 'flow_policy.approve', policy: log.id('flp', name), proposal, approver } as const
    return log.add('flow_policy.approved', actor, log.id('flp', about), made(act))
  }
  if (kind === 'output_policy') {
    const act = { act: 'output_policy.approve', policy: log.id('opl', name), proposal, approver } as const
    return log.add('output_policy.approved', actor, log.id('opl', about), made(act))
  }
  if (kind === 'drift_policy') {
    const act = { act: 'drift_policy.approve', policy: log.id('drp', name), proposal, approver } as const
    return log.add('drift_policy.approved', actor, log.id('drp', about), made(act))
  }
  const act = { act: 'label.approve', labels: log.id('lbl', name), proposal, approver } as const
  return log.add('label.approved', actor, log.id('lbl', about), made(act))
}

async function reportOf(log: LogBuilder) {
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report
}

async function faultsOf(log: LogBuilder): Promise<[string, number | undefined][]> {
  return (await reportOf(log)).faults.map(({ code, index }) => [code, index])
}

describe.each(KINDS)('%s', (kind) => {
  test('approved by another person holds, and the check is told', async () => {
    const log = new LogBuilder().company()
    approve(log, kind, 'first', propose(log, kind, 'first'))
    const { ok, checks } = await reportOf(log)
    expect(ok).toBe(true)
    expect(checks).toContainEqual({
      name: 'labels and policies were approved by a registered gesture of someone else',
      ok: true,
      count: 1,
    })
  })

  test.each<[string, Bent]>([
    ['by its proposer', { by: ALICE, alone: true }],
    ['by its proposer, who says to be another', { by: ALICE }],
    ['by another, said to be its proposer', { alone: true }],
    ['by the gesture of somebody else', { signed: ALICE }],
    ['in an entry about another', { about: 'second' }],
  ])('approved %s does not hold', async (_, bent) => {
    const log = new LogBuilder().company()
    const proposal = propose(log, kind, 'first')
    propose(log, kind, 'second')
    const index = approve(log, kind, 'first', proposal, bent)
    expect(await faultsOf(log)).toEqual([['APPROVAL_INVALID', index]])
  })

  test('is approved as it was proposed: over that entry, and one that stands before', async () => {
    const log = new LogBuilder().company()
    const [, second] = [propose(log, kind, 'first'), propose(log, kind, 'second')]
    const index = approve(log, kind, 'first', second)
    const unknown = approve(log, kind, 'nothing', second)
    expect(await faultsOf(log)).toEqual([
      ['APPROVAL_INVALID', index],
      ['APPROVAL_INVALID', unknown],
    ])
  })

  test('may be approved by its proposer under separation after', async () => {
    const log = new LogBuilder().company('after')
    approve(log, kind, 'first', propose(log, kind, 'first'), { by: ALICE, alone: true })
    const { faults, notes } = await reportOf(log)
    expect(faults).toEqual([])
    expect(notes).toContainEqual(expect.stringContaining('was by its proposer (separation: after)'))
  })

  test('is given its identifier once', async () => {
    const log = new LogBuilder().company()
    propose(log, kind, 'first')
    const index = propose(log, kind, 'first')
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', index]])
  })
})
