import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { generousPlane } from '../../test/fixtures/leases.ts'
import { MemorySpool } from '../../test/fixtures/memory-spool.ts'
import { AUD, digestOf, FILES, ISS, NOW_S, RP, SettableClock, World } from '../../test/fixtures/tokens.ts'
import { softwareAuthenticator } from '../adapters/software-authenticator/software-authenticator.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import type { JsonObject } from '../core/json.ts'
import type { Signer } from '../core/crypto.ts'
import { parseJws, signJws } from '../core/sign.ts'
import { NO_KILLS } from '../decide/decide.ts'
import { decisionReceiptSchema, type Receipt } from '../log/receipt.ts'
import { CANARY_CALL } from '../log/unregistered.ts'
import { frameHash, signFrame, signHeartbeat, signTime } from '../revoke/frame.ts'
import { RevocationState } from '../revoke/state.ts'
import { signDpop } from '../token/dpop.ts'
import { sdHashOf } from '../token/presentation.ts'
import { argsCommit, callMac, sessionKey, signCallProof, signSessionProof } from '../token/proof.ts'
import { Authenticator } from './authenticate.ts'
import { tryUnregistered } from './canary.ts'
import { STOP_GRACE_MS, ToolStopped } from './calls-under-way.ts'
import type { LeaseAnswer } from '../ports/control-plane.ts'
import { LeasedLedger, type Ledger } from './ledger.ts'
import { EnforcementPoint } from './point.ts'
import type { PointOptions } from './point-options.ts'
import { Recorder } from './recorder.ts'
import { readSpoolLine } from './spool-line.ts'
import type { CallRequest, Credential, ToolResult } from './types.ts'

const w = new World()
const plane = w.signer('frames')
const NONCE = 'AAAAAAAAAAAAAAAAAAAAAAAA'
const ARGS = { path: '/data/a' }
const SALT = base64url(new Uint8Array(32).fill(7))

let clock: SettableClock
let spool: MemorySpool
let state: RevocationState
let faults: unknown[]
let acted: string[]

async function makePoint(edit: Partial<PointOptions> & { hosted?: string } = {}): Promise<EnforcementPoint> {
  const { hosted, ...options } = edit
  const openEpoch = () => Promise.resolve(1)
  const recorder = await Recorder.open({ crypto: w.crypto, clock, spool, point: AUD, control: { openEpoch } })
  return new EnforcementPoint({
    id: AUD,
    crypto: w.crypto,
    clock,
    placement: 'gateway',
    bound_ms: 2000,
    revocations: () => state,
    kills: NO_KILLS,
    systems: () => [],
    recorder,
    ledger: new LeasedLedger({
      control: generousPlane(clock),
      clock,
      position: () => recorder.begun,
      onReturn: () => undefined,
    }),
    authenticator: new Authenticator({
      crypto: w.crypto,
      clock,
      trust: () => w.trust(),
      audience: AUD,
      ...(hosted === undefined ? {} : { hosted }),
    }),
    registration: () => null,
    onRecorded: () => undefined,
    onFault: (error) => faults.push(error),
    onClose: () => spool.close(),
    ...options,
  })
}

const act = (action: string): Promise<ToolResult<string>> => {
  acted.push(action)
  return Promise.resolve({ result: 'done', failed: false })
}
const receipts = (): Receipt[] => spool.records.map(({ text }) => readSpoolLine(text).receipt)
const request = (credential: Credential, edit: Partial<CallRequest> = {}): CallRequest => ({
  server: 'files',
  tool: 'read',
  args: ARGS,
  credential,
  definition_hash: null,
  ...edit,
})
const commit = (args: JsonObject = ARGS): string => argsCommit(w.crypto, fromBase64url(SALT), args)

/** A credential of one call: chain and proof. */
function perCall(
  point: EnforcementPoint,
  edit: { chain?: string; holder?: Signer; nonce?: string; call?: object } = {},
): Credential {
  const nonce = edit.nonce ?? `${point.challenge().challenge}.${base64url(w.crypto.randomBytes(16))}`
  const call = { server: 'files', tool: 'read', args_commit: commit(), ...edit.call }
  const target = { aud: AUD, nonce, iat: Math.floor(clock.now() / 1000) }
  const presentation = signCallProof(
    w.crypto,
    edit.holder ?? w.signer('agent-1'),
    edit.chain ?? w.root(),
    target,
    call,
  )
  return { kind: 'call', presentation, salt: SALT }
}

const TARGET = { method: 'POST', url: 'https://point.example/mcp' }

