/** Who may place and lift a hold, and who may open a value and say that a pack was built. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HOLDS_EACH_MAX } from '../../src/registry/holds.ts'
import { markedPerson, type Marked } from '../../test/fixtures/personal.ts'
import { packOver } from '../../test/fixtures/packs.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

let server: TestServer
let ann: Operator
let bob: Marked
const code = (answer: Answer): string | undefined => answer.json.error?.code

async function begin(separation: 'independent' | 'after'): Promise<void> {
  server = await new TestServer({ separation }).start()
  ann = await server.enrol(server.bootstrapSecret)
  bob = await markedPerson(server, ann)
}
afterEach(() => server.remove())

const place = (by: Operator, target: string): Promise<Answer> =>
  by.api.post('/v1/holds', { target, reason: 'a court asks' })

async function lift(by: Operator, hold: string): Promise<Answer> {
  const { json } = await by.api.get(`/v1/holds/${hold}/lifting`)
  return by.api.post(`/v1/holds/${hold}/lift`, by.authenticator.assert(json.challenge))
}

async function erase(by: Operator, subject: string): Promise<Answer> {
  const { json } = await by.api.get(`/v1/subjects/${subject}/erasure?basis=request`)
  const gesture = by.authenticator.assert(json.challenge)
  return by.api.post(`/v1/subjects/${subject}/erase`, { ...gesture, basis: 'request' })
}

/** A hold, and an erasure of Bob's delegation that Ann asked for and the hold defers. */
async function deferred(target: string): Promise<string> {
  const { hold } = (await place(ann, target)).json
  await ann.api.post('/v1/revocations', { kind: 'delegation', target: bob.jti, reason: 'over' })
  expect((await erase(ann, bob.jti)).json).toMatchObject({ state: 'deferred', holds: [hold] })
  return hold
}

describe('under separation `independent` a hold is lifted', () => {
  beforeEach(() => begin('independent'))

  test.each(['delegation', 'principal', 'everything'])(
    'on the %s by neither its principal nor who asked for the erasure',
    async (what) => {
      const hold = await deferred({ delegation: bob.jti, principal: bob.id, everything: '*' }[what] ?? '')
      expect(code(await lift(bob, hold))).toBe('SAME_PERSON')
      expect(code(await lift(ann, hold))).toBe('SAME_PERSON')
      const cat = await server.invite(ann, 'Cat')
      expect((await lift(cat, hold)).json.erased).toEqual([bob.jti])
    },
  )

  test.each(['delegation', 'principal', 'everything'])(
    'on the %s not by who asks for the erasure afterwards',
    async (what) => {
      const target = { delegation: bob.jti, principal: bob.id, everything: '*' }[what] ?? ''
      const cat = await server.invite(ann, 'Cat')
      const { hold } = (await place(cat, target)).json
      await ann.api.post('/v1/revocations', { kind: 'delegation', target: bob.jti, reason: 'over' })
      expect((await lift(ann, hold)).status).toBe(200)
      expect(code(await erase(ann, bob.jti))).toBe('SAME_PERSON')
      expect((await erase(cat, bob.jti)).json.state).toBe('erased')
    },
  )

  test('not by whom it is about before anything is deferred, and by who placed it', async () => {
    for (const target of [bob.id, bob.jti]) {
      const { hold } = (await place(ann, target)).json
      expect(code(await lift(bob, hold))).toBe('SAME_PERSON')
      expect((await lift(ann, hold)).json.erased).toEqual([])
    }
  })
})

test('under separation `after` whom a hold is about may lift it', async () => {
  await begin('after')
  expect((await lift(bob, await deferred(bob.jti))).json.erased).toEqual([bob.jti])
})

test('one person places some of the holds that there can be, and others still place theirs', async () => {
  await begin('independent')
  for (let i = 0; i < HOLDS_EACH_MAX; i++) expect((await place(bob, '*')).status).toBe(200)
  expect(code(await place(bob, '*'))).toBe('LIMIT_EXCEEDED')
  const { hold } = (await place(ann, '*')).json
  expect((await lift(ann, hold)).status).toBe(200)
})

test('who is enrolled and not endorsed places no hold, opens no value, adds no note and logs no pack', async () => {
  await begin('independent')
  const { invitation } = (await ann.api.post('/v1/people', { name: 'Mallory' })).json
  const mallory = await server.enrol(invitation)
  const { entries, size } = (await ann.api.get('/v1/entries?limit=1000')).json
  const named = entries.find(
    ({ entry }: { entry: { type: string; subject?: string } }) =>
      entry.type === 'person.enrolled' && entry.subject === bob.id,
  )
  const opening = { entry: named.index, field: 'name' }
  const period = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }
  const pack = packOver(server, size, period)
  const tried = async (): Promise<Answer[]> => [
    await place(mallory, '*'),
    await mallory.api.post('/v1/openings', opening),
    await mallory.api.post('/v1/notes', { entry: named.index, text: 'a friend of mine' }),
    await mallory.api.post('/v1/packs', pack),
  ]
  for (const answer of await tried()) expect([answer.status, code(answer)]).toEqual([403, 'NOT_ENDORSED'])
  expect(await ann.api.loggedSince(size)).toEqual([])
  await server.endorse(ann, mallory.id)
  for (const answer of await tried()) expect(answer.status).toBe(200)
})
