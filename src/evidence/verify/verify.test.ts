/** Real logs, honest and with one thing wrong: the verifier names what and where. spec/pack.md, PCK-3. @module */
import { describe, expect, test } from 'vitest'
import { erase } from '../../../test/fixtures/erasures.ts'
import {
  ALICE,
  BOB,
  BOUND_MS,
  hashOf,
  LogBuilder,
  READ,
  ORIGIN,
  PERIOD,
  RP,
} from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { fromBase64url } from '../../core/encoding.ts'
import { thumbprint } from '../../core/jwk.ts'
import { rfc3339, seconds } from '../../core/time.ts'
import { decodeEntry, encodeEntry, type AnyEntry } from '../../log/entries.ts'
import { leafHash, verifyInclusion } from '../../log/merkle.ts'
import { disclosureOf } from '../../../test/fixtures/tokens.ts'
import { segmentId, segmentsOf } from '../../token/segment.ts'
import { buildPack } from '../pack/build.ts'
import { SIGNATURE_FILE } from '../pack/manifest.ts'
import { actionStory } from './action.ts'
import type { PackReport } from './report.ts'
import { verifyPack } from './verify.ts'

async function reportOf(log: LogBuilder, start: number | null = null): Promise<PackReport> {
  return (await verifyPack(nodeCrypto, await log.pack(start), log.vkey)).report
}

/** Codes and entries of all faults but those of the signature, which nobody asked for in a log without people. */
async function faultsOf(log: LogBuilder): Promise<[string, number | undefined][]> {
  const faults = (await reportOf(log)).faults.filter(({ file }) => file !== SIGNATURE_FILE)
  return faults.map(({ code, index }) => [code, index])
}

/** A company with a delegation from Alice to the bot. */
function company(separation: 'independent' | 'after' = 'independent'): {
  log: LogBuilder
  chain: ReturnType<LogBuilder['root']>
} {
  const log = new LogBuilder().company(separation)
  return { log, chain: log.root('bot') }
}

/** Honest, with a bit of everything. */
function honest(): { log: LogBuilder; action: string; late: string } {
  const { log, chain } = company()
  const { action } = log.decide(chain)
  log.outcome(action)
  log.head()
  log.decide(chain, { decision: 'deny' })
  log.decide(null, { decision: 'deny', reasons: ['NO_CHAIN'] })
  const hop = log.hop(chain, 'worker', (grant) => ({ ...grant, actions: ['read'] }))
  const second = log.decide(hop, {}, 'gate', { size: 400 })
  const withdrawn = log.decide(chain)
  log.decide(chain, { action: withdrawn.action, decision: 'deny', reasons: ['STALE_REVOCATION'] })
  log.outcome(second.action)
  log.revoke('delegation', chain.jti)
  log.clock.advance(1000)
  log.decide(chain, { decision: 'deny', reasons: ['REVOKED'] })
  const late = log.decide(log.root('worker', { by: BOB })).action
  log.head()
  log.epoch('gate')
  log.outcome(late) // allowed in one epoch, ended in the next
  log.decide(hop, { decision: 'deny', reasons: ['REVOKED'] })
  log.head()
  log.exchange(log.root('bot', { grants: [{ type: 'tool', server: 'files', actions: ['read'] }] }))
  log.add('alert.raised', { kind: 'system', id: 'x' }, null, {
    rule: 'EPOCH_REOPENED',
    severity: 'high',
    triage_min: 240,
    policy: null,
    of: null,
    n: 1,
    key: 'epoch/gate/2',
    detail: { epoch: 2 },
    entries: [],
  })
  erase(log, 'per_gone', ALICE)
  return { log, action: second.action, late }
}

describe('an honest pack', () => {
  test('verifies without a fault, check by check', async () => {
    const { log } = honest()
    const report = await reportOf(log, 12)
    expect(report.faults).toEqual([])
    expect(report).toMatchObject({ ok: true, faults_n: 0, simulated: true, entries: log.entries.length })
    expect(report.checks.filter(({ ok, count }) => !ok || count === 0)).toEqual([])
    expect(report.allowed).toBe(4)
    expect(report.denied).toEqual({
      CONSTRAINT_VIOLATED: 1,
      NO_CHAIN: 1,
      REVOKED: 2,
      STALE_REVOCATION: 1,
    })
    expect(report.populations).toMatchObject({ agents: 2, delegations: 3, decisions: 9, revocations: 1 })
    expect(report.notes).toEqual([
      '3 allowed actions rest on a software authenticator (swk), not on a passkey',
      '1 alert was raised in the log',
    ])
  })

  test('has the same bytes each time it is built', async () => {
    const one = await honest().log.pack(12)
    expect(Buffer.from(await honest().log.pack(12)).equals(one)).toBe(true)
    expect(Buffer.from(await honest().log.pack(13)).equals(one)).toBe(false)
  })

  test('of more entries than a bundle holds verifies, and tells its progress', async () => {
    const { log, chain } = company()
    const free = log.root('bot', { grants: [{ type: 'tool', server: 'files', actions: ['*'] }] })
    for (let i = 0; i < 300; i++) log.outcome(log.decide(free).action)
    log.decide(chain)
    log.head()
    const told: [number, number][] = []
    const { report } = await verifyPack(nodeCrypto, await log.pack(256), log.vkey, {
      onProgress: (...at) => told.push(at),
    })
    expect(report.faults).toEqual([])
    expect(told).toEqual([[0, log.entries.length]])
  })

  test('says when the time of an allow is only the point’s word', async () => {
    const { log, chain } = company()
    const t = log.clock.now()
    log.decide(chain, { freshness: { epoch: 1, head: 0, t: t - 60_000, age_ms: 0 } })
    log.decide(chain, { freshness: { epoch: 1, head: 0, t: t - 60_001, age_ms: 0 } })
    log.head()
    const { ok, notes } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toContain(
      "1 allowed action was logged over a minute late: its time is the point's word only",
    )
  })

  test('under separation `after` says who approved alone', async () => {
    const log = new LogBuilder().begin({ separation: 'after' })
    log.person(ALICE)
    log.propose('bot')
    log.approve('bot', ALICE, { alone: true })
    const { ok, notes, checks } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toEqual(['1 agent was approved by its proposer (separation: after)'])
    expect(checks.map(({ name }) => name)).toContain(
      'agents were approved by a registered gesture of anyone (separation: after)',
    )
  })
})

