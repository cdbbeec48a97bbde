import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let cleo: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  cleo = await server.invite(ann, 'Cleo')
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const DAY_MS = 86_400_000
const DEVIATION = '14/INCIDENT_OPEN/3'

async function sign(by: Operator, path: string, [show, take]: readonly [string, string]): Promise<Answer> {
  const asked = await by.api.get(`${path}/${show}`)
  if (asked.status !== 200) return asked
  return by.api.post(`${path}/${take}`, by.authenticator.assert(asked.json.challenge))
}

describe('an evaluation of a deviation', () => {
  const said = {
    deviation: DEVIATION,
    cause: 'Nobody was on call.',
    extent: 'One incident.',
    compensating: null,
    effect: 'None.',
    remediation: null,
  }
  const draft = async (edit: JsonObject = {}): Promise<Answer> =>
    ann.api.post('/v1/evaluations', { ...said, ...edit })
  const signed = (by: Operator, id: string) => sign(by, `/v1/evaluations/${id}`, ['signing', 'sign'])

  test('is drafted, signed by somebody else, once, and stays beside the next one', async () => {
    const { evaluation } = (await draft()).json
    expect(code(await signed(ann, evaluation))).toBe('SAME_PERSON')
    expect((await signed(ben, evaluation)).json).toEqual({ acted_alone: false })
    expect(code(await signed(cleo, evaluation))).toBe('STATE_CONFLICT')
    const { evaluation: next } = (await draft({ cause: 'The plan of who is on call had a gap.' })).json
    const path = `/v1/evaluations?deviation=${encodeURIComponent(DEVIATION)}`
    expect((await ben.api.get(path)).json.evaluations).toMatchObject([
      { id: next, deviation: DEVIATION, signer: null, said: { cause: expect.stringContaining('gap') } },
      { id: evaluation, signer: ben.id, said: { cause: said.cause } },
    ])
    expect((await ben.api.get('/v1/evaluations?deviation=9/ACTION_UNBOUND/1')).json.evaluations).toEqual([])
  })

  test.each([
    ['of no deviation', { deviation: 'everything' }, 'REQUEST_INVALID'],
    ['of an entry that is not there', { deviation: '14/INCIDENT_OPEN/99999' }, 'UNKNOWN_ENTRY'],
    ['under a deficiency that is not there', { remediation: 'dfc_none' }, 'UNKNOWN_DEFICIENCY'],
    ['that says nothing', { cause: '' }, 'REQUEST_INVALID'],
  ])('%s is refused', async (_, edit, expected) => {
    expect(code(await draft(edit))).toBe(expected)
  })

  test('of nobody is not signed', async () => {
    expect(code(await signed(ben, 'evl_none'))).toBe('UNKNOWN_EVALUATION')
  })
})

describe('a deficiency', () => {
  const due = rfc3339(Date.now() + 30 * DAY_MS)
  const opening = {
    title: 'Leavers keep their keys',
    criteria: ['CC6.3'],
    deviation: DEVIATION,
    owner: null,
    due,
    entries: [1],
  }
  const open = async (edit: JsonObject = {}): Promise<string> =>
    (await cleo.api.post('/v1/deficiencies', { ...opening, ...edit })).json.deficiency
  const to = (by: Operator, id: string, act: string, body: JsonObject): Promise<Answer> =>
    by.api.post(`/v1/deficiencies/${id}/${act}`, body)
  const close = (by: Operator, id: string) => sign(by, `/v1/deficiencies/${id}`, ['closing', 'close'])
  const said = (text: string) => ({ text, entries: [] })

  test('is owned, repaired, retested by somebody else until that passes, and closed by who does not own it', async () => {
    const id = await open()
    expect((await close(ben, id)).json.error.message).toContain('an owner, what was done, a retest')
    expect((await to(cleo, id, 'assign', { owner: ann.id, due })).status).toBe(200)
    expect(code(await to(ben, id, 'retest', { result: 'passed', ...said('x') }))).toBe('STATE_CONFLICT')
    await to(ann, id, 'notes', { phase: 'plan', ...said('revoke by the feed of leavers') })
    await to(ben, id, 'notes', { phase: 'remediation', ...said('the feed is read each hour') })
    for (const by of [ann, ben])
      expect(code(await to(by, id, 'retest', { result: 'passed', ...said('x') }))).toBe('SAME_PERSON')
    await to(cleo, id, 'retest', { result: 'failed', ...said('one key was left') })
    expect(code(await close(cleo, id))).toBe('STATE_CONFLICT')
    await to(ben, id, 'notes', { phase: 'remediation', ...said('and at each start') })
    expect((await to(cleo, id, 'retest', { result: 'passed', ...said('none is left') })).json).toMatchObject({
      acted_alone: false,
    })
    expect(code(await close(ann, id))).toBe('SAME_PERSON')
    expect((await close(cleo, id)).json).toEqual({ acted_alone: false })
    expect(code(await to(ann, id, 'notes', { phase: 'note', ...said('x') }))).toBe('STATE_CONFLICT')
    const { json } = await ann.api.get(`/v1/deficiencies/${id}`)
    expect(json).toMatchObject({ status: 'closed', title: opening.title, owner: ann.id, repairer: ben.id })
    expect(json.notes.map(({ phase }: JsonObject) => phase)).toEqual([
      'plan',
      'remediation',
      'failed',
      'remediation',
      'passed',
    ])
  })

  test('whose date has passed keeps it, whoever owns it now', async () => {
    const id = await open({ due: rfc3339(Date.now() - DAY_MS) })
    const overdue = (await ann.api.get('/v1/deficiencies?open=true')).json.deficiencies[0]
    expect(overdue.id).toBe(id)
    expect(code(await to(cleo, id, 'assign', { owner: ann.id, due }))).toBe('STATE_CONFLICT')
    const same = await to(cleo, id, 'assign', { owner: ann.id, due: rfc3339(overdue.due) })
    expect(same.status).toBe(200)
  })

  test.each([
    ['for no criterion', { criteria: [] }, 'REQUEST_INVALID'],
    ['for a criterion that nobody has', { criteria: ['everything'] }, 'REQUEST_INVALID'],
    ['of nobody who is here', { owner: 'per_none' }, 'UNKNOWN_PERSON'],
    ['that rests on what is not there', { entries: [99_999] }, 'UNKNOWN_ENTRY'],
  ])('%s is refused', async (_, edit, expected) => {
    expect(code(await ann.api.post('/v1/deficiencies', { ...opening, ...edit }))).toBe(expected)
  })

  test('that is not there is said to be', async () => {
    expect(code(await ann.api.get('/v1/deficiencies/dfc_none'))).toBe('UNKNOWN_DEFICIENCY')
    expect(code(await close(ben, 'dfc_none'))).toBe('UNKNOWN_DEFICIENCY')
  })
})
