/** Bases at a whole enforcement point. spec/consent.md (CNS-21 to CNS-28, CNS-35 to CNS-38). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generousPlane } from '../../../test/fixtures/leases.ts'
import { MemorySpool } from '../../../test/fixtures/memory-spool.ts'
import { OwnDomains } from '../../../test/fixtures/own-domains.ts'
import { AUD, digestOf, SettableClock, World } from '../../../test/fixtures/tokens.ts'
import { alikeKey } from '../../core/alike.ts'
import { foldIdentifier, handleFor, subjectKey } from '../../core/consent.ts'
import { DPV, PD } from '../../core/dpv.ts'
import { base64url } from '../../core/encoding.ts'
import type { FlowPolicy } from '../../core/flow-policy.ts'
import { newId } from '../../core/ids.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ToolLabel } from '../../core/label.ts'
import { seconds } from '../../core/time.ts'
import { NO_KILLS, type RevocationView } from '../../decide/decide.ts'
import type { Freshness, Receipt } from '../../log/receipt.ts'
import type { PointBasis, PointConsent, SubjectPage, SubjectRow } from '../../ports/subjects.ts'
import type { Grant } from '../../token/grant.ts'
import { Authenticator } from '../authenticate.ts'
import { seenValue } from '../flow/content.ts'
import { FlowKeeper } from '../flow/keeper.ts'
import { LeasedLedger } from '../ledger.ts'
import { EnforcementPoint } from '../point.ts'
import { Recorder } from '../recorder.ts'
import { readSpoolLine } from '../spool-line.ts'
import type { CallOutcome, CallRequest, Given } from '../types.ts'
import { BasisKeeper } from './basis-keeper.ts'
import { SubjectFeed } from './subject-feed.ts'

const w = new World()
const SYSTEM = 'sys_crm'
const MARKETING = `${DPV}Marketing`
const SERVICE = `${DPV}ServiceProvision`
const CONTACT = `${PD}Contact`
const INDEX_KEY = new Uint8Array(32).fill(7)
const grant = (purposes?: string[]): Grant => ({
  type: 'tool',
  server: 'crm',
  actions: ['*'],
  ...(purposes === undefined ? {} : { purposes }),
})

const reads = (edit: Partial<ToolLabel['result']> = {}, more: Partial<ToolLabel> = {}): ToolLabel => ({
  v: 1,
  result: { level: 'internal', integrity: 'trusted', categories: ['contact'], ...edit },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
  ...more,
})
const EACH = {
  subject: '/customers/*/id',
  categories: [],
  fields: { '/customers/*': { categories: ['contact'] } },
}
const LABELS: Record<string, ToolLabel> = {
  customer: reads({}, { subject: ['/id'] }),
  list: reads(EACH),
  records: reads({
    ...EACH,
    fields: { ...EACH.fields, '/customers/*/notes': { categories: ['health'] } },
  }),
  whole: reads({ subject: '/customers/*/id' }),
  named: reads({ subject: '/*/id' }),
  weather: reads({ categories: [] }),
  nameless: reads(),
  mail: { ...reads({ categories: [] }), effect: 'external', subject: ['/to'] },
}

let clock: SettableClock
let spool: MemorySpool
let domains: OwnDomains
let policy: FlowPolicy
let faults: unknown[]
let ran: JsonObject[]
let result: JsonValue
let rows: SubjectRow[]
let bases: PointBasis[]
let revoked: Set<string>
let age_ms: number
let feed: SubjectFeed
let point: EnforcementPoint

const freshness = (): Freshness => ({ epoch: 1, head: 0, t: clock.now() - age_ms, age_ms })
const PASSING: RevocationView = { isRevoked: () => false, freshness: () => ({ ...freshness(), age_ms: 0 }) }

function subjectOf(
  value: string,
  consents: Partial<PointConsent>[] = [{}],
  more: Partial<SubjectRow> = {},
): SubjectRow {
  const now = clock.now()
  const row: SubjectRow = {
    subject: newId(w.crypto, 'dsb', now),
    jurisdiction: 'EU',
    keys: [subjectKey(w.crypto, INDEX_KEY, null, foldIdentifier(value)!)],
    consents: consents.map((edit) => ({
      id: newId(w.crypto, 'cns', now),
      rev: newId(w.crypto, 'rev', now),
      purposes: [MARKETING],
      categories: [CONTACT],
      exp: seconds(now) + 1000,
      ...edit,
    })),
    ...more,
  }
  rows.push(row)
  return row
}

const page = (): SubjectPage => ({ index_key: base64url(INDEX_KEY), rows, bases, next: 1, more: false })