describe('the story of an action', () => {
  test('says who, under what scope, and where the evidence is, each entry proven', async () => {
    const { log, action } = honest()
    const bytes = await log.pack()
    const pack = await verifyPack(nodeCrypto, bytes, log.vkey)
    const story = (await actionStory(nodeCrypto, pack, action))!
    expect(story.outcome).toBe('finished')
    expect(story.decisions).toMatchObject([{ decision: 'allow', tool: 'read', binding: 'session' }])
    expect(story.who).toMatchObject([
      {
        person: 'per_alice',
        role: 'principal',
        by: ['swk'],
        endorsed_by: 'per_alice',
        agents: ['agt_bot', 'agt_worker'],
      },
    ])
    expect(story.scope).toMatchObject([
      { agent: 'agt_worker', grant: { actions: ['read'] } },
      { agent: 'agt_bot', grant: { actions: ['read', 'write'] } },
    ])
    const types = story.evidence.map(
      ({ index }) => (JSON.parse(Buffer.from(log.entries[Number(index)]!).toString()) as AnyEntry).type,
    )
    expect(new Set(types)).toEqual(
      new Set([
        'person.enrolled',
        'person.endorsed',
        'agent.proposed',
        'agent.approved',
        'delegation.issued',
        'chain.segment',
        'receipt',
        'receipt.head',
        'template.preset',
      ]),
    )
    const { size, root } = pack.checkpoint!
    for (const { index, proof } of story.evidence) {
      const leaf = leafHash(nodeCrypto, log.entries[Number(index)]!)
      const path = (proof as string[]).map((hash) => fromBase64url(hash))
      expect(verifyInclusion(nodeCrypto, { index: Number(index), size, leaf, proof: path, root })).toBe(true)
    }
  })

  test('of an action that was denied has nobody and no scope, and of an unknown one there is none', async () => {
    const { log } = company()
    const { action } = log.decide(null, { decision: 'deny', reasons: ['NO_CHAIN'] })
    log.head()
    const pack = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
    expect(await actionStory(nodeCrypto, pack, action)).toMatchObject({
      outcome: 'none recorded',
      who: [],
      scope: [],
      decisions: [{ decision: 'deny' }],
    })
    expect(await actionStory(nodeCrypto, pack, 'act_unknown')).toBeNull()
  })
})

describe('revocation', () => {
  const handles = (log: LogBuilder, chain: ReturnType<LogBuilder['root']>) =>
    [
      ['delegation', chain.jti],
      ['person', 'rev_alice'],
      ['agent', 'agt_bot'],
      ['key', thumbprint(nodeCrypto, log.world.signer('bot').publicJwk)],
      ['issuer', thumbprint(nodeCrypto, log.world.signer('issuer').publicJwk)],
    ] as const

  test.each([0, 1, 2, 3, 4])(
    'an allow by a point that knew the frame is late, whatever was revoked (%i)',
    async (i) => {
      const { log, chain } = company()
      const [kind, handle] = handles(log, chain)[i]!
      if (kind === 'issuer') {
        log.rotate('second')
        log.compromise('issuer')
      } else log.revoke(kind, handle)
      const { index } = log.decide(chain)
      log.head()
      expect(await faultsOf(log)).toEqual([['ALLOW_AFTER_REVOCATION', index]])
    },
  )

  test.each([
    [BOUND_MS, []],
    [BOUND_MS + 1, ['ALLOW_AFTER_REVOCATION']],
  ])('an allow %i ms after the revocation by a point that did not know', async (ms, codes) => {
    const { log, chain } = company()
    log.revoke('delegation', chain.jti)
    const t = log.clock.now()
    log.clock.advance(ms)
    const { index } = log.decide(chain, { freshness: { epoch: 1, head: 0, t: t + ms - 700, age_ms: 700 } })
    log.head()
    expect(await faultsOf(log)).toEqual(codes.map((code) => [code, index]))
  })

  test('a head of an epoch that never began is missing, and what it counts was known all the same', async () => {
    const { log, chain } = company()
    log.revoke('delegation', chain.jti)
    const { index } = log.decide(chain, { freshness: { epoch: 2, head: 1, t: log.clock.now(), age_ms: 1 } })
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['FRAME_MISSING', index],
      ['ALLOW_AFTER_REVOCATION', index],
    ])
  })

  test('of a hop’s delegation counts as well', async () => {
    const { log, chain } = company()
    const hop = log.hop(chain, 'worker')
    log.revoke('delegation', hop.jti)
    const { index } = log.decide(hop)
    log.head()
    expect(await faultsOf(log)).toEqual([['ALLOW_AFTER_REVOCATION', index]])
  })

  test('an allow stays late when a denial follows its outcome, or a second allow hides it', async () => {
    const { log, chain } = company()
    log.revoke('delegation', chain.jti)
    const { index, action } = log.decide(chain)
    log.outcome(action)
    log.decide(chain, { action, decision: 'deny', reasons: ['REVOKED'] })
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['IDENTIFIER_REUSED', index + 2],
      ['ALLOW_AFTER_REVOCATION', index],
    ])
    const other = company()
    other.log.revoke('delegation', other.chain.jti)
    const first = other.log.decide(other.chain)
    const second = other.log.decide(other.log.root('worker'), { action: first.action })
    other.log.head()
    expect(await faultsOf(other.log)).toEqual([
      ['IDENTIFIER_REUSED', second.index],
      ['ALLOW_AFTER_REVOCATION', first.index],
    ])
  })

  test.each([
    ['no state', null, 1],
    ['a state past the bound', { epoch: 1, head: 0, t: 1_790_000_000_000 - 2001, age_ms: 2001 }, 1],
    ['a state at the bound', { epoch: 1, head: 0, t: 1_790_000_000_000 - 2000, age_ms: 2000 }, 0],
  ])('an allow with %s', async (_, freshness, n) => {
    const { log, chain } = company()
    const { index } = log.decide(chain, { freshness })
    log.head()
    expect(await faultsOf(log)).toEqual(Array.from({ length: n }, () => ['ALLOW_WHILE_STALE', index]))
  })

  test.each([
    ['another key', (log: LogBuilder, jti: string) => log.revoke('delegation', jti, undefined, 'issuer')],
    [
      'a gap',
      (log: LogBuilder, jti: string) => log.revoke('delegation', jti, (frame) => ({ ...frame, seq: 3 })),
    ],
    [
      'another one before',
      (log: LogBuilder, jti: string) =>
        log.revoke('agent', jti, (frame) => ({ ...frame, prev: hashOf('x') })),
    ],
    [
      'a time later than its entry',
      (log: LogBuilder, jti: string) =>
        log.revoke('delegation', jti, (frame) => ({ ...frame, t: frame.t + 1 })),
    ],
    ['a handle that was revoked before', (log: LogBuilder) => log.revoke('agent', 'agt_gone')],
  ])('a frame with %s does not hold', async (_, revoke) => {
    const { log } = company()
    log.revoke('agent', 'agt_gone')
    const index = revoke(log, 'dlg_x')
    expect(await faultsOf(log)).toEqual([['FRAME_INVALID', index]])
  })

  test('a frame that a point knew and the log does not hold is missing', async () => {
    const { log } = company()
    const { index } = log.decide(null, {
      decision: 'deny',
      freshness: { epoch: 1, head: 1, t: 1, age_ms: 1 },
    })
    log.revoke('agent', 'agt_gone')
    const other = log.decide(null, { decision: 'deny', freshness: { epoch: 2, head: 1, t: 1, age_ms: 1 } })
    log.decide(null, { decision: 'deny', freshness: { epoch: 1, head: 1, t: 1, age_ms: 1 } })
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['FRAME_MISSING', index],
      ['FRAME_MISSING', other.index],
    ])
  })
})

