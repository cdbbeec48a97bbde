/** What a verifier makes of consents, withdrawals and uses of personal data. spec/consent.md (CNS-32, CNS-33). @module */
import { beforeEach, describe, expect, test } from 'vitest'
import { ALICE, BOB, BOUND_MS, LogBuilder, READ } from '../../../test/fixtures/history.ts'
import { digestOf } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import {
  CONSENT_TAG,
  giveAct,
  handleFor,
  type Basis,
  type ConsentRecord,
  type Notice,
} from '../../core/consent.ts'
import { DPV, PD } from '../../core/dpv.ts'
import { signTagged } from '../../core/sign.ts'
import { seconds } from '../../core/time.ts'
import type { EntryBody } from '../../log/entries.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { POPULATIONS } from '../populations/populations.ts'
import { verifyPack } from './verify.ts'

const MARKETING = `${DPV}Marketing`
const DIRECT = `${DPV}DirectMarketing`
const EMAIL = `${PD}EmailAddress`

let log: LogBuilder
let subject: string
let notice: string
const alice = () => ({ kind: 'person', id: log.id('per', ALICE) }) as const
const now_s = (): number => seconds(log.clock.now())

beforeEach(() => {
  log = new LogBuilder().company()
  subject = log.id('dsb', 'jo')
  log.add('data_subject.added', alice(), subject, { jurisdiction: 'EU' })
  notice = agreed('notice', log.id('ntc', 'shop'), noticeOf())
})

function noticeOf(more: Partial<Notice> = {}): { notice: Notice } {
  return {
    notice: {
      v: 1,
      name: 'Shop',
      version: '1',
      language: 'en',
      jurisdiction: 'EU',
      controller: 'Shop Ltd',
      contact: 'privacy@shop.example',
      text_hash: digestOf('words'),
      purposes: [MARKETING],
      categories: [`${PD}Contact`],
      ...more,
    },
  }
}