async function makePoint(): Promise<EnforcementPoint> {
  const control = { openEpoch: () => Promise.resolve(1) }
  const recorder = await Recorder.open({ crypto: w.crypto, clock, spool, point: AUD, control })
  const onFault = (error: unknown): void => void faults.push(error)
  const chains: Record<string, string> = {
    marketing: w.root({ grants: [grant([MARKETING])] }),
    both: w.root({ grants: [grant([MARKETING, SERVICE])] }),
    nothing: w.root({ grants: [grant()] }),
    odd: w.root({ grants: [grant(['spring cleaning'])] }),
  }
  feed = new SubjectFeed({
    crypto: w.crypto,
    clock,
    control: { subjects: () => Promise.resolve(page()) },
    isWanted: () => true,
    onFault,
  })
  const registration = (server: string, tool: string) => ({
    server,
    tool,
    system: SYSTEM,
    definition_hash: digestOf(tool),
    measures: {},
    label: LABELS[tool] ?? null,
  })
  return new EnforcementPoint({
    id: AUD,
    crypto: w.crypto,
    clock,
    placement: 'gateway',
    bound_ms: 2000,
    revocations: () => PASSING,
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
      delegations: (name) => chains[name] ?? null,
    }),
    registration,
    flow: new FlowKeeper({
      crypto: w.crypto,
      policy: () => policy,
      label: (_, tool) => LABELS[tool] ?? null,
      domains,
      bases: new BasisKeeper({
        crypto: w.crypto,
        clock,
        policy: () => policy,
        registration,
        book: feed,
        revocations: { isRevoked: ({ kind, handle }) => revoked.has(`${kind}:${handle}`), freshness },
        bound_ms: 2000,
      }),
    }),
    onRecorded: () => undefined,
    onFault,
    onClose: () => spool.close(),
  })
}

function call(
  tool: string,
  args: JsonObject = {},
  edit: Partial<CallRequest> & { as?: string } = {},
  during: (given: Given) => unknown = () => undefined,
): Promise<CallOutcome<JsonValue>> {
  const { as = 'marketing', ...rest } = edit
  const request: CallRequest = {
    server: 'crm',
    tool,
    args,
    credential: { kind: 'hosted', delegation: as },
    definition_hash: digestOf(tool),
    ...rest,
  }
  return point.call(request, (_, __, given) => {
    ran.push(given.args)
    during(given)
    return Promise.resolve({ result, failed: false, seen: seenValue(result, (left) => left) })
  })
}
const answerOf = async (...of: Parameters<typeof call>): Promise<JsonValue> => {
  const outcome = await call(...of)
  if (outcome.decision === 'deny') throw new Error(`denied: ${outcome.reasons.join()}`)
  return outcome.result
}
const receipts = (): Receipt[] => spool.records.map(({ text }) => readSpoolLine(text).receipt)
const lastOf = (kind: Receipt['kind']): Receipt => receipts().findLast((one) => one.kind === kind)!
const people = (...ids: string[]): JsonObject => ({
  customers: ids.map((id) => ({ id, mail: `${id}@x.example` })),
  total: 3,
})

beforeEach(async () => {
  clock = new SettableClock()
  spool = new MemorySpool()
  domains = new OwnDomains()
  policy = { v: 1, mode: 'off', bases: 'enforce' }
  faults = []
  ran = []
  rows = []
  bases = []
  revoked = new Set()
  age_ms = 0
  result = { name: 'Ann' }
  point = await makePoint()
})
afterEach(async () => {
  await point.close()
  await feed.stop()
  if (faults.length > 0) throw faults[0]
  if (domains.stays > 0) throw new Error('a call is still in its domains')
})