describe('limits', () => {
  const overspent = (index: number) => [['LIMIT_OVERSPENT', index]]

  test('the call that goes over a cumulative limit is named', async () => {
    const { log, chain } = company()
    for (let i = 0; i < 5; i++) log.decide(chain)
    log.decide(chain, { decision: 'deny', reasons: ['LIMIT_EXCEEDED'] })
    const { index } = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([['LEASES_OVER_CAP', index - 1], ...overspent(index)])
  })

  test('calls through a hop count for the root', async () => {
    const { log, chain } = company()
    const hop = log.hop(chain, 'worker')
    for (let i = 0; i < 5; i++) log.decide(chain)
    const { index } = log.decide(hop)
    log.head()
    expect(await faultsOf(log)).toEqual([['LEASES_OVER_CAP', index - 1], ...overspent(index)])
  })

  test('an allow that was taken back has used its lease, and the next day has its own', async () => {
    const { log, chain } = company()
    for (let i = 0; i < 3; i++) log.decide(chain)
    const { action } = log.decide(chain)
    log.decide(chain, { action, decision: 'deny', reasons: ['REVOKED'] })
    log.decide(chain)
    const free = log.root('bot', { ttl_s: 200_000 })
    log.decide(free)
    log.clock.advance(86_400_000)
    for (let i = 0; i < 5; i++) log.decide(free)
    log.head()
    expect(await faultsOf(log)).toEqual([])
  })

  type Debits = ReturnType<LogBuilder['debits']>
  test.each<[string, (debits: Debits) => Debits]>([
    ['missing', (debits) => debits.slice(1)],
    [
      'of another period',
      (debits) => debits.map((each) => (each.per === 'day' ? { ...each, period: '2026-09-20' } : each)),
    ],
    [
      'for nothing',
      (debits) => debits.map((each) => (each.measure === 'calls' ? { ...each, amount: 0 } : each)),
    ],
    [
      'over what one call may weigh',
      (debits) => debits.map((each) => (each.measure === 'size' ? { ...each, amount: 401 } : each)),
    ],
    ['there twice', (debits) => [...debits, debits[0]!]],
    [
      'of another delegation',
      (debits) => debits.map((each, i) => (i === 0 ? { ...each, jti: 'dlg_other' } : each)),
    ],
    [
      'of another issuer',
      (debits) => debits.map((each, i) => (i === 0 ? { ...each, iss: 'other.example' } : each)),
    ],
    [
      'of another grant',
      (debits) => debits.map((each, i) => (i === 0 ? { ...each, grant: hashOf('x') } : each)),
    ],
  ])('a debit that is %s', async (_, bend) => {
    const { log, chain } = company()
    const { index } = log.decide(chain, { debits: bend(log.debits(chain, 10)) })
    log.head()
    const faults = (await faultsOf(log)).filter(([code]) => !code.startsWith('LEASE_'))
    expect(faults).toEqual(overspent(index))
  })

  test('a call weighs the same for the root as for the hop', async () => {
    const { log, chain } = company()
    const hop = log.hop(chain, 'worker')
    const debits = log
      .debits(hop, 10)
      .map((each) => (each.jti === chain.jti && each.measure === 'size' ? { ...each, amount: 9 } : each))
    const { index } = log.decide(hop, { debits })
    log.head()
    expect(await faultsOf(log)).toEqual(overspent(index))
  })

  test('a debit of the period that ended a moment before the receipt is in order', async () => {
    const { log } = company()
    log.clock.advance(Date.parse('2026-09-21T23:59:59.500Z') - log.clock.now())
    const chain = log.root('bot')
    const before = log.debits(chain, 10)
    log.clock.advance(1500)
    log.decide(chain, { debits: before })
    log.head()
    expect(await faultsOf(log)).toEqual([])
  })
})

