/** Logs in which rules on flow spoke, and what went out all the same. spec/flow.md (FLW-20). */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, ORIGIN, READ, type Chain } from '../../../test/fixtures/history.ts'
import { digestOf } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { ApprovalAct } from '../../core/approval.ts'
import type { FlowPolicy } from '../../core/flow-policy.ts'
import { BOTTOM, TOP, type DataLabel, type ToolLabel } from '../../core/label.ts'
import type { BasisRecord, FlowRecord } from '../../log/receipt-flow.ts'
import { approvalChallenge } from '../../token/approval.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const UNTRUSTED: DataLabel = { ...BOTTOM, integrity: 'untrusted' }
const OBJECTS: BasisRecord = {
  rule: 'destination',
  argument: '/to',
  provenance: 'prose',
  source: null,
  verdict: 'objects',
}
const flow = (basis: BasisRecord[], taint: DataLabel = UNTRUSTED): FlowRecord => ({ basis, taint })
const by = (endorsed_by: string): BasisRecord => ({ ...OBJECTS, verdict: { endorsed_by } })
const HASH = digestOf('definition')
/** Past what a point may go by the policy before. */
const LATER_MS = 901_000

class FlowLog {
  readonly log = new LogBuilder().company()
  readonly chain: Chain
  #n = 0

  constructor() {
    const { limits: _, ...grant } = READ
    this.chain = this.log.root('bot', { grants: [grant], ttl_s: 200_000 })
  }