describe('whom the arguments name', () => {
  test('is touched on a consent, which the receipts name', async () => {
    const ann = subjectOf('ann')
    await feed.read()
    expect(await answerOf('customer', { id: ' ANN ' })).toEqual({ name: 'Ann' })
    const use = { subject: ann.subject, purpose: MARKETING, basis: ann.consents[0]!.id, n: 1 }
    expect(lastOf('decision').basis).toEqual({ mode: 'enforce', used: [use], missing: [] })
    const call = { agent: (lastOf('decision') as { agent: string }).agent, server: 'crm', tool: 'customer' }
    expect(lastOf('outcome').basis).toEqual({
      mode: 'enforce',
      call,
      freshness: freshness(),
      used: [use],
      missing: [],
    })
  })

  test('is found under the system of the tool before anywhere else', async () => {
    subjectOf('7')
    const here = subjectOf('x', [{}], { keys: [subjectKey(w.crypto, INDEX_KEY, SYSTEM, '7')] })
    await feed.read()
    await call('customer', { id: 7 })
    expect(lastOf('decision').basis?.used[0]?.subject).toBe(here.subject)
  })

  test.each<[string, string, () => Promise<unknown>, JsonObject?]>([
    ['nobody', 'SUBJECT_UNRESOLVED', () => Promise.resolve(), {}],
    ['something that is no identifier', 'SUBJECT_UNRESOLVED', () => Promise.resolve(), { id: { a: 1 } }],
    ['somebody whom nobody registered', 'SUBJECT_UNRESOLVED', () => Promise.resolve()],
    ['somebody without a basis', 'NO_BASIS', () => Promise.resolve(subjectOf('ann', []))],
    [
      'for another purpose',
      'PURPOSE_OUTSIDE',
      () => Promise.resolve(subjectOf('ann', [{ purposes: [SERVICE] }])),
    ],
    ['whose consent is over', 'CONSENT_EXPIRED', () => Promise.resolve(subjectOf('ann', [{ exp: 1 }]))],
    [
      'who has withdrawn',
      'CONSENT_WITHDRAWN',
      () => Promise.resolve(revoked.add(`consent:${subjectOf('ann').consents[0]!.rev}`)),
    ],
    [
      'who has withdrawn for the purpose',
      'CONSENT_WITHDRAWN',
      () =>
        Promise.resolve(
          revoked.add(`consent:${handleFor(w.crypto, subjectOf('ann').consents[0]!.rev, MARKETING)}`),
        ),
    ],
  ])('%s: %s, and the tool is not asked', async (_, reason, given, args = { id: 'ann' }) => {
    await given()
    await feed.read()
    expect(await call('customer', args)).toMatchObject({ decision: 'deny', reasons: [reason] })
    expect(ran).toEqual([])
    expect(lastOf('decision').basis?.missing).toMatchObject([{ reason, n: 1 }])
  })

  test('who objected is denied what an objection reaches', async () => {
    const { subject } = subjectOf('ann', [])
    const exp = seconds(clock.now()) + 100
    bases = [
      { id: 'bas_1', kind: 'gdpr_6_1_f', purpose: MARKETING, categories: [CONTACT], jurisdiction: 'EU', exp },
    ]
    await feed.read()
    expect(await call('customer', { id: 'ann' })).toMatchObject({ decision: 'allow' })
    expect(lastOf('decision').basis?.used).toMatchObject([{ basis: 'bas_1' }])
    revoked.add(`subject:${handleFor(w.crypto, subject, MARKETING)}`)
    expect(await call('customer', { id: 'ann' })).toMatchObject({ reasons: ['SUBJECT_OBJECTED'] })
  })

  test('each of several needs a basis, for each purpose of the call', async () => {
    subjectOf('ann', [{ purposes: [MARKETING, SERVICE] }])
    subjectOf('bo', [{ purposes: [MARKETING] }])
    await feed.read()
    expect(await call('customer', { id: ['ann', 'bo'] })).toMatchObject({ decision: 'allow' })
    expect(await call('customer', { id: ['ann', 'bo'] }, { as: 'both' })).toMatchObject({
      reasons: ['PURPOSE_OUTSIDE'],
    })
    expect(lastOf('decision').basis).toMatchObject({ used: { length: 3 }, missing: [{ purpose: SERVICE }] })
    const many = Array.from({ length: 257 }, (_, n) => `p${n}`)
    expect(await call('customer', { id: many })).toMatchObject({ reasons: ['BASIS_LIMIT'] })
  })

  test('is known to nobody before the register was read once', async () => {
    subjectOf('ann')
    expect(await call('customer', { id: 'ann' })).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
  })

  test('counts by the state of the turn in which the call goes out', async () => {
    const { rev } = subjectOf('ann').consents[0]!
    await feed.read()
    const outcome = call('customer', { id: 'ann' })
    revoked.add(`consent:${rev}`) // after the decision, before it was recorded
    expect(await outcome).toMatchObject({ decision: 'deny', reasons: ['CONSENT_WITHDRAWN'] })
    expect(ran).toEqual([])
    expect(receipts().map((one) => one.kind === 'decision' && one.decision)).toEqual(['allow', 'deny'])
  })

  test('is asked about where a message goes to them, whatever comes back', async () => {
    subjectOf('ann', [])
    await feed.read()
    expect(await call('mail', { to: 'ann' })).toMatchObject({ reasons: ['NO_BASIS'] })
  })
})