describe('receipts', () => {
  test('a gap is named by the receipt after it', async () => {
    const { log, chain } = company()
    log.decide(chain)
    log.streams.get('gate')!.seq++
    const { index } = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([['RECEIPT_GAP', index]])
  })

  test('a stream that does not begin at one has a gap', async () => {
    const { log, chain } = company()
    log.streams.get('gate')!.seq = 1
    const { index } = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([['RECEIPT_GAP', index]])
  })

  test('one that does not chain to the one before it, and one that stands twice, are named', async () => {
    const { log, chain } = company()
    log.decide(chain)
    log.streams.get('gate')!.hash = hashOf('other')
    const { index } = log.decide(chain)
    log.streams.get('gate')!.seq--
    const twice = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['RECEIPT_CHAIN_BROKEN', index],
      ['RECEIPT_CHAIN_BROKEN', twice.index],
    ])
  })

  test('logged out of order they are still one stream', async () => {
    const { log, chain } = company()
    log.logChain(chain)
    const debits = log.debits(chain, 10)
    const at = log.entries.length
    const { action } = log.decide(chain, { debits })
    log.outcome(action)
    log.entries.push(log.entries.splice(at, 1)[0]!)
    log.head()
    expect(await faultsOf(log)).toEqual([])
  })

  test('a tail without a signed head is named, receipt by receipt', async () => {
    const { log, chain } = company()
    log.decide(chain)
    log.head()
    const { index } = log.decide(chain)
    expect(await faultsOf(log)).toEqual([['RECEIPT_UNSIGNED', index]])
  })

  test('a head by another key, of another receipt, or of one that is not there does not count', async () => {
    const { log, chain } = company()
    const { index } = log.decide(chain)
    const key = log.head('gate', undefined, 'bot')
    const other = log.head('gate', ({ seq }) => ({ seq, hash: hashOf('other') }))
    const ahead = log.head('gate', ({ seq, hash }) => ({ seq: seq + 1, hash }))
    expect(await faultsOf(log)).toEqual([
      ['RECEIPT_UNSIGNED', key],
      ['RECEIPT_UNSIGNED', other],
      ['RECEIPT_GAP', ahead],
      ['RECEIPT_UNSIGNED', index],
    ])
  })

  test('of an epoch that was not opened, out of turn, or of a point not enrolled are named', async () => {
    const { log, chain } = company()
    log.streams.set('gate', { epoch: 2, seq: 0, hash: '' })
    const { index } = log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([['RECEIPT_POINT_UNKNOWN', index]])

    const skipped = company().log
    skipped.streams.set('gate', { epoch: 2, seq: 0, hash: '' })
    skipped.epoch('gate')
    const third = skipped.decide(null, { decision: 'deny' })
    skipped.head()
    expect(await faultsOf(skipped)).toEqual([['RECEIPT_POINT_UNKNOWN', third.index]])

    const stranger = company().log
    stranger.epoch('other')
    const first = stranger.decide(null, { decision: 'deny' }, 'other')
    const head = stranger.head('other')
    expect(await faultsOf(stranger)).toEqual([
      ['RECEIPT_UNSIGNED', head],
      ['RECEIPT_UNSIGNED', first.index],
      ['RECEIPT_POINT_UNKNOWN', first.index],
    ])
  })

  test('logged before the epoch was opened are named', async () => {
    const log = new LogBuilder().begin()
    log.person(ALICE)
    log.streams.set('gate', { epoch: 1, seq: 0, hash: '' })
    const { index } = log.decide(null, { decision: 'deny' })
    log.streams.set('gate', { epoch: 0, seq: 0, hash: '' })
    log.point('gate')
    const faults = await faultsOf(log)
    expect(faults).toContainEqual(['RECEIPT_POINT_UNKNOWN', index])
  })

  test('an outcome needs an open allow before it', async () => {
    const { log, chain } = company()
    const { action } = log.decide(chain, { decision: 'deny', reasons: ['REVOKED'] })
    const denied = log.outcome(action)
    const unknown = log.outcome('act_unknown')
    const allowed = log.decide(chain)
    log.outcome(allowed.action)
    const again = log.outcome(allowed.action)
    log.head()
    expect(await faultsOf(log)).toEqual(
      [denied, unknown, again].map((index) => ['OUTCOME_WITHOUT_DECISION', index]),
    )
  })
})

describe('actions of two points', () => {
  test('have two identifiers', async () => {
    const { log, chain } = company()
    log.point('other')
    const { action } = log.decide(chain)
    const again = log.decide(chain, { action, decision: 'deny' }, 'other')
    log.head()
    log.head('other')
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', again.index]])
  })
})