  policy(policy: Omit<FlowPolicy, 'v'>): this {
    const id = this.log.id('flp', String(++this.#n))
    const proposer = { kind: 'person', id: this.log.id('per', ALICE) } as const
    const proposal = this.log.add('flow_policy.proposed', proposer, id, { policy: { v: 1, ...policy } })
    const approver = this.log.id('per', BOB)
    const act = { act: 'flow_policy.approve', policy: id, proposal, approver } as const
    this.log.add('flow_policy.approved', { kind: 'person', id: approver }, id, this.#approved(act))
    return this
  }

  label(label: ToolLabel): this {
    const id = this.log.id('lbl', String(++this.#n))
    const tool = this.log.id('tol', 'read')
    const proposer = { kind: 'person', id: this.log.id('per', ALICE) } as const
    const body = { server: 'files', tool: 'read', definition_hash: HASH, measures: {} }
    this.log.add('tool.registered', proposer, tool, { ...body, system: this.log.id('sys', 'files') })
    const labels = [{ tool, definition_hash: HASH, label }]
    const proposal = this.log.add('label.proposed', proposer, id, { labels })
    const approver = this.log.id('per', BOB)
    const act = { act: 'label.approve', labels: id, proposal, approver } as const
    this.log.add('label.approved', { kind: 'person', id: approver }, id, this.#approved(act))
    return this
  }

  #approved<T extends object>(act: T) {
    const gesture = this.log.gesture(BOB, 'approver', challengeOf(nodeCrypto, ACT_TAG, act as never))
    return { act, gesture, acted_alone: false }
  }

  /** @param told what the request says. @returns the index of the allow */
  approved(told: FlowRecord | undefined, allowed: (approval: string) => FlowRecord): number {
    const { log, chain } = this
    const action = log.id('act', `asked-${++this.#n}`)
    const approval = log.id('apr', String(this.#n))
    const expires = log.clock.now() + 60_000
    const grant = chain.grants[0]!.digest
    const named = {
      action,
      jti: chain.jti,
      grant,
      server: 'files',
      tool: 'read',
      args_commit: digestOf(action),
      expires,
    }
    log.decide(chain, { action, decision: 'step_up', reasons: ['FLOW_DESTINATION'], approval, debits: [] })
    const point = log.id('pnt', 'gate')
    const asked = { ...named, agent: chain.agent, iss: ORIGIN, definition_hash: null }
    log.add('approval.requested', { kind: 'point', id: point }, approval, {
      ...asked,
      ...(told === undefined ? {} : { flow: told }),
    })
    const act: ApprovalAct = { v: 1, approval, point, ...named, decision: 'approve' }
    const gesture = log.gesture(BOB, 'approver', approvalChallenge(nodeCrypto, act))
    const decided = { act, gesture, acted_alone: false }
    log.add('approval.decided', { kind: 'person', id: log.id('per', BOB) }, approval, decided)
    return log.decide(chain, { action, approval, flow: allowed(approval) }).index
  }

  allow(record?: FlowRecord, definition_hash: string | null = null): number {
    const more = record === undefined ? {} : { flow: record }
    const { index, action } = this.log.decide(this.chain, { definition_hash, ...more })
    this.log.outcome(action)
    return index
  }

  async faults(): Promise<unknown[]> {
    // Who held the domain is another check's.
    this.log.head('gate')
    const { report } = await verifyPack(nodeCrypto, await this.log.pack(), this.log.vkey)
    return report.faults.filter(({ code }) => code !== 'DOMAIN_TWICE').map(({ code, index }) => [code, index])
  }
}

describe('an allow against a rule', () => {
  test.each(['ask', 'deny'] as const)('that nobody agreed to is named, under the mode %s', async (mode) => {
    const log = new FlowLog().policy({ mode })
    const index = log.allow(flow([OBJECTS]))
    expect(await log.faults()).toEqual([['FLOW_UNENDORSED', index]])
  })

  test('is in order where rules only observe, and where nobody approved a policy', async () => {
    const log = new FlowLog()
    log.allow(flow([OBJECTS]))
    log.policy({ mode: 'observe' })
    log.allow(flow([OBJECTS]))
    expect(await log.faults()).toEqual([])
  })

  test('is in order as long as its point may not have heard of the policy', async () => {
    const log = new FlowLog().policy({ mode: 'observe' }).policy({ mode: 'ask' })
    log.allow(flow([OBJECTS]))
    log.log.clock.advance(LATER_MS)
    const index = log.allow(flow([OBJECTS]))
    expect(await log.faults()).toEqual([['FLOW_UNENDORSED', index]])
  })

  test('is in order by the approval of the call, whose request told of it', async () => {
    const log = new FlowLog().policy({ mode: 'ask' })
    log.approved(flow([OBJECTS]), (approval) => flow([by(approval)]))
    expect(await log.faults()).toEqual([])
  })

  test('is not by an approval whose request told of something else, or of nothing', async () => {
    const log = new FlowLog().policy({ mode: 'ask' })
    const other = log.approved(flow([{ ...OBJECTS, argument: '/cc' }]), (approval) => flow([by(approval)]))
    const nothing = log.approved(undefined, (approval) => flow([by(approval)]))
    expect(await log.faults()).toEqual([
      ['FLOW_UNENDORSED', other],
      ['FLOW_UNENDORSED', nothing],
    ])
  })

  test('is in order by a policy that is of this tool, and by no other name', async () => {
    const named = { name: 'partners', server: 'files', tool: 'read', argument: '/to', values: ['*'] }
    const log = new FlowLog().policy({
      mode: 'deny',
      policies: [named, { ...named, name: 'all', tool: 'write' }],
    })
    log.allow(flow([by('partners')]))
    const invented = log.allow(flow([by('friends')]))
    const another = log.allow(flow([by('all')]))
    log.allow(flow([{ ...by('partners'), argument: '/to/0' }]))
    log.allow(flow([{ ...by('partners'), argument: '/*' }]))
    const elsewhere = log.allow(flow([{ ...by('partners'), argument: '/cc' }]))
    const whole = log.allow(flow([{ ...by('partners'), rule: 'sink', argument: null, provenance: null }]))
    expect(await log.faults()).toEqual([
      ['FLOW_UNENDORSED', invented],
      ['FLOW_UNENDORSED', another],
      ['FLOW_UNENDORSED', elsewhere],
      ['FLOW_UNENDORSED', whole],
    ])
  })

  test('is in order by an approval whose request had no room for it, and is not where it had', async () => {
    const log = new FlowLog().policy({ mode: 'ask' })
    const full = { ...flow([{ ...OBJECTS, argument: '/cc' }]), left_out: 1 }
    log.approved(full, (approval) => flow([by(approval)]))
    const passing = { ...full, basis: [...full.basis, { ...OBJECTS, verdict: 'passes' as const }] }
    const index = log.approved(passing, (approval) => flow([by(approval)]))
    expect(await log.faults()).toEqual([['FLOW_UNENDORSED', index]])
  })
})

describe('an allow that says nothing of flow', () => {
  test('is named once its point has to know of the policy', async () => {
    const log = new FlowLog().policy({ mode: 'ask' })
    log.allow()
    log.log.clock.advance(LATER_MS)
    const index = log.allow()
    expect(await log.faults()).toEqual([['FLOW_MISSING', index]])
  })
})

describe('data above what the tool accepts', () => {
  const ACCEPTS: ToolLabel = {
    v: 1,
    result: BOTTOM,
    effect: 'external',
    accepts: 'internal',
    destination: [],
  }
  const SECRET: DataLabel = { level: 'confidential', integrity: 'trusted', categories: [] }

  test('is named where the receipt leaves that rule out', async () => {
    const log = new FlowLog().policy({ mode: 'deny' }).label(ACCEPTS)
    log.log.clock.advance(LATER_MS)
    log.allow(flow([], { ...SECRET, level: 'internal' }), HASH)
    const index = log.allow(flow([], SECRET), HASH)
    const left = log.allow({ ...flow([], SECRET), left_out: 3 }, HASH)
    const unlabelled = log.allow(flow([], TOP))
    expect(await log.faults()).toEqual([
      ['FLOW_UNENDORSED', index],
      ['FLOW_UNENDORSED', left],
      ['FLOW_UNENDORSED', unlabelled],
    ])
  })

  test('is nothing to a tool that only reads', async () => {
    const log = new FlowLog().policy({ mode: 'deny' }).label({ ...ACCEPTS, effect: 'none' })
    log.log.clock.advance(LATER_MS)
    log.allow(flow([], SECRET), HASH)
    expect(await log.faults()).toEqual([])
  })
})
