import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generousPlane } from '../../test/fixtures/leases.ts'
import { MemorySpool } from '../../test/fixtures/memory-spool.ts'
import { AUD, FILES, ISS, REV, RP, SettableClock, World, digestOf } from '../../test/fixtures/tokens.ts'
import type { Approval, ApprovalAct, Approver } from '../core/approval.ts'
import { base64url } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import { NO_KILLS, type RevocationView } from '../decide/decide.ts'
import type { DecisionReceipt } from '../log/receipt.ts'
import type { ApprovalRequest } from '../ports/control-plane.ts'
import { approvalChallenge, signApprover } from '../token/approval.ts'
import { argsCommit } from '../token/proof.ts'
import { fromBase64url } from '../core/encoding.ts'
import { ApprovalDesk, HELD_PER_AGENT_MAX } from './approvals.ts'
import { Authenticator } from './authenticate.ts'
import { LeasedLedger } from './ledger.ts'
import { EnforcementPoint } from './point.ts'
import { Recorder } from './recorder.ts'
import { readSpoolLine } from './spool-line.ts'
import type { CallHooks, CallOutcome, CallRequest, HeldNotice } from './types.ts'

const w = new World()
const plane = w.signer('frames')
const lead = w.authenticator('lead')
const LEAD = 'rev_00000000000000000000000002'
const ASKING = { ...FILES, ask: true as const }

let clock: SettableClock
let spool: MemorySpool
let revoked: Set<string>
let acted: string[]
let faults: unknown[]
let control: Plane
let point: EnforcementPoint

/** A control plane of one table. `answer` makes what it hands out, honest unless a test says otherwise. */
class Plane {
  readonly requests: ApprovalRequest[] = []
  answer: ((request: ApprovalRequest) => Approval | null) | null = null
  #news = Promise.withResolvers<void>()

  requestApproval(request: ApprovalRequest): Promise<{ url: string }> {
    if (!this.requests.some(({ approval }) => approval === request.approval)) this.requests.push(request)
    return Promise.resolve({ url: `https://issuer.example/a#${request.approval}` })
  }