describe('chains', () => {
  test.each([
    [
      'expired',
      (log: LogBuilder) => {
        const chain = log.root('bot', { ttl_s: 60 })
        log.decide(chain)
        log.clock.advance(59_999)
        log.decide(chain)
        log.clock.advance(1)
        return chain
      },
    ],
    [
      'expired before it was ever used',
      (log: LogBuilder) => {
        const chain = log.root('bot', { ttl_s: 60 })
        log.clock.advance(60_000)
        return chain
      },
    ],
    [
      'not valid yet, though it was used later',
      (log: LogBuilder) => {
        const chain = log.root('bot')
        log.decide(chain)
        log.clock.advance(-61_000)
        return chain
      },
    ],
    [
      'widened by a hop',
      (log: LogBuilder) => log.hop(log.root('bot'), 'worker', (grant) => ({ ...grant, actions: ['*'] })),
    ],
    ['for another point', (log: LogBuilder) => log.hop(log.root('bot'), 'worker'), 'other'],
  ])('an allow by one that is %s', async (_, make, point = 'gate') => {
    const { log } = company()
    log.point('other')
    const chain = make(log)
    const { index } = log.decide(chain, {}, point)
    for (const each of ['gate', 'other']) if (log.streams.get(each)!.seq > 0) log.head(each)
    expect(await faultsOf(log)).toEqual([['CHAIN_INVALID', index]])
  })

  test('every allow by a chain that does not hold is named, not the first alone', async () => {
    const { log, chain } = company()
    const hop = log.hop(chain, 'worker', (grant) => ({ ...grant, actions: ['*'] }))
    const indices = [log.decide(hop).index, log.decide(hop).index]
    log.head()
    expect(await faultsOf(log)).toEqual(indices.map((index) => ['CHAIN_INVALID', index]))
  })

  test('one that is not logged, not logged before, or not named is missing', async () => {
    const { log, chain } = company()
    const first = log.decide(chain, {}, 'gate', { log: false })
    const none = log.decide(chain, { chain: null }, 'gate', { log: false })
    log.logChain(chain)
    log.decide(chain)
    log.head()
    expect(await faultsOf(log)).toEqual([first, none].map(({ index }) => ['CHAIN_MISSING', index]))
  })

  test('a segment that is not what its identifier says, or tells of a person, is named', async () => {
    const { log, chain } = company()
    const at = log.entries.length
    log.logChain(chain, (segment) => ({
      ...segment,
      segment: `${segment.segment}${disclosureOf(['salt', 'instruction', 'x'])}~`,
    }))
    expect((await faultsOf(log))[0]).toEqual(['SEGMENT_INVALID', at])
    const other = company()
    const odd = other.log.add('chain.segment', { kind: 'system', id: 'x' }, null, {
      id: hashOf('x'),
      parent: null,
      segment: 'e30.e30.e30~',
    })
    expect(await faultsOf(other.log)).toEqual([['SEGMENT_INVALID', odd]])
  })

  test('a principal who was not registered, before the delegation and with that key', async () => {
    const { log } = company()
    log.people.set('eve', { id: 'per_eve', rev: 'rev_eve', registration: 4 })
    const chain = log.root('bot', { by: 'eve' })
    const { index } = log.decide(chain)
    log.people.set('mallory', {
      id: 'per_alice',
      rev: 'rev_alice',
      registration: log.people.get(ALICE)!.registration,
    })
    const other = log.decide(log.root('bot', { by: 'mallory' }))
    log.people.get(BOB)!.registration++
    const third = log.decide(log.root('bot', { by: BOB }))
    log.people.set('late', { id: 'per_late', rev: 'rev_late', registration: log.entries.length + 2 })
    const early = log.root('bot', { by: 'late' })
    log.person('late')
    const fourth = log.decide(early)
    log.head()
    const faults = await faultsOf(log)
    expect(faults.filter(([code]) => code === 'GESTURE_UNREGISTERED')).toEqual(
      [index, other.index, third.index, fourth.index].map((at) => ['GESTURE_UNREGISTERED', at]),
    )
    // each of the four roots besides, used or not
    const others = faults.filter(([code]) => code !== 'GESTURE_UNREGISTERED')
    expect(others.map(([code]) => code)).toEqual(Array.from({ length: 4 }, () => 'REGISTRATION_NOT_ENDORSED'))
  })

  test('a root that the log does not issue, or issues otherwise', async () => {
    const { log } = company()
    const indices = [
      log.decide(log.root('bot', { log: false })).index,
      log.decide(
        log.root('bot', { issued: (body) => ({ ...body, agent: 'agt_worker', segment: hashOf('') }) }),
      ).index,
      log.decide(log.root('bot', { issued: (body) => ({ ...body, exp: body.exp - 1, segment: hashOf('') }) }))
        .index,
      log.decide(log.root('bot', { issued: (body) => ({ ...body, rev: ['rev_bob'], segment: hashOf('') }) }))
        .index,
    ]
    log.head()
    const faults = await faultsOf(log)
    for (const index of indices) expect(faults).toContainEqual(['DELEGATION_NOT_ISSUED', index])
    // besides the allows, the three entries that issue something else than the log holds
    expect(faults.map(([code]) => code)).toEqual(Array.from({ length: 7 }, () => 'DELEGATION_NOT_ISSUED'))
  })

  test('an issued delegation that nobody used has a root that is logged, whole, and verifies', async () => {
    const { log } = company()
    const issued = (segment: string): number => {
      log.root('bot', { issued: (body) => ({ ...body, segment }) })
      return log.entries.length - 1
    }
    const missing = issued(hashOf('nowhere'))
    expect(await faultsOf(log)).toEqual([['DELEGATION_NOT_ISSUED', missing]])

    const other = company()
    const root = other.log.root('bot', { log: false, ttl_s: 60 })
    const { segment } = segmentsOf(nodeCrypto, root.text)[0]!
    const hidden = `${segment.split('~')[0]!}~`
    const id = segmentId(nodeCrypto, null, hidden)
    other.log.add('chain.segment', { kind: 'system', id: 'x' }, id, { id, parent: null, segment: hidden })
    const exp = seconds(other.log.clock.now()) + 60
    const body = { jti: root.jti, agent: root.agent, rev: ['rev_alice'], exp, segment: id, template: 4 }
    const at = other.log.add('delegation.issued', { kind: 'person', id: 'per_alice' }, root.jti, body)
    expect(await faultsOf(other.log)).toEqual([['CHAIN_INVALID', at]])
  })

  test('an issued root whose logged segment is another one', async () => {
    const { log, chain } = company()
    const segment = log.logChain(chain)
    log.root('bot', { issued: (body) => ({ ...body, segment }) })
    const hop = log.logChain(log.hop(chain, 'worker'))
    log.root('bot', { issued: (body) => ({ ...body, segment: hop }) })
    const faults = await faultsOf(log)
    expect(faults.map(([code]) => code)).toEqual(['DELEGATION_NOT_ISSUED', 'DELEGATION_NOT_ISSUED'])
  })

  test('what was issued, approved or registered only afterwards does not count', async () => {
    const { log } = company()
    log.propose('slow')
    log.activate('slow')
    const unapproved = log.root('slow')
    log.approve('slow')
    const first = log.decide(unapproved)
    const keyless = log.root('bot', { holder: 'new key' })
    log.activate('bot', 'new key')
    const second = log.decide(keyless)
    const later = log.root('bot', { log: false })
    const third = log.decide(later)
    const segment = segmentsOf(nodeCrypto, later.text)[0]!.id
    const body = {
      jti: later.jti,
      agent: later.agent,
      rev: ['rev_alice'],
      exp: 1_790_003_600,
      segment,
      template: 4,
    }
    log.add('delegation.issued', { kind: 'person', id: 'per_alice' }, later.jti, body)
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['AGENT_NOT_APPROVED', first.index],
      ['HOLDER_UNREGISTERED', second.index],
      ['DELEGATION_NOT_ISSUED', third.index],
    ])
  })

  test('a segment with a good identifier that tells of a person, or comes before its parent', async () => {
    const { log, chain } = company()
    const [root] = segmentsOf(nodeCrypto, chain.text)
    const add = (parent: string | null, segment: string): number => {
      const id = segmentId(nodeCrypto, parent, segment)
      return log.add('chain.segment', { kind: 'system', id: 'x' }, id, { id, parent, segment })
    }
    const tells = add(null, `${root!.segment}${disclosureOf(['salt', 'instruction', 'x'])}~`)
    const early = add(root!.id, 'e30.e30.e30~')
    log.logChain(chain)
    expect(await faultsOf(log)).toEqual([tells, early].map((index) => ['SEGMENT_INVALID', index]))
  })

  test('an issued root that is logged as somebody’s hop', async () => {
    const { log, chain } = company()
    const parent = log.logChain(chain)
    const root = log.root('bot', { log: false })
    const { segment } = segmentsOf(nodeCrypto, root.text)[0]!
    const id = segmentId(nodeCrypto, parent, segment)
    log.add('chain.segment', { kind: 'system', id: 'x' }, id, { id, parent, segment })
    const body = {
      jti: root.jti,
      agent: root.agent,
      rev: ['rev_alice'],
      exp: 1_790_003_600,
      segment: id,
      template: 4,
    }
    const at = log.add('delegation.issued', { kind: 'person', id: 'per_alice' }, root.jti, body)
    expect(await faultsOf(log)).toEqual([['DELEGATION_NOT_ISSUED', at]])
  })

  test('an agent that was not approved before its delegation, and a key that is not its own', async () => {
    const { log, chain } = company()
    log.propose('fresh')
    log.activate('fresh')
    const early = log.decide(log.root('fresh'))
    const hop = log.decide(log.hop(chain, 'fresh'))
    log.approve('fresh')
    const stolen = log.decide(log.root('bot', { holder: 'nobody' }))
    const unknown = log.decide(log.hop(chain, 'stranger'))
    log.head()
    expect(await faultsOf(log)).toEqual([
      ['AGENT_NOT_APPROVED', early.index],
      ['AGENT_NOT_APPROVED', hop.index],
      ['HOLDER_UNREGISTERED', stolen.index],
      ['AGENT_NOT_APPROVED', unknown.index],
      ['HOLDER_UNREGISTERED', unknown.index],
    ])
  })

  test.each([
    ['another agent', { agent: 'agt_worker' }, 'CHAIN_INVALID'],
    ['another tool', { tool: 'delete' }, 'ACTION_WITHOUT_GRANT'],
    ['a grant that the chain does not have', { grant: hashOf('x'), debits: [] }, 'ACTION_WITHOUT_GRANT'],
    ['no grant', { grant: null, debits: [] }, 'ACTION_WITHOUT_GRANT'],
    ['no holder proof', { binding: 'none' as const }, 'ACTION_UNBOUND'],
    ['no commitment to its arguments', { args_commit: null }, 'ACTION_UNBOUND'],
    ['reasons against it', { reasons: ['REVOKED'] }, 'ACTION_UNBOUND'],
    ['another placement', { placement: 'tool_side' as const }, 'RECEIPT_POINT_UNKNOWN'],
  ])('an allow whose receipt names %s', async (_, draft, code) => {
    const { log, chain } = company()
    const { index } = log.decide(chain, draft)
    log.head()
    expect(await faultsOf(log)).toEqual([[code, index]])
  })

  test('an allow on a server that the point does not guard', async () => {
    const { log } = company()
    const { index } = log.decide(
      log.root('bot', { grants: [{ type: 'tool', server: 'mail', actions: ['*'] }] }),
      { server: 'mail' },
    )
    log.head()
    expect(await faultsOf(log)).toEqual([['RECEIPT_POINT_UNKNOWN', index]])
  })
})

