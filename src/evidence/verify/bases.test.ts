/** Logs in which personal data was touched, as a census: every use, and each that had no basis. spec/consent.md (CNS-33, CNS-39). */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, READ, type Chain } from '../../../test/fixtures/history.ts'
import { digestOf } from '../../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { handleFor, type Basis, type ConsentRecord } from '../../core/consent.ts'
import { DPV, PD } from '../../core/dpv.ts'
import type { FlowPolicy } from '../../core/flow-policy.ts'
import type { ToolLabel } from '../../core/label.ts'
import { seconds } from '../../core/time.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { verifyPack } from './verify.ts'

const MARKETING = `${DPV}Marketing`
const SERVICE = `${DPV}ServiceProvision`
const CONTACT = `${PD}Contact`
const HEALTH = `${PD}MedicalHealth`
const HASH = digestOf('definition')
const ANN = 'dsb_ann'
const BO = 'dsb_bo'
/** Past what a point may go by the policy before, and the label. */
const LATER_MS = 901_000
const LABEL: ToolLabel = {
  v: 1,
  result: { level: 'internal', integrity: 'trusted', categories: ['contact'] },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
  subject: ['/id'],
}
type Use = BasesRecord['used'][number]
const use = (edit: Partial<Use> = {}): Use => ({
  subject: ANN,
  purpose: MARKETING,
  basis: 'cns_ann',
  n: 1,
  ...edit,
})
const said = (used: Use[], edit: Partial<BasesRecord> = {}): BasesRecord => ({
  mode: 'enforce',
  used,
  missing: [],
  ...edit,
})

/** Of a root for one data subject alone. */
interface Alone {
  readonly consent: string
  readonly ttl_s: number
}

class DeskLog {
  readonly log = new LogBuilder().company()
  readonly #chains = new Map<string, Chain>()
  #n = 0

  constructor(bases: FlowPolicy['bases'] = 'enforce') {
    const { log } = this
    const tool = log.id('tol', 'read')
    const body = { server: 'files', tool: 'read', definition_hash: HASH, measures: {} }
    log.add('tool.registered', this.#alice, tool, { ...body, system: log.id('sys', 'files') })
    const labels = [{ tool, definition_hash: HASH, label: LABEL }]
    this.#agreed('label', 'labels', 'lbl', { labels })
    this.#agreed('flow_policy', 'policy', 'flp', { policy: { v: 1, mode: 'off', bases } })
    this.#agreed('notice', 'notice', 'ntc', {
      notice: {
        v: 1,
        name: 'Desk',
        version: '1',
        language: 'en',
        jurisdiction: 'EU',
        controller: 'Shop Ltd',
        contact: 'privacy@shop.example',
        text_hash: digestOf('text'),
        purposes: [MARKETING, SERVICE],
        categories: [CONTACT, HEALTH],
      },
    })
    for (const subject of [ANN, BO])
      log.add('data_subject.added', this.#alice, subject, { jurisdiction: 'EU' })
    log.clock.advance(LATER_MS)
    this.consent('cns_ann', ANN)
  }