/** A credential of one HTTP request: chain and DPoP proof. */
function overHttp(
  point: EnforcementPoint,
  edit: { chain?: string; holder?: Signer; nonce?: string; claims?: JsonObject } = {},
): Credential {
  const { chain = w.root(), holder = w.signer('agent-1'), nonce = point.challenge().challenge } = edit
  const iat = Math.floor(clock.now() / 1000)
  const made = signDpop(w.crypto, holder, chain, { ...TARGET, iat, nonce, args_commit: commit() })
  const { header, payload } = parseJws(made)
  const proof = edit.claims === undefined ? made : signJws(holder, header, { ...payload, ...edit.claims })
  return { kind: 'dpop', chain, proof, ...TARGET, salt: SALT }
}

/** Opens a session and gives what makes the credential of its n-th call. */
async function openSession(
  point: EnforcementPoint,
  edit: { chain?: string; holder?: Signer; peer?: string; x25519?: string; challenge?: string } = {},
) {
  const chain = edit.chain ?? w.root()
  const { challenge, key, audience } = point.challenge()
  const pair = w.crypto.x25519()
  const peer = edit.peer ?? key
  const keys = { x25519: edit.x25519 ?? base64url(pair.publicKey), peer }
  const target = { aud: audience, nonce: edit.challenge ?? challenge, iat: Math.floor(clock.now() / 1000) }
  const presentation = signSessionProof(w.crypto, edit.holder ?? w.signer('agent-1'), chain, target, keys)
  const opened = await point.open(presentation)
  const secret = sessionKey(w.crypto, pair.agree(fromBase64url(peer)) ?? new Uint8Array(32), {
    challenge,
    client: base64url(pair.publicKey),
    point: peer,
    sd_hash: sdHashOf(w.crypto, chain),
  })
  const session = opened.ok ? opened.session : 'ses_none'
  const credential = (n: number, call: object = {}): Credential => {
    const mac = callMac(w.crypto, secret, {
      session,
      n,
      server: 'files',
      tool: 'read',
      args_commit: commit(),
      ...call,
    })
    return { kind: 'session', session, n, salt: SALT, mac }
  }
  return { opened, credential, session, presentation }
}

const head = () => ({ epoch: 1, head: 0, head_hash: '', t: clock.now() })
beforeEach(() => {
  clock = new SettableClock()
  spool = new MemorySpool()
  state = new RevocationState({ crypto: w.crypto, frameKey: plane.publicJwk, clock })
  state.connecting(NONCE)
  state.applyTime(signTime(plane, NONCE, clock.now()))
  state.applyHeartbeat(signHeartbeat(plane, head()))
  faults = []
  acted = []
})
const revoke = (): void => {
  const frame = {
    epoch: 1,
    seq: 1,
    prev: '',
    kind: 'delegation' as const,
    handle: 'dlg_00000000000000000000000001',
    reason: '',
    t: clock.now(),
  }
  state.applyFrame(signFrame(plane, frame))
  state.applyHeartbeat(
    signHeartbeat(plane, { epoch: 1, head: 1, head_hash: frameHash(w.crypto, frame), t: clock.now() }),
  )
}