/** Proposed by Alice, approved by Bob. */
function agreed<N extends 'notice' | 'basis' | 'manager'>(
  noun: N,
  id: string,
  body: EntryBody<`${N}.proposed`>,
  by = BOB,
): string {
  const proposal = log.add(`${noun}.proposed`, alice(), id, body as never)
  const approver = log.id('per', by)
  const act = { act: `${noun}.approve`, [noun]: id, proposal, approver }
  const gesture = log.gesture(by, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  const said = { act, gesture, acted_alone: by === ALICE }
  log.add(`${noun}.approved`, { kind: 'person', id: approver }, id, said as never)
  return id
}

let given = 0
function recordOf(more: Partial<ConsentRecord> = {}): ConsentRecord {
  given++
  return {
    v: 1,
    consent: log.id('cns', `c${given}`),
    subject,
    rev: log.id('rev', `c${given}`),
    notice,
    language: 'en',
    jurisdiction: 'EU',
    purposes: [MARKETING],
    categories: [EMAIL],
    given_at: now_s(),
    expires: now_s() + 86_400,
    ...more,
  }
}

function give(more: Partial<ConsentRecord> = {}): ConsentRecord {
  const record = recordOf(more)
  const proof = { type: 'imported', source: 'CRM', method: 'paper', evidence_hash: digestOf('form') } as const
  log.add('consent.given', alice(), record.subject, { record, proof })
  return record
}

function withdraw({ consent, rev }: ConsentRecord, purpose: string | null = null, withFrame = true): void {
  const purposes = purpose === null ? null : [purpose]
  log.add('consent.withdrawn', alice(), subject, { consent, rev, purposes, by: 'person' })
  if (withFrame) log.revoke('consent', handleFor(nodeCrypto, rev, purpose))
}

/** A call whose arguments named the subject, allowed by this basis. */
function use(basis: string, more: Partial<BasesRecord['used'][number]> = {}, fresh: object = {}): void {
  const used = { subject, purpose: DIRECT, basis, n: 1, ...more }
  const freshness = { epoch: 1, head: log.frames.length, t: log.clock.now() - 100, age_ms: 100, ...fresh }
  const chain = log.root('bot', { grants: [{ ...READ, purposes: [used.purpose] }] })
  log.decide(chain, { freshness, basis: { mode: 'enforce', used: [used], missing: [] } })
}

const faults = async () => {
  log.head()
  return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report.faults
}
const codes = async (): Promise<string[]> => (await faults()).map(({ code }) => code)

describe('a consent', () => {
  test('that was imported within an approved notice holds, and so does one of a manager', async () => {
    give()
    const manager = { name: 'Hub', jwk: log.world.signer('hub').publicJwk, jurisdiction: 'EU' }
    const id = agreed('manager', log.id('mgr', 'hub'), { manager })
    const record = recordOf()
    const sig = signTagged(log.world.signer('hub'), CONSENT_TAG, record)
    log.add('consent.given', { kind: 'manager', id }, subject, {
      record,
      proof: { type: 'manager', manager: id, sig },
    })
    expect(await codes()).toEqual([])
  })

  test.each<[string, string, () => void]>([
    [
      'for another purpose than its notice',
      'PURPOSE_OUTSIDE_NOTICE',
      () => give({ purposes: [`${DPV}PublicBenefit`] }),
    ],
    ['of a notice that nobody approved', 'UNKNOWN_NOTICE', () => give({ notice: 'ntc_x' })],
    ['of nobody in the log', 'CONSENT_SUBJECT_MISMATCH', () => give({ subject: 'dsb_x' })],
    ['that had expired', 'CONSENT_EXPIRED', () => give({ expires: now_s() - 1 })],
    ['from the future', 'CONSENT_STALE', () => give({ given_at: now_s() + 5_000, expires: now_s() + 9_000 })],
    [
      'to the profiling of a child',
      'MINOR_PROFILING',
      () => {
        subject = log.id('dsb', 'child')
        log.add('data_subject.added', alice(), subject, { jurisdiction: 'IN' })
        const purposes = [`${DPV}PersonalisedAdvertising`]
        const indian = noticeOf({ jurisdiction: 'IN', purposes, version: '2' })
        const minor = { age: 12, until: now_s() + 9_000, verified: 'token' } as const
        const proxy = { relation: 'parent', evidence_hash: digestOf('e') } as const
        const of = agreed('notice', log.id('ntc', 'indian'), indian)
        give({ notice: of, jurisdiction: 'IN', purposes, minor, proxy })
      },
    ],
    [
      'with the handle of another',
      'CONSENT_REPLAYED',
      () => {
        give({ rev: give().rev })
      },
    ],
    [
      'signed by another key than the manager’s',
      'CONSENT_PROOF_INVALID',
      () => {
        const manager = { name: 'Hub', jwk: log.world.signer('hub').publicJwk, jurisdiction: 'EU' }
        const id = agreed('manager', log.id('mgr', 'hub'), { manager })
        const record = recordOf()
        const sig = signTagged(log.world.signer('other'), CONSENT_TAG, record)
        log.add('consent.given', { kind: 'manager', id }, subject, {
          record,
          proof: { type: 'manager', manager: id, sig },
        })
      },
    ],
    [
      'by a passkey of a person who is no data subject',
      'CONSENT_SUBJECT_MISMATCH',
      () => {
        const record = recordOf()
        const gesture = log.gesture(BOB, 'principal', challengeOf(nodeCrypto, ACT_TAG, giveAct(record)))
        log.add('consent.given', alice(), subject, { record, proof: { type: 'passkey', gesture } })
      },
    ],
  ])('%s is a finding: %s', async (_, why, make) => {
    make()
    const found = await faults()
    expect(found.map(({ code }) => code)).toEqual(['CONSENT_INVALID'])
    expect(found[0]?.message).toMatch(new RegExp(`does not hold: ${why}$`))
  })

  test('rests on a notice of which there is one of a name and version', async () => {
    agreed('notice', log.id('ntc', 'again'), noticeOf({ text_hash: digestOf('other words') }))
    expect(await codes()).toEqual(['NOTICE_CONFLICT'])
  })

  test('does not rest on a notice that its proposer approved', async () => {
    agreed('notice', log.id('ntc', 'own'), noticeOf({ version: '2' }), ALICE)
    expect(await codes()).toContain('APPROVAL_INVALID')
  })
})

describe('a withdrawal', () => {
  test('has its frame, and a frame its withdrawal', async () => {
    withdraw(give())
    withdraw(give(), DIRECT)
    expect(await codes()).toEqual([])
  })

  test('without a frame is a finding, and so is a frame of which nothing says why', async () => {
    withdraw(give(), null, false)
    log.revoke('consent', give().rev)
    expect(await codes()).toEqual(['WITHDRAWAL_INVALID', 'WITHDRAWAL_INVALID'])
  })
})

describe('a use', () => {
  test('under a consent that lived, or a basis in force, holds', async () => {
    use(give().consent)
    const basis: Basis = {
      v: 1,
      kind: 'gdpr_6_1_f',
      purpose: MARKETING,
      categories: [EMAIL],
      jurisdiction: 'EU',
      expires: now_s() + 1000,
    }
    use(agreed('basis', log.id('bas', 'interest'), { basis }))
    expect(await codes()).toEqual([])
  })

  test.each<[string, () => void]>([
    ['under nothing', () => use('cns_x')],
    ['under a consent of somebody else', () => use(give().consent, { subject: 'dsb_x' })],
    ['for another purpose', () => use(give().consent, { purpose: `${DPV}ServiceProvision` })],
    [
      'after it had expired',
      () => {
        const { consent } = give({ expires: now_s() + 1 })
        log.clock.advance(5_000)
        use(consent)
      },
    ],
  ])('%s is a finding', async (_, make) => {
    make()
    expect(await codes()).toEqual(['BASIS_INVALID'])
  })

  test('is a finding when the point knew of the withdrawal, and past the bound whether it knew or not', async () => {
    const record = give()
    withdraw(record, MARKETING)
    use(record.consent)
    log.clock.advance(BOUND_MS + 1_000)
    use(record.consent, {}, { head: 0 })
    expect(await codes()).toEqual(['BASIS_WITHDRAWN', 'BASIS_WITHDRAWN'])
  })

  test('within the bound of a withdrawal that had not arrived is none', async () => {
    const record = give()
    withdraw(record)
    log.clock.advance(BOUND_MS / 2)
    use(record.consent, {}, { head: 0 })
    expect(await codes()).toEqual([])
  })

  test('of a basis that an objection reaches is a finding once the subject objected', async () => {
    const basis: Basis = {
      v: 1,
      kind: 'gdpr_6_1_f',
      purpose: MARKETING,
      categories: [EMAIL],
      jurisdiction: 'EU',
      expires: now_s() + 1000,
    }
    const id = agreed('basis', log.id('bas', 'interest'), { basis })
    log.add('objection.made', alice(), subject, {
      objection: log.id('obj', '1'),
      right: 'gdpr_21',
      purposes: [MARKETING],
    })
    log.revoke('subject', handleFor(nodeCrypto, subject, MARKETING))
    use(id)
    expect(await codes()).toEqual(['BASIS_WITHDRAWN'])
  })
})

test('a pack has the consents and the withdrawals of its period, each with what an auditor asks for', async () => {
  const record = give()
  use(record.consent)
  log.clock.advance(1_000)
  withdraw(record)
  log.head()
  const { history } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  const period = { from_ms: 0, to_ms: log.clock.now() + 1 }
  const rows = (name: string): object[] => {
    const definition = POPULATIONS.find((one) => one.name === name)
    return definition === undefined ? [] : [...definition.rows(history, period)]
  }
  expect(rows('consents')).toMatchObject([
    {
      consent: record.consent,
      subject,
      notice,
      notice_version: '1',
      text_hash: digestOf('words'),
      language: 'en',
      purposes: [MARKETING],
      proof: 'imported',
      asserted: true,
    },
  ])
  expect(rows('withdrawals')).toMatchObject([
    { consent: record.consent, subject, purposes: null, frames: [1], uses_before: 1, uses_after: 0 },
  ])
  expect(rows('disclosures')).toMatchObject([
    { subject, purpose: DIRECT, basis: record.consent, tool: 'read', n: 1 },
  ])
})

test('the report answers tests 28 to 30 for every item, and says what did not occur', async () => {
  const tests = async () => {
    log.head()
    return (await verifyPack(nodeCrypto, await log.pack(), log.vkey)).report.results
  }
  const none = { items: 0, deviations_n: 0, deviations: [], result: 'did_not_occur' }
  const before = await tests()
  for (const number of [25, 26, 28, 29, 30]) expect(before[number]).toMatchObject(none)
  const record = give()
  use(record.consent)
  log.clock.advance(1_000)
  withdraw(record)
  const good = { items: 1, deviations_n: 0, result: 'no_deviation' }
  expect(await tests()).toMatchObject({ 25: none, 26: none, 28: good, 29: good, 30: good })
  log.clock.advance(BOUND_MS + 1)
  use(record.consent)
  const { 29: used, 30: after } = await tests()
  expect(used).toMatchObject({ items: 2, deviations_n: 0 })
  expect(after).toMatchObject({ items: 1, deviations_n: 1, result: 'deviations' })
  expect(after?.deviations).toMatchObject([{ code: 'USED_AFTER_WITHDRAWAL', chain: expect.any(String) }])
})