describe('approvals', () => {
  const approved = async (
    approve: (log: LogBuilder) => number,
    separation: 'independent' | 'after' = 'independent',
  ) => {
    const log = new LogBuilder().begin({ separation })
    log.person(ALICE)
    log.person(BOB)
    log.propose('bot')
    const index = approve(log)
    return { faults: await faultsOf(log), expected: [['APPROVAL_INVALID', index]] }
  }

  test.each<[string, (log: LogBuilder) => number]>([
    ['by its proposer', (log) => log.approve('bot', ALICE, { alone: true })],
    ['by its proposer, denied', (log) => log.approve('bot', ALICE)],
    ['said to be alone when it is not', (log) => log.approve('bot', BOB, { alone: true })],
    ['of another proposal', (log) => log.approve('bot', BOB, { act: (act) => ({ ...act, proposal: 1 }) })],
    [
      'of an agent that was not proposed',
      (log) => {
        log.proposals.set('ghost', 7)
        return log.approve('ghost')
      },
    ],
    [
      'over another act',
      (log) => {
        const agent = log.proposals.get('bot')!
        return log.approve('bot', BOB, {
          body: (body) => ({ ...body, gesture: log.gesture(BOB, 'approver', hashOf(String(agent))) }),
        })
      },
    ],
    [
      'by somebody who is not the approver',
      (log) =>
        log.approve('bot', BOB, {
          body: (body) => ({ ...body, act: { ...body.act, approver: 'per_carol' } }),
        }),
    ],
    [
      'entered by another than the approver',
      (log) =>
        log.approve('bot', BOB, {
          entry: (entry) => ({ ...entry, actor: { kind: 'person', id: 'per_alice' } }),
        }),
    ],
    [
      'entered about another agent',
      (log) => log.approve('bot', BOB, { entry: (entry) => ({ ...entry, subject: 'agt_other' }) }),
    ],
    [
      'by a key that was not registered',
      (log) => {
        log.people.set('eve', { id: 'per_eve', rev: 'rev_eve', registration: 4 })
        return log.approve('bot', 'eve')
      },
    ],
    [
      'by another key of a registered person',
      (log) => {
        log.people.set('mallory', {
          id: 'per_mallory',
          rev: 'rev_bob',
          registration: log.people.get(BOB)!.registration,
        })
        return log.approve('bot', 'mallory', {
          act: (act) => ({ ...act, approver: 'per_bob' }),
          entry: (entry) => ({ ...entry, actor: { kind: 'person', id: 'per_bob' } }),
        })
      },
    ],
    [
      'by a person who was registered only afterwards',
      (log) => {
        log.people.set('late', { id: 'per_late', rev: 'rev_late', registration: log.entries.length + 2 })
        const index = log.approve('bot', 'late')
        log.person('late')
        return index
      },
    ],
    [
      'in the name of another',
      (log) =>
        log.approve('bot', BOB, {
          act: (act) => ({ ...act, approver: 'per_carol' }),
          entry: (entry) => ({ ...entry, actor: { kind: 'person', id: 'per_carol' } }),
        }),
    ],
    [
      'registered elsewhere',
      (log) => {
        log.people.get(BOB)!.registration--
        return log.approve('bot')
      },
    ],
    [
      'by a person who had left',
      (log) => {
        log.revoke('person', 'rev_bob')
        return log.approve('bot')
      },
    ],
    [
      'for a second time',
      (log) => {
        log.approve('bot')
        return log.approve('bot')
      },
    ],
  ])('an approval %s', async (_, approve) => {
    const { faults, expected } = await approved(approve)
    expect(faults).toEqual(expected)
  })

  test('one that acted alone and does not say so, under `after`', async () => {
    const { faults, expected } = await approved((log) => log.approve('bot', ALICE), 'after')
    expect(faults).toEqual(expected)
  })

  test.each([ALICE, BOB])(
    'of who proposed and who owns an agent, neither approves it: not %s',
    async (by) => {
      const log = new LogBuilder().begin()
      log.person(ALICE)
      log.person(BOB)
      const proposal = { owner: 'per_bob', class: 'c', purpose: 'p', systems: [], manifest: hashOf('x') }
      const at = log.add('agent.proposed', { kind: 'person', id: 'per_alice' }, 'agt_bot', proposal)
      log.proposals.set('bot', at)
      const index = log.approve('bot', by)
      expect(await faultsOf(log)).toEqual([['APPROVAL_INVALID', index]])
    },
  )
})