  get #alice() {
    return { kind: 'person', id: this.log.id('per', ALICE) } as const
  }

  /** Proposed by one and approved by another. */
  #agreed(
    noun: 'label' | 'flow_policy' | 'notice' | 'basis',
    named: string,
    prefix: string,
    body: object,
  ): string {
    const { log } = this
    const id = log.id(prefix, String(++this.#n))
    const proposal = log.add(`${noun}.proposed`, this.#alice, id, body as never)
    const approver = log.id('per', BOB)
    const act = { act: `${noun}.approve`, [named]: id, proposal, approver }
    const gesture = log.gesture(BOB, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
    log.add(`${noun}.approved`, { kind: 'person', id: approver }, id, {
      act,
      gesture,
      acted_alone: false,
    } as never)
    return id
  }

  basis(edit: Partial<Basis> = {}): string {
    const expires = seconds(this.log.clock.now()) + 100_000
    const basis = {
      v: 1,
      kind: 'gdpr_6_1_f',
      purpose: MARKETING,
      categories: [CONTACT],
      jurisdiction: 'EU',
      expires,
    }
    return this.#agreed('basis', 'basis', 'bas', { basis: { ...basis, ...edit } })
  }

  consent(consent: string, subject: string, edit: Partial<ConsentRecord> = {}): void {
    const given_at = seconds(this.log.clock.now())
    const record: ConsentRecord = {
      v: 1,
      consent,
      subject,
      rev: `rev_of_${consent}`,
      notice: 'ntc_3',
      language: 'en',
      jurisdiction: 'EU',
      purposes: [MARKETING, SERVICE],
      categories: [CONTACT],
      given_at,
      expires: given_at + 1000,
      ...edit,
    }
    const proof = { type: 'imported', source: 'old', method: 'paper', evidence_hash: digestOf('e') } as const
    this.log.add('consent.given', this.#alice, subject, { record, proof })
  }

  withdraw(consent: string, subject: string, purposes: string[] | null = null): number {
    const rev = `rev_of_${consent}`
    for (const purpose of purposes ?? [null]) this.log.revoke('consent', handleFor(nodeCrypto, rev, purpose))
    return this.log.add('consent.withdrawn', this.#alice, subject, { consent, rev, purposes, by: 'person' })
  }

  object(subject: string): void {
    this.log.revoke('subject', subject)
    this.log.add('objection.made', this.#alice, subject, {
      objection: 'obj_1',
      right: 'gdpr_21',
      purposes: null,
    })
  }

  /** @returns the index of the allow */
  allow(
    basis: BasesRecord | undefined,
    purposes: string[] = [MARKETING],
    head = this.log.frames.length,
    alone?: Alone,
  ): number {
    const { log } = this
    const { limits: _, ...grant } = READ
    const key = [...purposes, JSON.stringify(alone)].join()
    const chain =
      this.#chains.get(key) ?? log.root('bot', { grants: [{ ...grant, purposes }], ttl_s: 200_000, ...alone })
    this.#chains.set(key, chain)
    const t = log.clock.now() - 100
    const draft = { definition_hash: HASH, freshness: { epoch: 1, head, t, age_ms: 100 }, debits: [] }
    const { index, action } = log.decide(chain, basis === undefined ? draft : { ...draft, basis })
    log.outcome(action)
    return index
  }

  /** With what else each fault names. */
  async named(): Promise<unknown[]> {
    this.log.head('gate')
    const { report } = await verifyPack(nodeCrypto, await this.log.pack(), this.log.vkey)
    return report.faults.map(({ code, index, others }) => [code, index, others])
  }

  async report(): Promise<{ faults: unknown[]; count: number | undefined; uses: string[] }> {
    this.log.head('gate')
    const { report, files } = await verifyPack(nodeCrypto, await this.log.pack(), this.log.vkey)
    const check = report.checks.find(({ name }) => name.startsWith('every use of personal data'))
    const text = Buffer.from(files.get('populations/disclosures.jsonl') ?? []).toString()
    return {
      faults: report.faults.map(({ code, index }) => [code, index]),
      count: check?.count,
      uses: text.split('\n').filter((line) => line !== ''),
    }
  }
  /** The codes alone, each once. */
  async faultsOf(plant: (desk: DeskLog) => unknown): Promise<unknown[]> {
    plant(this)
    return [...new Set((await this.report()).faults.map((fault) => (fault as unknown[])[0]))]
  }

  async faults(): Promise<unknown[]> {
    return (await this.report()).faults
  }
}

test('uses that a living basis covers are in order, and each is in the population', async () => {
  const desk = new DeskLog()
  const basis = desk.basis()
  desk.allow(said([use()]))
  desk.allow(said([use(), use({ subject: BO, basis, n: 2 })]))
  desk.allow(said([use(), use({ purpose: SERVICE })]), [MARKETING, SERVICE])
  desk.allow(said([]))
  const { faults, count, uses } = await desk.report()
  expect(faults).toEqual([])
  expect([count, uses.length]).toEqual([5, 5])
  expect(JSON.parse(uses[2]!)).toMatchObject({
    subject: BO,
    basis,
    purpose: MARKETING,
    n: 2,
    reason: null,
  })
})

describe('planted among uses that are in order, each is found, and nothing else', () => {
  test.each<[string, string, (desk: DeskLog) => number]>([
    ['a consent of another subject', 'BASIS_INVALID', (desk) => desk.allow(said([use({ subject: BO })]))],
    [
      'a consent that nobody gave',
      'BASIS_INVALID',
      (desk) => desk.allow(said([use({ basis: 'cns_never' })])),
    ],
    [
      'a consent that was given later',
      'BASIS_INVALID',
      (desk) => {
        const index = desk.allow(said([use({ subject: BO, basis: 'cns_bo' })]))
        desk.consent('cns_bo', BO)
        return index
      },
    ],
    [
      'a consent for another purpose',
      'BASIS_INVALID',
      (desk) => {
        desk.consent('cns_bo', BO, { purposes: [SERVICE] })
        return desk.allow(said([use({ subject: BO, basis: 'cns_bo' })]))
      },
    ],
    [
      'a consent to other data',
      'BASIS_INVALID',
      (desk) => {
        desk.consent('cns_bo', BO, { categories: [HEALTH], explicit: true })
        return desk.allow(said([use({ subject: BO, basis: 'cns_bo' })]))
      },
    ],
    [
      'a consent that had expired',
      'BASIS_INVALID',
      (desk) => {
        desk.log.clock.advance(1_000_000)
        return desk.allow(said([use()]))
      },
    ],
    [
      'a basis that does not reach the subject',
      'BASIS_INVALID',
      (desk) => desk.allow(said([use({ basis: desk.basis({ kind: 'dpdpa_7_a', jurisdiction: 'IN' }) })])),
    ],
    [
      'a withdrawal that the point knew of',
      'BASIS_WITHDRAWN',
      (desk) => {
        desk.withdraw('cns_ann', ANN)
        return desk.allow(said([use()]))
      },
    ],
    [
      'a withdrawal of the purpose, past the bound',
      'BASIS_WITHDRAWN',
      (desk) => {
        desk.withdraw('cns_ann', ANN, [MARKETING])
        desk.log.clock.advance(3000)
        return desk.allow(said([use()]), [MARKETING], 0)
      },
    ],
    [
      'an objection to what needs no consent',
      'BASIS_WITHDRAWN',
      (desk) => {
        const basis = desk.basis()
        desk.object(BO)
        return desk.allow(said([use({ subject: BO, basis })]))
      },
    ],
    ['no basis at all', 'BASIS_MISSING', (desk) => desk.allow(undefined)],
    [
      'a purpose of the grant without one',
      'BASIS_MISSING',
      (desk) => desk.allow(said([use()]), [MARKETING, SERVICE]),
    ],
    [
      'a purpose that the grant does not name',
      'BASIS_INVALID',
      (desk) => desk.allow(said([use(), use({ purpose: SERVICE })])),
    ],
    [
      'something missing, and yet allowed',
      'BASIS_MISSING',
      (desk) =>
        desk.allow(said([], { missing: [{ subject: BO, purpose: MARKETING, reason: 'NO_BASIS', n: 1 }] })),
    ],
    [
      'something missing under a mode that was not in force',
      'BASIS_MISSING',
      (desk) =>
        desk.allow(
          said([], {
            mode: 'observe',
            missing: [{ subject: BO, purpose: MARKETING, reason: 'NO_BASIS', n: 1 }],
          }),
        ),
    ],
  ])('%s: %s', async (_, code, plant) => {
    const desk = new DeskLog()
    desk.allow(said([use()]))
    const index = plant(desk)
    expect(await desk.faults()).toEqual([[code, index]])
  })

  test('the outcome of another call', async () => {
    const desk = new DeskLog()
    const { limits: _, ...grant } = READ
    const chain = desk.log.root('bot', { grants: [{ ...grant, purposes: [MARKETING] }], ttl_s: 200_000 })
    const { action } = desk.log.decide(chain, { definition_hash: HASH, debits: [], basis: said([use()]) })
    const call = { agent: 'agt_other', server: 'files', tool: 'read' }
    const index = desk.log.outcome(action, 'gate', (draft) => ({ ...draft, basis: said([use()], { call }) }))
    expect(await desk.faults()).toEqual([['BASIS_INVALID', index]])
  })
})

test('a use within the bound of a withdrawal that the point had not heard of is in order', async () => {
  const desk = new DeskLog()
  desk.withdraw('cns_ann', ANN)
  desk.log.clock.advance(1000)
  desk.allow(said([use()]), [MARKETING], 0)
  expect(await desk.faults()).toEqual([])
})

test('a withdrawal of another purpose, and one of another consent, end no use', async () => {
  const desk = new DeskLog()
  desk.consent('cns_bo', BO)
  desk.withdraw('cns_bo', BO)
  desk.withdraw('cns_ann', ANN, [SERVICE])
  desk.allow(said([use()]))
  expect(await desk.faults()).toEqual([])
})

test('where bases are only observed, or not asked for, nothing has to be said', async () => {
  const observed = new DeskLog('observe')
  observed.allow(undefined)
  const missing = [{ subject: BO, purpose: MARKETING, reason: 'NO_BASIS', n: 1 } as const]
  observed.allow(said([], { mode: 'observe', missing }))
  expect(await observed.faults()).toEqual([])
  const off = new DeskLog('off')
  off.allow(undefined)
  expect(await off.faults()).toEqual([])
})

describe('a delegation for one data subject alone', () => {
  const alone: Alone = { consent: 'rev_of_cns_ann', ttl_s: 500 }
  const under = (desk: DeskLog, basis: BasesRecord | undefined, edit: Partial<Alone> = {}): number =>
    desk.allow(basis, [MARKETING], undefined, { ...alone, ...edit })

  test('that is used for them is in order, whatever the switch says', async () => {
    const desk = new DeskLog('off')
    under(desk, said([use()]))
    under(desk, said([use({ basis: desk.basis() })]))
    expect(await desk.faults()).toEqual([])
  })

  test.each<[string, string, (desk: DeskLog) => number]>([
    [
      'data of somebody else',
      'BASIS_INVALID',
      (desk) => under(desk, said([use({ subject: BO, basis: desk.basis() })])),
    ],
    [
      'data of whom nobody knows',
      'BASIS_INVALID',
      (desk) => under(desk, said([use({ subject: null, basis: desk.basis({ unregistered: true }) })])),
    ],
    ['no basis at all, although the switch is off', 'BASIS_MISSING', (desk) => under(desk, undefined)],
  ])('%s: %s', async (_, code, plant) => {
    const desk = new DeskLog('off')
    expect(await desk.faultsOf(plant)).toEqual([code])
  })

  test('a call after the withdrawal is one after a revocation', async () => {
    const desk = new DeskLog()
    under(desk, said([use()]))
    desk.withdraw('cns_ann', ANN)
    const index = under(desk, said([]))
    expect(await desk.faults()).toEqual([['ALLOW_AFTER_REVOCATION', index]])
  })

  test.each<[string, (desk: DeskLog) => unknown]>([
    ['a consent that nobody gave', (desk) => under(desk, said([]), { consent: 'rev_of_nobody' })],
    ['a consent that ends before it', (desk) => under(desk, said([]), { ttl_s: 5000 })],
    [
      'another purpose',
      (desk) => desk.allow(said([]), [`${DPV}FraudPreventionAndDetection`], undefined, alone),
    ],
    [
      'a purpose that was withdrawn',
      (desk) => {
        desk.withdraw('cns_ann', ANN, [MARKETING])
        return under(desk, said([]))
      },
    ],
  ])('is not issued on %s', async (_, plant) => {
    const desk = new DeskLog()
    expect(await desk.faultsOf(plant)).toEqual(['CONSENT_INVALID'])
  })
})

test('a use of what two people had ended is a fault of each, which names what ended it', async () => {
  const desk = new DeskLog()
  desk.consent('cns_bo', BO)
  const ended = [desk.withdraw('cns_ann', ANN), desk.withdraw('cns_bo', BO)]
  const index = desk.allow(said([use(), use({ subject: BO, basis: 'cns_bo' })]))
  const faults = await desk.named()
  expect(faults).toEqual(ended.map((other) => ['BASIS_WITHDRAWN', index, [other]]))
})
