/** Narratives of controls over HTTP: proposed by one person, approved by another. spec/narratives.md (NAR-13) */
import { afterAll, beforeAll, expect, test } from 'vitest'
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
const said = { control: 'CSN-DR-05', digest: 'a'.repeat(64) }

async function approve(by: Operator, id: string): Promise<Answer> {
  const asked = await by.api.get(`/v1/narratives/${id}/approval`)
  if (asked.status !== 200) return asked
  return by.api.post(`/v1/narratives/${id}/approve`, by.authenticator.assert(asked.json.challenge))
}

test('is proposed, approved by somebody else, and once', async () => {
  const { narrative } = (await ann.api.post('/v1/narratives', said)).json
  expect(code(await approve(ann, narrative))).toBe('SAME_PERSON')
  expect((await approve(ben, narrative)).json).toEqual({ acted_alone: false })
  expect(code(await approve(ben, narrative))).toBe('STATE_CONFLICT')
  const { narrative: next } = (await ben.api.post('/v1/narratives', { ...said, digest: 'b'.repeat(64) })).json
  expect((await ann.api.get('/v1/narratives')).json.narratives).toMatchObject([
    { id: next, control: 'CSN-DR-05', proposer: ben.id, approver: null, approved: null },
    { id: narrative, control: 'CSN-DR-05', proposer: ann.id, approver: ben.id },
  ])
})

test('the gesture is over the control and the digest, and over no other', async () => {
  const { narrative } = (await ann.api.post('/v1/narratives', said)).json
  const { narrative: other } = (await ann.api.post('/v1/narratives', said)).json
  const asked = await ben.api.get(`/v1/narratives/${narrative}/approval`)
  expect(asked.json.act).toMatchObject({ act: 'narrative.approve', narrative, ...said, approver: ben.id })
  const parts = ben.authenticator.assert(asked.json.challenge)
  expect(code(await ben.api.post(`/v1/narratives/${other}/approve`, parts))).toBe('GESTURE_INVALID')
})

test.each([
  ['of no control', { ...said, control: 'everything' }],
  ['by no digest', { ...said, digest: 'aaaa' }],
  ['with words', { ...said, text: 'We drill.' }],
])('one %s is refused', async (_, body) => {
  expect(code(await ann.api.post('/v1/narratives', body))).toBe('REQUEST_INVALID')
})

test('one that nobody proposed cannot be approved', async () => {
  expect(code(await approve(ben, 'nar_none'))).toBe('UNKNOWN_NARRATIVE')
})