describe('an allowed call', () => {
  test('is recorded, acts, and has its outcome recorded', async () => {
    const point = await makePoint()
    const outcome = await point.call(request(perCall(point)), (action) => {
      expect(receipts()).toMatchObject([{ kind: 'decision', decision: 'allow', action }]) // before it acts
      return act(action)
    })
    expect(outcome).toMatchObject({ decision: 'allow', result: 'done' })
    await point.close()
    expect(receipts()).toMatchObject([
      {
        agent: 'agt_00000000000000000000000001',
        binding: 'call',
        args_commit: commit(),
        debits: [{ amount: 1 }],
        freshness: { head: 0 },
      },
      { kind: 'outcome', outcome: 'finished' },
    ])
    expect(decisionReceiptSchema.safeParse(receipts()[0]).success).toBe(true)
    expect(spool.closed).toBe(true)
    expect(JSON.stringify(receipts())).not.toContain('/data/a') // RCP-5
  })

  test('that the tool answers with an error has failed; one that never answers is unknown', async () => {
    const point = await makePoint()
    await point.call(request(perCall(point)), () => Promise.resolve({ result: 'no', failed: true }))
    await expect(point.call(request(perCall(point)), () => Promise.reject(new Error('cut')))).rejects.toThrow(
      'cut',
    )
    await expect(
      point.call(request(perCall(point)), () => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
    await point.close()
    expect(receipts().filter(({ kind }) => kind === 'outcome')).toMatchObject([
      { outcome: 'failed' },
      { outcome: 'unknown' },
      { outcome: 'unknown' },
    ])
  })

  test('of a session needs a counter and a MAC, once each', async () => {
    const point = await makePoint()
    const { opened, credential } = await openSession(point)
    expect(opened).toMatchObject({ ok: true, expires_at: NOW_S + 3600 })
    const answers = async (one: Credential, edit: Partial<CallRequest> = {}) => {
      const outcome = await point.call(request(one, edit), act)
      return outcome.decision === 'allow' ? 'allow' : outcome.reasons
    }
    expect(await answers(credential(1))).toBe('allow')
    expect(await answers(credential(1))).toEqual(['PROOF_REPLAYED'])
    expect(await answers(credential(3))).toBe('allow')
    expect(await answers(credential(2))).toBe('allow')
    expect(await answers(credential(4), { tool: 'write' })).toEqual(['PROOF_INVALID'])
    expect(await answers(credential(4), { args: { path: '/data/b' } })).toEqual(['PROOF_INVALID'])
    expect(await answers(credential(4, { n: 5 }))).toEqual(['PROOF_INVALID'])
    expect(await answers({ ...credential(4), salt: 'short' } as Credential)).toEqual(['PROOF_INVALID'])
    expect(await answers({ ...credential(4), salt: '=' } as Credential)).toEqual(['PROOF_INVALID'])
    expect(await answers({ ...credential(4), session: 'ses_other' } as Credential)).toEqual([
      'SESSION_UNKNOWN',
    ])
    expect(await answers(credential(4))).toBe('allow')
    clock.advance(1)
    expect(receipts().filter((each) => each.kind === 'decision' && each.decision === 'allow')).toMatchObject([
      { binding: 'session' },
      { binding: 'session' },
      { binding: 'session' },
      { binding: 'session' },
    ])
  })

  test('over HTTP comes with the chain as access token and a proof for that request', async () => {
    const point = await makePoint()
    const proven = overHttp(point)
    expect(await point.call(request(proven), act)).toMatchObject({ decision: 'allow' })
    expect(receipts()[0]).toMatchObject({ binding: 'dpop', args_commit: commit() })
    expect(await point.call(request(proven), act)).toMatchObject({ reasons: ['PROOF_REPLAYED'] })
    const hop = overHttp(point, { chain: w.chain(1), holder: w.signer('agent-2') })
    expect(await point.call(request(hop), act)).toMatchObject({ decision: 'allow' })
    // One jti with another challenge is another nonce.
    const jti = proven.kind === 'dpop' ? parseJws(proven.proof).payload.jti : null
    expect(await point.call(request(overHttp(point, { claims: { jti: jti! } })), act)).toMatchObject({
      decision: 'allow',
    })
  })

  test('may be made under the point’s own delegation by a client that holds no key', async () => {
    const point = await makePoint({ hosted: w.root() })
    expect(await point.call(request({ kind: 'hosted' }), act)).toMatchObject({ decision: 'allow' })
    expect(receipts()[0]).toMatchObject({ binding: 'hosted' })
    const { opening } = readSpoolLine(spool.records[0]!.text)
    expect(argsCommit(w.crypto, fromBase64url(opening!.salt), ARGS)).toBe(opening!.args_commit)
    expect(point.isVisible(null, 'files', 'read')).toBe(true)
    expect(point.isVisible(null, 'files', 'delete')).toBe(false)
    await point.close()
    const none = await makePoint()
    expect(await none.call(request({ kind: 'hosted' }), act)).toMatchObject({ reasons: ['NO_CHAIN'] })
    const bad = await makePoint({ hosted: 'x' })
    expect(await bad.call(request({ kind: 'hosted' }), act)).toMatchObject({ reasons: ['TOKEN_MALFORMED'] })
    expect(bad.isVisible(null, 'files', 'read')).toBe(false)
  })

  test('keeps what its commitment opens to only if a strict reader can have it: else nothing could be shipped', async () => {
    const point = await makePoint({
      hosted: w.root({ grants: [{ type: 'tool', server: 'files', actions: ['*'] }] }),
    })
    let deep: JsonObject = {}
    for (let i = 0; i < 30; i++) deep = { deep }
    const kept = { a: [1, { b: null }], text: 'x' }
    const all: JsonObject[] = [
      kept,
      deep,
      JSON.parse('{"a":{"__proto__":1}}') as JsonObject,
      { n: 1e20 },
      { text: 'x'.repeat(70_000) },
    ]
    for (const args of all) {
      expect(await point.call(request({ kind: 'hosted' }, { args }), act)).toMatchObject({
        decision: 'allow',
      })
    }
    const openings = spool.records
      .map(({ text }) => readSpoolLine(text).opening)
      .filter((each) => each !== null)
    expect(openings.map(({ args }) => args)).toEqual([kept, null, null, null, null])
  })
})

describe('a session whose chain was recorded', () => {
  test('goes on in that epoch, and ends with it: nobody could say what the new one was told of the chain', async () => {
    const openEpoch = () => Promise.resolve(2)
    const recorder = await Recorder.open({
      crypto: w.crypto,
      clock,
      spool,
      point: AUD,
      control: { openEpoch },
    })
    const point = await makePoint({ recorder })
    const first = await openSession(point)
    const unused = await openSession(point)
    const answer = async (credential: Credential) => {
      const outcome = await point.call(request(credential), act)
      return outcome.decision === 'allow' ? 'allow' : outcome.reasons
    }
    expect(await answer(first.credential(1))).toBe('allow')
    expect(await answer(first.credential(2))).toBe('allow')
    await point.close()
    await recorder.startEpoch({ openEpoch: () => Promise.resolve(3) }, 'refused')
    expect(await answer(first.credential(3))).toEqual(['SESSION_UNKNOWN'])
    expect(await answer(first.credential(4))).toEqual(['SESSION_UNKNOWN'])
    expect(await answer(unused.credential(1))).toBe('allow')
    expect(await answer((await openSession(point)).credential(1))).toBe('allow')
    const lines = spool.records.map(({ text }) => readSpoolLine(text))
    const carried = new Set(lines.flatMap(({ segments }) => segments.map(({ id }) => id)))
    for (const { receipt } of lines)
      if (receipt.kind === 'decision' && receipt.chain !== null) expect(carried).toContain(receipt.chain)
    expect(
      lines.filter(({ receipt }) => receipt.kind === 'decision' && receipt.decision === 'allow'),
    ).toHaveLength(2)
  })
})

describe('a denial', () => {
  const reasonsOf = async (
    point: EnforcementPoint,
    credential: Credential,
    edit: Partial<CallRequest> = {},
  ) => {
    const outcome = await point.call(request(credential, edit), act)
    expect(acted).toEqual([])
    return outcome.decision === 'deny' ? outcome.reasons : 'allow'
  }

  test('is recorded with its reasons, and does not act', async () => {
    const point = await makePoint()
    expect(await reasonsOf(point, { kind: 'none' })).toEqual(['NO_CHAIN'])
    expect(await reasonsOf(point, perCall(point, { call: { tool: 'delete' } }), { tool: 'delete' })).toEqual([
      'NO_MATCHING_GRANT',
    ])
    expect(receipts()).toMatchObject([
      { decision: 'deny', reasons: ['NO_CHAIN'], binding: 'none', chain: null },
      {
        decision: 'deny',
        reasons: ['NO_MATCHING_GRANT'],
        binding: 'call',
        agent: 'agt_00000000000000000000000001',
      },
    ])
  })

  test('meets whoever stole the chain but not the key', async () => {
    const point = await makePoint()
    const thief = w.signer('thief')
    expect(await reasonsOf(point, perCall(point, { holder: thief }))).toEqual(['PROOF_INVALID'])
    expect(await reasonsOf(point, { kind: 'call', presentation: w.root(), salt: SALT })).toEqual([
      'PROOF_MISSING',
    ])
    expect((await openSession(point, { holder: thief })).opened).toEqual({
      ok: false,
      reasons: ['PROOF_INVALID'],
    })
    expect(await point.open(w.root())).toEqual({ ok: false, reasons: ['PROOF_MISSING'] })
    expect(receipts()).toHaveLength(4)
  })

  test('meets a proof that is replayed, or made for another call', async () => {
    const point = await makePoint()
    const one = perCall(point)
    await point.call(request(one), act)
    acted = []
    expect(await reasonsOf(point, one)).toEqual(['PROOF_REPLAYED'])
    expect(await reasonsOf(point, perCall(point), { tool: 'write' })).toEqual(['PROOF_INVALID'])
    expect(await reasonsOf(point, perCall(point), { server: 'mail' })).toEqual(['PROOF_INVALID'])
    expect(await reasonsOf(point, perCall(point), { args: { path: '/data/b' } })).toEqual(['PROOF_INVALID'])
    expect(await reasonsOf(point, perCall(point, { nonce: digestOf('x') }))).toEqual(['PROOF_INVALID'])
    expect(await reasonsOf(point, { ...perCall(point), salt: 'x' } as Credential)).toEqual(['PROOF_INVALID'])
  })

  test('meets a man in the middle who put his own key in place of the point’s', async () => {
    const point = await makePoint()
    const mitm = base64url(w.crypto.x25519().publicKey)
    expect((await openSession(point, { peer: mitm })).opened).toEqual({
      ok: false,
      reasons: ['PROOF_INVALID'],
    })
  })

  test.each([
    ['of small order', base64url(new Uint8Array(32))],
    ['in another spelling', `${'A'.repeat(42)}B`],
  ])('meets a session key %s', async (_, x25519) => {
    const point = await makePoint()
    expect((await openSession(point, { x25519 })).opened).toEqual({ ok: false, reasons: ['PROOF_INVALID'] })
  })

  test('meets a session proof that is used twice, or with a challenge of another life of the point', async () => {
    const point = await makePoint()
    const { presentation, credential } = await openSession(point)
    expect(await point.open(presentation)).toEqual({ ok: false, reasons: ['PROOF_INVALID'] })
    const old = perCall(point)
    const restarted = await makePoint()
    expect(await restarted.open(presentation)).toEqual({ ok: false, reasons: ['PROOF_INVALID'] })
    expect(await reasonsOf(restarted, credential(1))).toEqual(['SESSION_UNKNOWN'])
    expect(await reasonsOf(restarted, old)).toEqual(['PROOF_INVALID'])
  })

  test.each([
    ['TOKEN_TOO_LARGE', 'A'.repeat(64 * 1024 + 1)],
    ['TOKEN_MALFORMED', 'nonsense'],
    ['DEPTH_EXCEEDED', `${Array(10).fill('a').join('~~')}~`],
    ['ISSUER_UNKNOWN', w.root({ iss: 'https://other.example' })],
    ['AUDIENCE_MISMATCH', w.root({ aud: ['pnt_other'] })],
  ])('is %s for such a presentation, and keeps no segment of it', async (reason, presentation) => {
    const point = await makePoint()
    expect(await reasonsOf(point, { kind: 'call', presentation, salt: SALT })).toEqual([reason])
    expect(await point.open(presentation)).toEqual({ ok: false, reasons: [reason] })
    expect(spool.records.flatMap(({ text }) => readSpoolLine(text).segments)).toEqual([])
  })

  test('is PROOF_INVALID over HTTP for anything that the proof is not for, and claims no binding', async () => {
    const point = await makePoint()
    const good = overHttp(point)
    const with_ = (edit: object): Credential => ({ ...good, ...edit })
    const presented = signCallProof(
      w.crypto,
      w.signer('agent-1'),
      w.root(),
      { aud: AUD, nonce: 'x', iat: NOW_S },
      { server: 'files', tool: 'read', args_commit: commit() },
    )
    for (const bad of [
      with_({ method: 'GET' }),
      with_({ url: 'https://point.example/other' }),
      with_({ salt: base64url(new Uint8Array(32)) }),
      with_({ salt: '=' }),
      with_({ proof: 'a.b.c' }),
      with_({ chain: w.root({ jti: 'dlg_other' }) }),
      with_({ chain: presented }),
      overHttp(point, { holder: w.signer('thief') }),
      overHttp(point, { nonce: 'made up' }),
      overHttp(point, { nonce: `${point.challenge().challenge}.` }),
      overHttp(point, { claims: { args_commit: digestOf('other') } }),
    ]) {
      expect(await reasonsOf(point, bad)).toEqual(['PROOF_INVALID'])
    }
    expect(await point.call(request(good, { args: { path: '/data/b' } }), act)).toMatchObject({
      reasons: ['PROOF_INVALID'],
    })
    const bindings = receipts().map((each) => each.kind === 'decision' && each.binding)
    // The challenge is asked last, of a proof that holds: who made it up does hold the key.
    expect(bindings.filter((binding) => binding !== 'none')).toEqual(['dpop', 'dpop'])
    expect(await reasonsOf(point, with_({ chain: 'nonsense' }))).toEqual(['TOKEN_MALFORMED'])
    expect(await reasonsOf(point, overHttp(point, { chain: w.root({ aud: ['pnt_other'] }) }))).toEqual([
      'AUDIENCE_MISMATCH',
    ])
    expect(await point.call(request(good), act)).toMatchObject({ decision: 'allow' }) // none of it used it up
  })

  test('comes when the revocation state is older than the bound, not at it', async () => {
    const point = await makePoint()
    const { session } = await openSession(point)
    clock.advance(1998)
    expect(await point.call(request(perCall(point)), act)).toMatchObject({ decision: 'allow' })
    expect(point.isVisible(session, 'files', 'read')).toBe(true)
    acted = []
    clock.advance(3)
    expect(await reasonsOf(point, perCall(point))).toEqual(['STALE_REVOCATION'])
    expect(point.isVisible(session, 'files', 'read')).toBe(false)
    expect((await openSession(point)).opened).toEqual({ ok: false, reasons: ['STALE_REVOCATION'] })
  })

  test('comes when the chain was revoked, also for sessions that are open', async () => {
    const point = await makePoint()
    const { credential } = await openSession(point)
    revoke()
    expect(await reasonsOf(point, credential(1))).toEqual(['REVOKED'])
    expect((await openSession(point)).opened).toEqual({ ok: false, reasons: ['REVOKED'] })
  })

  test('comes with a used-up limit or a ledger that is away', async () => {
    const limited = async (lease: () => Promise<LeaseAnswer>): Promise<unknown> => {
      const control = { lease }
      const position = () => ({ epoch: 1, seq: spool.records.length })
      const ledger = new LeasedLedger({ control, clock, position, onReturn: () => undefined })
      const point = await makePoint({ ledger })
      const limits = [{ measure: 'calls', unit: '1', max: 2, per: 'day' }]
      return reasonsOf(point, perCall(point, { chain: w.root({ grants: [{ ...FILES, limits }] }) }))
    }
    expect(await limited(() => Promise.resolve({ denied: 'LIMIT_EXCEEDED' }))).toEqual(['LIMIT_EXCEEDED'])
    expect(await limited(() => Promise.resolve({ denied: 'LIMIT_LEASED' }))).toEqual(['LIMIT_LEASED'])
    expect(await limited(() => Promise.reject(new Error('away')))).toEqual(['LEDGER_UNAVAILABLE'])
    expect(receipts().map((each) => each.kind === 'decision' && each.debits)).toEqual([[], [], []])
  })

  test('is INTERNAL when something of ours breaks, and the fault is reported', async () => {
    const ledger: Ledger = {
      debit: () => {
        throw new RangeError('bug')
      },
      obtain: () => Promise.resolve(null),
    }
    const point = await makePoint({ ledger })
    expect(await reasonsOf(point, perCall(point))).toEqual(['INTERNAL'])
    expect(faults).toMatchObject([{ message: 'bug' }])
    expect(receipts()).toMatchObject([{ decision: 'deny', reasons: ['INTERNAL'] }])
    const crypto = {
      ...w.crypto,
      verify: () => {
        throw new RangeError('bug')
      },
    }
    const authenticator = new Authenticator({ crypto, clock, trust: () => w.trust(), audience: AUD })
    const broken = await makePoint({ authenticator })
    expect((await openSession(broken)).opened).toEqual({ ok: false, reasons: ['INTERNAL'] })
  })

  test('of what is not a tool call is recorded too, with a bounded name', async () => {
    const point = await makePoint()
    const { reasons } = await point.refuse('files', 'x'.repeat(1000), 'METHOD_NOT_GRANTED')
    expect(reasons).toEqual(['METHOD_NOT_GRANTED'])
    expect(receipts()).toMatchObject([{ tool: 'x'.repeat(256), decision: 'deny' }])
  })
})

describe('no record, no action', () => {
  test.each(['lost', 'stored'] as const)('when the spool fails and the record is %s', async (fault) => {
    const point = await makePoint()
    spool.fault = fault
    const outcome = await point.call(request(perCall(point)), act)
    expect(outcome).toMatchObject({ decision: 'deny', reasons: ['NOT_RECORDED'] })
    expect(acted).toEqual([])
    expect(await point.refuse('files', 'x', 'METHOD_NOT_GRANTED')).toMatchObject({
      reasons: ['NOT_RECORDED'],
    })
    expect(faults).toHaveLength(2)
    spool.fault = null
    expect(await point.call(request(perCall(point)), act)).toMatchObject({ decision: 'allow' })
  })

  test('when the log has to have it and does not say so: the denial follows the allow', async () => {
    const places: unknown[] = []
    let isLogged = false
    const central = (place: unknown): Promise<boolean> => {
      places.push(place)
      return Promise.resolve(isLogged)
    }
    const point = await makePoint({ central })
    expect(await point.call(request(perCall(point)), act)).toMatchObject({
      decision: 'deny',
      reasons: ['NOT_LOGGED'],
    })
    expect(acted).toEqual([])
    expect(receipts()).toMatchObject([{ decision: 'allow' }, { decision: 'deny', reasons: ['NOT_LOGGED'] }])
    isLogged = true
    expect(await point.call(request(perCall(point)), act)).toMatchObject({ decision: 'allow' })
    expect(places).toEqual([
      { epoch: 1, seq: 1 },
      { epoch: 1, seq: 3 },
    ])
  })

  test('and an outcome that cannot be recorded is unknown after the next start', async () => {
    const point = await makePoint()
    await point.call(request(perCall(point)), (action) => {
      spool.fault = 'lost'
      return act(action)
    })
    await point.close()
    spool.fault = null
    await makePoint()
    expect(receipts()).toMatchObject([{ kind: 'decision' }, { kind: 'outcome', outcome: 'unknown' }])
  })
})

describe('between the record and the act', () => {
  test.each([
    ['REVOKED', revoke],
    ['STALE_REVOCATION', () => clock.advance(2001)],
    ['STALE_REVOCATION', () => (clock.wall += 300)],
  ])('%s is noticed: the call is denied, and that is recorded', async (reason, meanwhile) => {
    const point = await makePoint()
    const append = spool.append.bind(spool)
    spool.append = async (record) => {
      await append(record)
      spool.append = append
      meanwhile()
    }
    const calling = point.call(request(perCall(point)), act)
    expect(await calling).toMatchObject({ decision: 'deny', reasons: [reason] })
    expect(acted).toEqual([])
    const [allow, deny] = receipts()
    expect([allow, deny]).toMatchObject([
      { decision: 'allow' },
      { decision: 'deny', reasons: [reason], debits: [] },
    ])
    expect(deny?.action).toBe(allow?.action)
  })
})

test('a process that stands still between decision and record records the state that it decided on', async () => {
  /** Time passes between two looks at the state. */
  class Slow extends RevocationState {
    override freshness(): ReturnType<RevocationState['freshness']> {
      const freshness = super.freshness()
      clock.advance(300)
      return freshness
    }
  }
  const slow = new Slow({ crypto: w.crypto, frameKey: plane.publicJwk, clock })
  slow.connecting(NONCE)
  slow.applyTime(signTime(plane, NONCE, clock.now()))
  const point = await makePoint({ revocations: () => slow })
  for (let age_ms = 0; age_ms < 2000; age_ms += 100) {
    slow.applyHeartbeat(signHeartbeat(plane, head()))
    clock.advance(age_ms)
    await point.call(request(perCall(point)), act)
  }
  const decisions = receipts().filter((one) => one.kind === 'decision')
  const allows = decisions.filter(({ decision }) => decision === 'allow')
  const takenBack = allows.filter(({ action }) =>
    decisions.some((one) => one.action === action && one.decision === 'deny'),
  )
  expect(takenBack.length).toBeGreaterThan(0)
  for (const { freshness } of allows) expect(freshness?.age_ms).toBeLessThanOrEqual(2000)
})

test('a narrowed chain is allowed what it allows, and named by its last segment', async () => {
  const point = await makePoint()
  const chain = w.hop(w.root({ grants: [FILES] }), 'agent-1', 'agent-2')
  await point.call(request(perCall(point, { chain, holder: w.signer('agent-2') })), act)
  const { segments, receipt } = readSpoolLine(spool.records[0]!.text)
  expect(segments).toHaveLength(2)
  expect(receipt).toMatchObject({ chain: segments[1]!.id, agent: 'agt_of_agent-2' })
})

describe('a call that is at its tool when its chain is revoked', () => {
  /** A tool that waits for the test, and hears that it is to stop. */
  const slowTool = () => {
    const answer = Promise.withResolvers<ToolResult<string>>()
    const called = Promise.withResolvers<AbortSignal>()
    return {
      answer,
      called: called.promise,
      act: (_: string, signal: AbortSignal) => {
        called.resolve(signal)
        return answer.promise
      },
    }
  }
  const stopped = async (point: EnforcementPoint, tool: ReturnType<typeof slowTool>) => {
    const calling = point.call(request(perCall(point)), tool.act)
    const signal = await tool.called
    revoke()
    point.revocationsChanged()
    expect(signal.aborted).toBe(true)
    return calling
  }

  test.each([
    ['stopped', (tool: ReturnType<typeof slowTool>) => tool.answer.reject(new ToolStopped())],
    ['unknown', (tool: ReturnType<typeof slowTool>) => tool.answer.reject(new Error('cut'))],
    ['failed', (tool: ReturnType<typeof slowTool>) => tool.answer.resolve({ result: '', failed: true })],
    [
      'finished',
      (tool: ReturnType<typeof slowTool>) => tool.answer.resolve({ result: 'all', failed: false }),
    ],
  ])('is denied at once, and its outcome is %s by what the tool says later', async (outcome, settle) => {
    const point = await makePoint()
    const tool = slowTool()
    expect(await stopped(point, tool)).toMatchObject({
      decision: 'deny',
      reasons: ['REVOKED'],
      underWay: true,
    })
    expect(receipts()).toMatchObject([{ kind: 'decision', decision: 'allow' }]) // nobody knows yet
    settle(tool)
    await setImmediate()
    await point.close()
    expect(receipts().slice(1)).toMatchObject([{ kind: 'outcome', outcome }])
  })

  test('a tool that says nothing has the outcome unknown, once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const point = await makePoint()
      const tool = slowTool()
      await stopped(point, tool)
      vi.advanceTimersByTime(STOP_GRACE_MS)
      await point.close()
      tool.answer.resolve({ result: 'late', failed: false })
      await setImmediate()
      expect(receipts().slice(1)).toMatchObject([{ kind: 'outcome', outcome: 'unknown' }])
    } finally {
      vi.useRealTimers()
    }
  })

  test('a kill stops it as well, also when the state is stale', async () => {
    let isKilled = false
    const kills = {
      get active() {
        return isKilled
      },
      stops: () => isKilled,
    }
    const point = await makePoint({ kills })
    const tool = slowTool()
    const calling = point.call(request(perCall(point)), tool.act)
    const signal = await tool.called
    clock.advance(60_000)
    isKilled = true
    point.revocationsChanged()
    expect(signal.aborted).toBe(true)
    expect(await calling).toMatchObject({ decision: 'deny', reasons: ['KILLED'], underWay: true })
    tool.answer.reject(new ToolStopped())
  })

  test('goes on when the state only grew old', async () => {
    const point = await makePoint()
    const tool = slowTool()
    const calling = point.call(request(perCall(point)), tool.act)
    const signal = await tool.called
    clock.advance(60_000)
    point.revocationsChanged()
    expect(signal.aborted).toBe(false)
    tool.answer.resolve({ result: 'done', failed: false })
    expect(await calling).toMatchObject({ decision: 'allow', result: 'done' })
  })
})