test.each(['nothing', 'odd'])('a call whose grants name no purpose (%s) touches nobody', async (as) => {
  subjectOf('ann')
  await feed.read()
  expect(await call('customer', { id: 'ann' }, { as })).toMatchObject({ reasons: ['PURPOSE_OUTSIDE'] })
})

test('what is not personal is not asked about, and a tool without a label is personal', async () => {
  expect(await call('weather', {}, { as: 'nothing' })).toMatchObject({ decision: 'allow' })
  expect(lastOf('decision').basis).toBeUndefined()
  expect(await call('unheard-of')).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
  expect(await call('nameless')).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
})

test('whom nobody registered is touched on a basis for them, while the register is current', async () => {
  const exp = seconds(clock.now()) + 100
  const kind = 'controller_instruction'
  const terms = { purpose: MARKETING, categories: [CONTACT], jurisdiction: '*', exp }
  bases = [{ id: 'bas_1', kind, ...terms, unregistered: true }]
  await feed.read()
  expect(await call('customer', { id: 'zoe' })).toMatchObject({ decision: 'allow' })
  expect(lastOf('decision').basis?.used).toMatchObject([{ subject: null, basis: 'bas_1' }])
  clock.advance(2001)
  expect(await call('customer', { id: 'zoe' })).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
})

test('what looks like the identifier of somebody who is registered is no stranger’s', async () => {
  const exp = seconds(clock.now()) + 100
  const terms = { purpose: MARKETING, categories: [CONTACT], jurisdiction: '*', exp }
  bases = [{ id: 'bas_1', kind: 'controller_instruction', ...terms, unregistered: true }]
  subjectOf('42')
  subjectOf('ann@x.example')
  subjectOf('0077', [{}], { alike: [alikeKey(w.crypto, INDEX_KEY, null, '77')] })
  await feed.read()
  for (const id of ['0042', 'ann+1@x.example', '77', '077'])
    expect([id, await call('customer', { id })]).toMatchObject([id, { reasons: ['SUBJECT_UNRESOLVED'] }])
  for (const id of ['42', 42, '0077', '43', 'bo@x.example'])
    expect([id, await call('customer', { id })]).toMatchObject([id, { decision: 'allow' }])
})

