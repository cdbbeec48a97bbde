import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const HOUR_MS = 3_600_000
const ago = (hours: number): string => rfc3339(Date.now() - hours * HOUR_MS)
const record = (edit: JsonObject = {}): Promise<Answer> =>
  ann.api.post('/v1/breaches', {
    aware: ago(2),
    incident: null,
    jurisdictions: ['DE', 'US-NY'],
    categories: [],
    subjects_n: null,
    risk: 'likely',
    entries: [],
    text: 'A list went to the wrong address.',
    ...edit,
  })
const to = (id: string, act: string, body: JsonObject): Promise<Answer> =>
  ann.api.post(`/v1/breaches/${id}/${act}`, body)
const tell = (id: string, whom: string, jurisdiction: string, at = ago(1)): Promise<Answer> =>
  to(id, 'notices', { to: whom, jurisdiction, at, entries: [], text: 'By their form.' })
async function close(by: Operator, id: string): Promise<Answer> {
  const asked = await by.api.get(`/v1/breaches/${id}/closing`)
  if (asked.status !== 200) return asked
  return by.api.post(`/v1/breaches/${id}/close`, by.authenticator.assert(asked.json.challenge))
}

describe('a breach', () => {
  test('says who is to be told, and is closed by somebody else once they were', async () => {
    const id = (await record()).json.breach
    const show = async () => (await ben.api.get(`/v1/breaches/${id}`)).json
    expect((await show()).wanted).toMatchObject([{ to: 'authority', jurisdiction: 'DE' }])
    await to(id, 'assess', { risk: 'high', subjects_n: 12 })
    const wanted = (await show()).wanted.map(
      ({ to: whom, jurisdiction }: { to: string; jurisdiction: string }) => [whom, jurisdiction],
    )
    expect(wanted).toEqual([
      ['authority', 'DE'],
      ['subjects', 'DE'],
      ['subjects', 'US-NY'],
    ])
    expect((await tell(id, 'authority', 'DE')).status).toBe(200)
    expect((await close(ben, id)).json.error.message).toContain('subjects of DE, subjects of US-NY')
    await tell(id, 'subjects', 'DE')
    await tell(id, 'subjects', 'US-NY')
    expect(code(await close(ann, id))).toBe('SAME_PERSON')
    expect((await close(ben, id)).json).toEqual({ acted_alone: false })
    expect(code(await tell(id, 'subjects', 'DE'))).toBe('STATE_CONFLICT')
    expect(await show()).toMatchObject({
      subjects_n: 12,
      text: 'A list went to the wrong address.',
      notices: [{ to: 'authority' }, { to: 'subjects' }, { to: 'subjects', text: 'By their form.' }],
    })
    expect((await ben.api.get('/v1/breaches')).json.breaches).toMatchObject([{ id }])
  })

  test('is told after it was known, and before now, of a jurisdiction that it is of', async () => {
    const id = (await record()).json.breach
    expect(code(await tell(id, 'authority', 'DE', ago(3)))).toBe('STATE_CONFLICT')
    expect(code(await tell(id, 'authority', 'DE', ago(-1)))).toBe('STATE_CONFLICT')
    expect(code(await tell(id, 'authority', 'IN'))).toBe('STATE_CONFLICT')
  })

  test.each([
    ['that nobody knows of yet', { aware: ago(-1) }, 'STATE_CONFLICT'],
    ['of no jurisdiction', { jurisdictions: [] }, 'REQUEST_INVALID'],
    ['of an incident that is not there', { incident: 'inc_none' }, 'UNKNOWN_INCIDENT'],
    ['of data that has no name', { categories: ['secrets'] }, 'TERM_UNKNOWN'],
    ['that rests on what is not there', { entries: [99_999] }, 'UNKNOWN_ENTRY'],
  ])('%s is refused', async (_, edit, expected) => {
    expect(code(await record(edit))).toBe(expected)
  })

  test('that is not there is said to be', async () => {
    expect(code(await tell('brc_none', 'authority', 'DE'))).toBe('UNKNOWN_BREACH')
    expect(code(await close(ben, 'brc_none'))).toBe('UNKNOWN_BREACH')
  })
})