describe('an agent that nobody registered, whom the point tries itself', () => {
  const attempt = (point: EnforcementPoint) =>
    tryUnregistered({
      crypto: w.crypto,
      clock,
      point,
      iss: ISS,
      rp: RP,
      server: 'files',
      passkey: () =>
        softwareAuthenticator(w.crypto, w.crypto.generateKey('Ed25519'), {
          rp_id: RP.rp_id,
          origin: RP.origins[0] ?? '',
        }),
    })

  test('is denied by the decision on every call, and its receipt says what it is', async () => {
    const outcome = await attempt(await makePoint())
    expect(outcome).toEqual({ reasons: ['ISSUER_UNKNOWN'], reached: false })
    expect(receipts()).toMatchObject([
      { tool: 'countersign/canary', decision: 'deny', reasons: ['ISSUER_UNKNOWN'], chain: null, agent: null },
    ])
    expect(decisionReceiptSchema.parse(receipts()[0]).canary).toMatch(/^[\w-]{43}$/)
    expect(faults).toEqual([])
  })

  test('is seen to get through at a point that takes it for somebody else', async () => {
    const authenticator = new Authenticator({
      crypto: w.crypto,
      clock,
      trust: () => w.trust(),
      audience: AUD,
    })
    const point = await makePoint({ authenticator })
    const chain = w.root({ grants: [{ type: 'tool', server: 'files', actions: ['*'] }] })
    const call = { tool: CANARY_CALL, args_commit: commit({}) }
    const good = request(perCall(point, { chain, call }), { tool: CANARY_CALL, args: {} })
    vi.spyOn(authenticator, 'authenticate').mockReturnValue(authenticator.authenticate(good))
    expect(await attempt(point)).toEqual({ reasons: [], reached: true })
    expect(receipts()[0]).toMatchObject({ decision: 'allow', canary: expect.any(String) })
  })
})