describe('records of a result', () => {
  test('without a basis are withheld, and the rest goes on', async () => {
    const ann = subjectOf('ann')
    const bo = subjectOf('bo')
    revoked.add(`consent:${bo.consents[0]!.rev}`)
    subjectOf('cy', [])
    await feed.read()
    result = people('ann', 'bo', 'cy', 'zoe')
    expect(await answerOf('list')).toEqual({
      customers: [
        { id: 'ann', mail: 'ann@x.example' },
        '[withheld: CONSENT_WITHDRAWN]',
        '[withheld: NO_BASIS]',
        '[withheld: SUBJECT_UNRESOLVED]',
      ],
      total: 3,
    })
    const purpose = MARKETING
    expect(lastOf('outcome').basis).toMatchObject({
      used: [{ subject: ann.subject, purpose, n: 1 }],
      missing: [
        { subject: bo.subject, purpose, reason: 'CONSENT_WITHDRAWN', n: 1 },
        { reason: 'NO_BASIS', n: 1 },
        { subject: null, purpose, reason: 'SUBJECT_UNRESOLVED', n: 1 },
      ],
    })
  })

  test('are found in text that is JSON, in a list of its own, and in text within', async () => {
    subjectOf('ann')
    await feed.read()
    const left = {
      customers: [{ id: 'ann', mail: 'ann@x.example' }, '[withheld: SUBJECT_UNRESOLVED]'],
      total: 3,
    }
    result = JSON.stringify(people('ann', 'zoe'))
    expect(JSON.parse((await answerOf('list')) as string)).toEqual(left)
    result = { result: people('ann', 'zoe') }
    expect(await answerOf('list')).toEqual({ result: left })
    result = { result: JSON.stringify(people('ann', 'zoe')) }
    expect(JSON.parse(((await answerOf('list')) as { result: string }).result)).toEqual(left)
  })

  test('whose subjects stand in structure are not read out of prose', async () => {
    subjectOf('ann')
    await feed.read()
    result = 'ann: ann@x.example'
    expect(await answerOf('list')).toBe('[withheld: SUBJECT_UNRESOLVED]')
    expect(await answerOf('customer', { id: 'ann' })).toBe(result)
  })

  test('are all that may hold personal data: what is beside them is withheld', async () => {
    subjectOf('ann')
    await feed.read()
    result = { ...people('ann'), 'zoe@x.example': { calls: 2 } }
    expect(await answerOf('whole')).toEqual({
      customers: people('ann').customers,
      total: '[withheld: SUBJECT_UNRESOLVED]',
      '[withheld: SUBJECT_UNRESOLVED]': '[withheld: SUBJECT_UNRESOLVED]',
    })
    result = { ...people('ann'), more: [{ mail: 'zoe@x.example' }] }
    expect(await answerOf('whole')).toEqual({
      customers: people('ann').customers,
      total: '[withheld: SUBJECT_UNRESOLVED]',
      more: [{ mail: '[withheld: SUBJECT_UNRESOLVED]' }],
    })
  })

  test('that are named by their subjects lose the name as well', async () => {
    subjectOf('ann')
    await feed.read()
    result = { ann: { id: 'ann' }, zoe: { id: 'zoe' } }
    expect(await answerOf('named')).toEqual({
      ann: { id: 'ann' },
      '[withheld: SUBJECT_UNRESOLVED]': '[withheld: SUBJECT_UNRESOLVED]',
    })
  })

  test('lose a field that the basis does not cover', async () => {
    subjectOf('ann', [{ categories: [CONTACT] }])
    subjectOf('bo', [{ categories: [CONTACT, `${PD}MedicalHealth`], explicit: true }])
    await feed.read()
    result = { customers: ['ann', 'bo'].map((id) => ({ id, notes: ['asthma'] })) }
    expect(await answerOf('records')).toEqual({
      customers: [
        { id: 'ann', notes: '[withheld: NO_BASIS]' },
        { id: 'bo', notes: ['asthma'] },
      ],
    })
    expect(lastOf('outcome').basis?.used).toMatchObject([{ n: 1 }, { n: 1 }])
  })

  test('by the state of when the result came', async () => {
    const { rev } = subjectOf('ann').consents[0]!
    await feed.read()
    result = people('ann')
    const answer = await answerOf('list', {}, {}, () => revoked.add(`consent:${rev}`))
    expect(answer).toMatchObject({ customers: ['[withheld: CONSENT_WITHDRAWN]'] })
    age_ms = 2001
    expect(await answerOf('list')).toMatchObject({ customers: ['[withheld: STALE_REVOCATION]'] })
  })

  test('of more people than a receipt can name are withheld as a whole', async () => {
    result = people(...Array.from({ length: 300 }, (_, n) => `p${n}`))
    for (let n = 0; n < 300; n++) subjectOf(`p${n}`)
    await feed.read()
    expect(await answerOf('list')).toBe('[withheld: BASIS_LIMIT]')
    expect(lastOf('outcome').basis).toMatchObject({
      used: [],
      missing: [{ subject: null, reason: 'BASIS_LIMIT' }],
    })
  })

  test('are only spoken of under observe', async () => {
    policy = { ...policy, bases: 'observe' }
    await feed.read()
    result = people('zoe')
    expect(await answerOf('list')).toEqual(result)
    expect(await answerOf('customer', { id: 'zoe' })).toEqual(result)
    expect(lastOf('outcome').basis).toMatchObject({
      mode: 'observe',
      missing: [{ reason: 'SUBJECT_UNRESOLVED' }],
    })
  })

  test('and nothing is said while it is off', async () => {
    policy = { v: 1, mode: 'off' }
    expect(await call('list')).toMatchObject({ decision: 'allow' })
    expect(lastOf('decision').basis).toBeUndefined()
  })
})

test('a result that goes elsewhere is judged before: by whom the arguments name, and for all that it may hold', async () => {
  subjectOf('ann')
  await feed.read()
  expect(await call('customer', { id: 'ann' }, { sight: 'elsewhere' })).toMatchObject({ decision: 'allow' })
  expect(await call('list', {}, { sight: 'elsewhere' })).toMatchObject({ reasons: ['SUBJECT_UNRESOLVED'] })
})

test('a result of which no receipt would speak is not handed over', async () => {
  subjectOf('ann')
  await feed.read()
  let later: Given['takeLater'] | undefined
  await call('customer', { id: 'ann' }, {}, (given) => (later = given.takeLater))
  await expect(later!({ result: 'more', failed: false })).rejects.toThrow(/no receipt/)
})

test('a result that could not be recorded is not handed over', async () => {
  subjectOf('ann')
  await feed.read()
  const outcome = await call('customer', { id: 'ann' }, {}, () => (spool.fault = 'lost'))
  expect(outcome).toMatchObject({ decision: 'deny', reasons: ['NOT_RECORDED'], underWay: true })
  expect(faults.splice(0)).toHaveLength(1)
})