  async awaitApproval(id: string, signal: AbortSignal): Promise<{ approval: Approval | null }> {
    const request = this.requests.find(({ approval }) => approval === id)!
    if (this.answer === null) {
      signal.addEventListener('abort', () => this.#news.resolve())
      await this.#news.promise
    }
    return { approval: this.answer?.(request) ?? null }
  }

  answers(answer: Plane['answer']): void {
    this.answer = answer
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }
}

function actOf(request: ApprovalRequest, edit: Partial<ApprovalAct> = {}): ApprovalAct {
  const { approval, action, jti, grant, server, tool, args_commit, expires } = request
  const call = { approval, action, jti, grant, server, tool, args_commit, expires }
  return { v: 1, point: AUD, ...call, decision: 'approve', ...edit }
}

function approvalOf(
  act: ApprovalAct,
  edit: { gesture?: Partial<Gesture>; approver?: Partial<Approver>; signed?: ApprovalAct } = {},
): Approval {
  const challenge = approvalChallenge(w.crypto, edit.signed ?? act)
  const gesture = w.gesture(
    challenge,
    { rev: LEAD, role: 'approver', registration: 9, ...edit.gesture },
    lead,
  )
  const { rev, jwk, registration } = gesture
  const approver = { v: 1 as const, iss: ISS, rev, jwk, registration, t: clock.now(), ...edit.approver }
  return { act, gesture, approver: signApprover(plane, approver) }
}

async function makePoint(ttl_ms = 20_000, alone = false): Promise<EnforcementPoint> {
  const openEpoch = () => Promise.resolve(1)
  const recorder = await Recorder.open({ crypto: w.crypto, clock, spool, point: AUD, control: { openEpoch } })
  const position = () => recorder.begun
  const view: RevocationView = {
    isRevoked: ({ handle }) => revoked.has(handle),
    freshness: () => ({ epoch: 1, head: 0, t: clock.now(), age_ms: 0 }),
  }
  const onFault = (error: unknown): void => void faults.push(error)
  return new EnforcementPoint({
    id: AUD,
    crypto: w.crypto,
    clock,
    placement: 'gateway',
    bound_ms: 2000,
    revocations: () => view,
    kills: NO_KILLS,
    systems: () => [],
    recorder,
    ledger: new LeasedLedger({ control: generousPlane(clock), clock, position, onReturn: () => undefined }),
    authenticator: new Authenticator({
      crypto: w.crypto,
      clock,
      trust: () => w.trust(),
      audience: AUD,
      hosted: w.root({ grants: [ASKING] }),
    }),
    approvals: new ApprovalDesk({
      crypto: w.crypto,
      clock,
      point: AUD,
      control,
      trust: () => ({ iss: ISS, rp: RP, frameKey: plane.publicJwk, alone }),
      isRevoked: ({ handle }) => revoked.has(handle),
      onFault,
      ttl_ms,
    }),
    registration: () => null,
    onRecorded: () => undefined,
    onFault,
    onClose: () => spool.close(),
  })
}

function call(edit: Partial<CallRequest> = {}, hooks: CallHooks = {}): Promise<CallOutcome<string>> {
  const request: CallRequest = {
    server: 'files',
    tool: 'read',
    args: { path: '/data/a' },
    credential: { kind: 'hosted' },
    definition_hash: digestOf('read'),
    ...edit,
  }
  return point.call(
    request,
    (action) => {
      acted.push(action)
      return Promise.resolve({ result: 'done', failed: false })
    },
    hooks,
  )
}

/** Resolves when the control plane was asked for the nth time. */
function heldCall(edit: Partial<CallRequest> = {}, hooks: CallHooks = {}) {
  const notice = Promise.withResolvers<HeldNotice>()
  const outcome = call(edit, { ...hooks, onHeld: notice.resolve })
  return { outcome, held: notice.promise }
}

const decisions = (): DecisionReceipt[] =>
  spool.records.map(({ text }) => readSpoolLine(text).receipt).filter((one) => one.kind === 'decision')

beforeEach(async () => {
  clock = new SettableClock()
  spool = new MemorySpool()
  revoked = new Set()
  acted = []
  faults = []
  control = new Plane()
  point = await makePoint()
})
afterEach(() => point.close())

describe('a call under a grant that asks', () => {
  test('is recorded, held, shown as it is, and goes out once somebody else approved it', async () => {
    const { outcome, held } = heldCall()
    const { approval, url, expires_at } = await held
    expect(acted).toEqual([])
    expect(url).toBe(`https://issuer.example/a#${approval}`)
    expect(expires_at).toBe(clock.now() / 1000 + 20)
    const [request] = control.requests
    expect(request).toMatchObject({
      approval,
      server: 'files',
      tool: 'read',
      args: { path: '/data/a' },
      iss: ISS,
    })
    const commit = argsCommit(w.crypto, fromBase64url(request!.salt), request!.args)
    expect(request!.args_commit).toBe(commit)

    control.answers((asked) => approvalOf(actOf(asked)))
    const { decision, action } = await outcome
    expect({ decision, acted }).toEqual({ decision: 'allow', acted: [action] })
    expect(decisions()).toMatchObject([
      {
        action,
        decision: 'step_up',
        reasons: ['APPROVAL_NEEDED'],
        approval,
        debits: [],
        args_commit: commit,
      },
      { action, decision: 'allow', reasons: [], approval, args_commit: commit, debits: [{ amount: 1 }] },
    ])
    expect(faults).toEqual([])
  })

  test('is denied when they refuse', async () => {
    control.answers((asked) => approvalOf(actOf(asked, { decision: 'refuse' })))
    expect(await call()).toMatchObject({ decision: 'deny', reasons: ['APPROVAL_REFUSED'] })
    expect(acted).toEqual([])
    expect(decisions()[1]).toMatchObject({ decision: 'deny', approval: control.requests[0]!.approval })
  })

  test('is denied in the turn in which its delegation is revoked, whoever approves then', async () => {
    const { outcome, held } = heldCall()
    await held
    revoked.add('dlg_00000000000000000000000001')
    point.revocationsChanged()
    control.answers((asked) => approvalOf(actOf(asked)))
    expect(await outcome).toMatchObject({ decision: 'deny', reasons: ['REVOKED'] })
    expect(acted).toEqual([])
  })

  test('is decided again from the start: what ended meanwhile has ended', async () => {
    const { outcome, held } = heldCall()
    await held
    revoked.add('dlg_00000000000000000000000001') // and nobody told the point to look
    control.answers((asked) => approvalOf(actOf(asked)))
    expect(await outcome).toMatchObject({ decision: 'deny', reasons: ['REVOKED'] })
  })

  test('is denied when the tool is defined otherwise by then', async () => {
    const { outcome, held } = heldCall({}, { definitionHash: () => digestOf('read, and delete') })
    await held
    control.answers((asked) => approvalOf(actOf(asked)))
    expect(await outcome).toMatchObject({ decision: 'deny', reasons: ['TOOL_CHANGED'] })
  })

  test('of an agent is denied when as many of its calls wait already, and when nobody can be shown it', async () => {
    const waiting = Array.from({ length: HELD_PER_AGENT_MAX }, () => heldCall())
    await Promise.all(waiting.map(({ held }) => held))
    expect(await call()).toMatchObject({ reasons: ['APPROVAL_LIMIT'] })
    control.answers((asked) => approvalOf(actOf(asked, { decision: 'refuse' })))
    await Promise.all(waiting.map(({ outcome }) => outcome))
    const args = { path: '/data/a', text: 'x'.repeat(70_000) }
    expect(await call({ args })).toMatchObject({ reasons: ['APPROVAL_LIMIT'] })
    expect(control.requests).toHaveLength(HELD_PER_AGENT_MAX)
  })

  test('asks nobody when it cannot be recorded', async () => {
    spool.fault = 'lost'
    expect(await call()).toMatchObject({ decision: 'deny', reasons: ['NOT_RECORDED'] })
    expect(control.requests).toEqual([])
    spool.fault = null
  })

  test('ends with the point: denied, and recorded', async () => {
    const { outcome, held } = heldCall()
    await held
    await point.close()
    expect(await outcome).toMatchObject({ decision: 'deny', reasons: ['APPROVAL_TIMED_OUT'] })
    expect(decisions().map(({ decision }) => decision)).toEqual(['step_up', 'deny'])
  })
})

describe('an approval does not hold', () => {
  const thief = w.signer('thief')
  test.each<[string, (request: ApprovalRequest) => Approval]>([
    ['over other arguments', (r) => approvalOf(actOf(r, { args_commit: digestOf('other') }))],
    ['over another tool', (r) => approvalOf(actOf(r, { tool: 'write' }))],
    ['over another action', (r) => approvalOf(actOf(r, { action: 'act_of_before' }))],
    ['over another approval', (r) => approvalOf(actOf(r, { approval: 'apr_of_before' }))],
    ['at another point', (r) => approvalOf(actOf(r, { point: 'pnt_other' }))],
    ['that lasts longer', (r) => approvalOf(actOf(r, { expires: r.expires + 1 }))],
    ['when a refusal was signed', (r) => approvalOf(actOf(r), { signed: actOf(r, { decision: 'refuse' }) })],
    ['as a principal', (r) => approvalOf(actOf(r), { gesture: { role: 'principal' } })],
    ['by the principal', (r) => approvalOf(actOf(r), { gesture: { rev: REV } })],
    [
      'by another key than the statement names',
      (r) => approvalOf(actOf(r), { approver: { jwk: thief.publicJwk } }),
    ],
    ['of another registration', (r) => approvalOf(actOf(r), { approver: { registration: 8 } })],
    [
      'by the word of another issuer',
      (r) => approvalOf(actOf(r), { approver: { iss: 'https://else.example' } }),
    ],
    [
      'by a statement of last week',
      (r) => approvalOf(actOf(r), { approver: { t: clock.now() - 6 * 60_000 } }),
    ],
    [
      'when the frame key did not say whose key it is',
      (r) => {
        const made = approvalOf(actOf(r))
        return { ...made, approver: signApprover(thief, made.approver.approver) }
      },
    ],
    [
      'made at another origin',
      (r) => {
        const act = actOf(r)
        const elsewhere = w.authenticator('lead', { rp_id: RP.rp_id, origin: 'https://evil.example' })
        return approvalOf(act, { gesture: elsewhere.assert(approvalChallenge(w.crypto, act)) })
      },
    ],
  ])('%s', async (_, make) => {
    await point.close()
    spool = new MemorySpool()
    point = await makePoint(150)
    control.answers(make)
    expect(await call()).toMatchObject({ decision: 'deny', reasons: ['APPROVAL_TIMED_OUT'] })
    expect(acted).toEqual([])
    expect(faults).toHaveLength(1)
  })

  test('of somebody who has left', async () => {
    await point.close()
    spool = new MemorySpool()
    point = await makePoint(150)
    revoked.add(LEAD)
    control.answers((asked) => approvalOf(actOf(asked)))
    expect(await call()).toMatchObject({ reasons: ['APPROVAL_TIMED_OUT'] })
  })

  test('for a second call: each asks anew', async () => {
    control.answers((asked) => approvalOf(actOf(asked)))
    await call()
    const [first] = control.requests
    await point.close()
    spool = new MemorySpool()
    point = await makePoint(150)
    control.answers(() => approvalOf(actOf(first!))) // the one of before, once more
    expect(await call()).toMatchObject({ reasons: ['APPROVAL_TIMED_OUT'] })
    expect(acted).toHaveLength(1)
  })

  test('but by the principal under the separation `after`', async () => {
    await point.close()
    spool = new MemorySpool()
    point = await makePoint(20_000, true)
    control.answers((asked) => approvalOf(actOf(asked), { gesture: { rev: REV } }))
    expect(await call()).toMatchObject({ decision: 'allow' })
  })
})

describe('a caller that leaves and comes back', () => {
  async function left(): Promise<{ action: string; approval: string }> {
    const outcome = await call({}, { leaves: true })
    if (outcome.decision !== 'deny' || outcome.held === undefined) throw new Error('it was not held')
    expect(outcome.reasons).toEqual(['APPROVAL_NEEDED'])
    return { action: outcome.action, approval: outcome.held.approval }
  }

  test('gets what was approved, once', async () => {
    const { action, approval } = await left()
    control.answers((asked) => approvalOf(actOf(asked)))
    expect(await call({ approval })).toMatchObject({ decision: 'allow', action })
    expect(await call({ approval })).toMatchObject({ decision: 'deny', reasons: ['APPROVAL_USED'] })
    expect(acted).toEqual([action])
    const [, allow] = decisions()
    expect(allow).toMatchObject({ action, approval, args_commit: control.requests[0]!.args_commit })
  })

  test('twice at once, gets it once', async () => {
    const { action, approval } = await left()
    const both = [call({ approval }), call({ approval })]
    control.answers((asked) => approvalOf(actOf(asked)))
    const outcomes = (await Promise.all(both)).map(({ decision }) => decision)
    expect(outcomes.sort()).toEqual(['allow', 'deny'])
    expect(acted).toEqual([action])
  })

  test.each<[string, Partial<CallRequest>]>([
    ['other arguments', { args: { path: '/data/b' } }],
    ['another tool', { tool: 'write' }],
    ['the name of none', { approval: `apr_${base64url(new Uint8Array(12))}` }],
  ])('with %s gets nothing', async (_, edit) => {
    const { approval } = await left()
    control.answers((asked) => approvalOf(actOf(asked)))
    expect(await call({ approval, ...edit })).toMatchObject({ decision: 'deny', reasons: ['APPROVAL_USED'] })
    expect(acted).toEqual([])
  })

  test('too late gets nothing, and what became of it is recorded', async () => {
    await point.close()
    spool = new MemorySpool()
    point = await makePoint(100)
    const { action, approval } = await left()
    control.answers((asked) => approvalOf(actOf(asked)))
    await expect.poll(() => decisions().length).toBe(2)
    expect(decisions()[1]).toMatchObject({ action, decision: 'deny' })
    expect(await call({ approval })).toMatchObject({ reasons: ['APPROVAL_USED'] })
    expect(acted).toEqual([])
  })
})