describe('the beginning of the log', () => {
  test('log.created comes first', async () => {
    expect(await faultsOf(new LogBuilder().begin({ late: true }))).toEqual([['ENTRY_INVALID', 0]])
  })

  test('and once', async () => {
    const log = new LogBuilder().begin()
    log.begin({ preset: false })
    expect(await faultsOf(log)).toEqual([
      ['IDENTIFIER_REUSED', 5],
      ['KEY_EVENT_INVALID', 6],
      ['KEY_EVENT_INVALID', 7],
      ['KEY_EVENT_INVALID', 8],
    ])
  })

  test('a log without it says so', async () => {
    const log = new LogBuilder()
    log.add('system.added', { kind: 'system', id: 'x' }, null, { name: 'x' })
    expect(await faultsOf(log)).toEqual([
      ['ENTRY_INVALID', 0],
      ['KEY_MISMATCH', undefined],
    ])
  })

  test('its origin and its key are those of the key given', async () => {
    expect(await faultsOf(new LogBuilder().begin({ log: 'other' }))).toEqual([['KEY_MISMATCH', 3]])
    const log = new LogBuilder().begin({ created: (body) => ({ ...body, origin: `${ORIGIN}/x` }) })
    expect(await faultsOf(log)).toEqual([['KEY_MISMATCH', 0]])
  })

  test('a key is the one it is called', async () => {
    const log = new LogBuilder().begin()
    log.add('key.created', { kind: 'system', id: 'x' }, null, {
      use: 'issuer',
      kid: hashOf('x'),
      jwk: log.world.signer('x').publicJwk,
    })
    expect(await faultsOf(log)).toEqual([['KEY_MISMATCH', 5]])
  })

  test.each<[string, (log: LogBuilder) => unknown]>([
    ['a person', (log) => log.person(ALICE, { endorsed: null })],
    ['an agent', (log) => log.propose('bot')],
    [
      'a point',
      (log) =>
        log.add('point.enrolled', { kind: 'system', id: 'x' }, 'pnt_gate', {
          jwk: log.world.signer('x').publicJwk,
          placement: 'gateway',
          servers: ['files'],
        }),
    ],
    ['a delegation', (log) => log.root('bot', { jti: 'same' })],
    [
      'an epoch',
      (log) => {
        log.streams.set('gate', { epoch: 0, seq: 0, hash: '' })
        log.epoch('gate')
      },
    ],
  ])('the identifier of %s is given once', async (_, again) => {
    const { log } = company()
    log.root('bot', { jti: 'same' })
    again(log)
    const at = log.entries.length - 1
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', at]])
  })
})

