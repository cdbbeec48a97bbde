/** Logs in which calls waited for people, honestly and otherwise. spec/approvals.md (APR-17), spec/pack.md. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, ORIGIN, READ, type Chain } from '../../../test/fixtures/history.ts'
import { digestOf } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { ApprovalAct } from '../../core/approval.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import { approvalChallenge } from '../../token/approval.ts'
import { actionStory } from './action.ts'
import { verifyPack } from './verify.ts'

const CAROL = 'carol'

/** A company in which the delegation of Alice asks. */
class AskingLog {
  readonly log: LogBuilder
  readonly chain: Chain
  #n = 0

  constructor(separation: 'independent' | 'after' = 'independent') {
    this.log = new LogBuilder().company(separation)
    this.log.person(CAROL)
    this.chain = this.log.root('bot', { grants: [{ ...READ, ask: true as const }] })
  }

  /** Held and asked about. @returns what somebody would sign */
  ask(edit: Partial<ApprovalAct> = {}): ApprovalAct {
    const { log, chain } = this
    const action = log.id('act', `asked-${++this.#n}`)
    const approval = log.id('apr', String(this.#n))
    const grant = chain.grants[0]!.digest
    const expires = log.clock.now() + 60_000
    const call = {
      action,
      jti: chain.jti,
      grant,
      server: 'files',
      tool: 'read',
      args_commit: digestOf(action),
      expires,
    }
    log.decide(chain, { action, decision: 'step_up', reasons: ['APPROVAL_NEEDED'], approval, debits: [] })
    const point = log.id('pnt', 'gate')
    const body = { ...call, agent: chain.agent, iss: ORIGIN, definition_hash: null }
    log.add('approval.requested', { kind: 'point', id: point }, approval, body)
    return { v: 1, approval, point, ...call, decision: 'approve', ...edit }
  }

  decided(act: ApprovalAct, o: { by?: string; signed?: ApprovalAct; acted_alone?: boolean } = {}): void {
    const { log } = this
    const by = o.by ?? BOB
    const gesture = log.gesture(by, 'approver', approvalChallenge(nodeCrypto, o.signed ?? act))
    const body = { act, gesture, acted_alone: o.acted_alone ?? false }
    log.add('approval.decided', { kind: 'person', id: log.id('per', by) }, act.approval, body)
  }

  allow(act: ApprovalAct, edit: Partial<DecisionReceipt> = {}): string {
    const { action } = this.log.decide(this.chain, { action: act.action, approval: act.approval, ...edit })
    this.log.outcome(action)
    return action
  }

  async codes(): Promise<string[]> {
    this.log.head()
    const { report } = await verifyPack(nodeCrypto, await this.log.pack(), this.log.vkey)
    return report.faults.map(({ code }) => code)
  }
}

test('calls that were approved, refused and left alone hold', async () => {
  const used = new AskingLog()
  const approved = used.ask()
  used.decided(approved)
  used.allow(approved)
  const refused = used.ask({ decision: 'refuse' })
  used.decided(refused)
  used.log.decide(used.chain, {
    action: refused.action,
    decision: 'deny',
    reasons: ['APPROVAL_REFUSED'],
    approval: refused.approval,
  })
  used.ask()
  expect(await used.codes()).toEqual([])
  const { report } = await verifyPack(nodeCrypto, await used.log.pack(), used.log.vkey)
  expect(report).toMatchObject({ allowed: 1, asked: 3, denied: { APPROVAL_REFUSED: 1 } })
  expect(report.denied).not.toHaveProperty('APPROVAL_NEEDED')
})

test('the story of a call says who let it go out, and proves it', async () => {
  const used = new AskingLog()
  const act = used.ask()
  used.decided(act)
  const action = used.allow(act)
  used.log.head()
  const pack = await verifyPack(nodeCrypto, await used.log.pack(), used.log.vkey)
  const story = await actionStory(nodeCrypto, pack, action)
  expect(story?.decided_by).toMatchObject([
    {
      approval: act.approval,
      decision: 'approve',
      person: used.log.id('per', BOB),
      by: ['swk'],
      endorsed_by: used.log.id('per', ALICE),
      acted_alone: false,
    },
  ])
  const index = Number(story?.decided_by[0]?.index)
  expect(story?.evidence.map((each) => each.index)).toContain(index)
})

test('who delegated may approve under the separation `after`, and the entry says so', async () => {
  const used = new AskingLog('after')
  const act = used.ask()
  used.decided(act, { by: ALICE, acted_alone: true })
  used.allow(act)
  expect(await used.codes()).toEqual([])
})

describe('what does not hold is named', () => {
  test.each<[string, string[], (used: AskingLog) => void]>([
    [
      'an allow that nobody approved',
      ['APPROVAL_MISSING'],
      (used) => void used.log.outcome(used.log.decide(used.chain).action),
    ],
    ['an allow without a decision', ['APPROVAL_UNPROVEN'], (used) => void used.allow(used.ask())],
    [
      'an allow of what was refused',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask({ decision: 'refuse' })
        used.decided(act)
        used.allow(act)
      },
    ],
    [
      'an allow of other arguments than were approved',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.decided(act)
        used.allow(act, { args_commit: digestOf('other arguments') })
      },
    ],
    [
      'an approval that is used for a second call',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.decided(act)
        used.allow(act)
        used.allow({ ...act, action: used.log.id('act', 'another') })
      },
    ],
    [
      'an allow after it expired',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.decided(act)
        used.log.clock.advance(180_000)
        used.allow(act)
      },
    ],
    [
      'a gesture over another decision, and the allow by it',
      ['APPROVAL_UNPROVEN', 'APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.decided(act, { signed: { ...act, decision: 'refuse' } })
        used.allow(act)
      },
    ],
    [
      'an approval by who delegated',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.decided(act, { by: ALICE })
        used.allow(act)
      },
    ],
    [
      'an approval by somebody who had left, used or not',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.log.revoke('person', used.log.people.get(CAROL)!.rev)
        used.decided(act, { by: CAROL })
      },
    ],
    [
      'a decision on what nobody asked',
      ['APPROVAL_UNPROVEN'],
      (used) => used.decided({ ...used.ask(), approval: used.log.id('apr', 'none') }),
    ],
    [
      'a second decision on one call',
      ['APPROVAL_UNPROVEN'],
      (used) => {
        const act = used.ask()
        used.decided(act)
        used.decided({ ...act, decision: 'refuse' })
      },
    ],
  ])('%s', async (_, codes, write) => {
    const used = new AskingLog()
    write(used)
    expect(await used.codes()).toEqual(codes)
  })
})