describe('an insider with every key of the control plane', () => {
  test('does not pass another root off as the one that was issued under its identifier', async () => {
    const log = new LogBuilder().company('independent')
    log.root('bot', { jti: 'dlg_twin' })
    const twin = log.root('bot', {
      jti: 'dlg_twin',
      log: false,
      grants: [{ ...READ, actions: ['*'] }],
      depth_max: 8,
    })
    const at = log.decide(twin, { tool: 'wipe_disk' }).index
    log.head()
    expect(await faultsOf(log)).toEqual([['DELEGATION_NOT_ISSUED', at]])
  })

  const edited = (log: LogBuilder, type: string, edit: (entry: AnyEntry) => AnyEntry): number => {
    const at = log.entries.findLastIndex((bytes) => decodeEntry(bytes).type === type)
    log.entries[at] = encodeEntry(edit(decodeEntry(log.entries[at]!)))
    return at
  }

  test('does not name another principal than the one who made the gesture', async () => {
    const { log } = company()
    const at = edited(log, 'delegation.issued', (entry) => ({
      ...entry,
      actor: { kind: 'person', id: log.people.get(BOB)!.id },
    }))
    expect(await faultsOf(log)).toEqual([['DELEGATION_NOT_ISSUED', at]])
  })

  test('does not enrol one authenticator, or one person, as two', async () => {
    const { log } = company()
    log.person('carol', { endorsed: null })
    const at = log.entries.length - 1
    edited(log, 'person.enrolled', (entry) => {
      if (entry.type !== 'person.enrolled') return entry
      const credential = { jwk: log.world.authenticator(ALICE, RP).jwk, amr: ['swk'] }
      return { ...entry, body: { ...entry.body, credential } }
    })
    expect(await faultsOf(log)).toEqual([['IDENTIFIER_REUSED', at]])

    const twice = company().log
    twice.person('carol', { endorsed: null })
    const second = edited(twice, 'person.enrolled', (entry) => ({ ...entry, subject: 'per_alice' }))
    expect(await faultsOf(twice)).toEqual([['IDENTIFIER_REUSED', second]])
  })

  test('does not use an issuer key before the log names it', async () => {
    const { log, chain } = company()
    const { index } = log.decide(chain)
    log.head()
    const issued = log.entries.findIndex((bytes) => decodeEntry(bytes).type === 'delegation.issued')
    const key = log.entries.findIndex((bytes) => decodeEntry(bytes).type === 'key.created')
    // The first key is the issuer's. Two entries trade places, so that no index moves.
    const last = log.add('system.added', { kind: 'system', id: 'x' }, null, { name: 'x' })
    ;[log.entries[key], log.entries[last]] = [log.entries[last]!, log.entries[key]!]
    const faults = await faultsOf(log)
    expect(faults).toEqual([
      ['KEY_MISMATCH', issued],
      ['KEY_MISMATCH', index],
    ])
  })

  test('does not use a frame key before the log names it', async () => {
    const { log } = company()
    const index = log.revoke('agent', 'agt_bot')
    const last = log.add('system.added', { kind: 'system', id: 'x' }, null, { name: 'x' })
    ;[log.entries[2], log.entries[last]] = [log.entries[last]!, log.entries[2]!]
    expect(await faultsOf(log)).toEqual([['FRAME_INVALID', index]])
  })

  test('does not move an entry out of the period unseen: times that go back are told', async () => {
    const { log } = company()
    log.clock.advance(-7200_000)
    const index = log.entries.length
    log.root('worker')
    log.clock.advance(7200_000)
    const { ok, notes } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toContain(
      `the clock of the log goes back 1 time, first at entry ${index}: what is before or after a date there is its word`,
    )
  })

  test('does not hide that the approver was invited by the proposer', async () => {
    const { log } = company()
    const at = log.entries.findLastIndex((bytes) => decodeEntry(bytes).type === 'person.added')
    log.entries[at] = encodeEntry({
      ...decodeEntry(log.entries[at]!),
      actor: { kind: 'person', id: 'per_alice' },
    })
    const { ok, notes } = await reportOf(log)
    expect(ok).toBe(true)
    expect(notes).toContain(
      '2 agents were approved by somebody whom their proposer invited: the log cannot tell whether they are two people',
    )
  })
})

describe('building a pack', () => {
  test('refuses a period that does not end after it starts, and an empty log', async () => {
    const { log } = company()
    const source = { ...(await log.publish()), start: null }
    const period = { from_ms: 1, to_ms: 1 }
    await expect(buildPack(nodeCrypto, source, period)).rejects.toThrowWithCode('PACK_PERIOD_INVALID')
    const empty = new LogBuilder()
    const nothing = { ...source, vkey: empty.vkey, checkpoint: empty.checkpointAt(0) }
    await expect(buildPack(nodeCrypto, nothing, PERIOD)).rejects.toThrowWithCode('PACK_LOG_EMPTY')
  })

  test('refuses a log that does not verify or does not serve a file', async () => {
    const { log } = company()
    const source = { ...(await log.publish()), start: null }
    const [bundle = ''] = [...source.tiles.files.keys()].filter((name) => name.startsWith('tile/entries'))
    const bytes = source.tiles.files.get(bundle)!
    bytes[20]! ^= 1
    await expect(buildPack(nodeCrypto, source, PERIOD)).rejects.toThrowWithCode('PACK_FILE_MISSING')
    source.tiles.files.delete(bundle)
    await expect(buildPack(nodeCrypto, source, PERIOD)).rejects.toThrowWithCode('PACK_FILE_MISSING')
  })

  test('cuts a partial tile that the log no longer serves from the full one', async () => {
    const { log } = company()
    const small = await log.pack()
    const checkpoint = log.checkpointAt(log.entries.length)
    while (log.entries.length < 300) log.add('system.added', { kind: 'system', id: 'x' }, null, { name: 'x' })
    const published = await log.publish()
    const built = await buildPack(nodeCrypto, { ...published, checkpoint, start: null }, PERIOD)
    expect(Buffer.from(built.bytes).equals(small)).toBe(true)
  })

  test('puts an item in the period of its event, which is half-open', async () => {
    const { log, chain } = company()
    const from_ms = log.clock.now() + 1000
    log.decide(chain, { time: rfc3339(from_ms - 1) })
    log.decide(chain, { time: rfc3339(from_ms) })
    log.decide(chain, { time: rfc3339(from_ms + 1) })
    log.head()
    const source = { ...(await log.publish()), start: null }
    const { manifest } = await buildPack(nodeCrypto, source, { from_ms, to_ms: from_ms + 1 })
    const inPeriod = manifest.populations.filter(({ count }) => count > 0)
    expect(inPeriod.map(({ name, count }) => [name, count])).toEqual([
      ['agents', 2],
      ['decisions', 1],
      ['vendor_uses', 1],
      ['active_agents', 2],
      ['signing_keys', 3],
      ['kill_channel', 1],
    ])
  })
})
