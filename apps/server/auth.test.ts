import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DpopVerifier } from './auth.ts'
import { TestServer, type Operator } from './harness.ts'
import { BODY_BYTES_MAX } from './middleware.ts'
import { rawRequest } from './raw-request.ts'

const server = new TestServer()
let operator: Operator
beforeAll(async () => {
  await server.start()
  operator = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code
const seconds = () => Math.floor(Date.now() / 1000)

describe('a signed request', () => {
  test('by a registered key passes', async () => {
    expect(await operator.api.get('/v1/people')).toMatchObject({ status: 200 })
    expect(await operator.api.post('/v1/systems', { name: 'CRM' })).toMatchObject({ status: 200 })
  })

  test('passes once only', async () => {
    const proof = operator.api.proof('GET', '/v1/people', '')
    expect((await operator.api.get('/v1/people', { proof })).status).toBe(200)
    const again = await operator.api.get('/v1/people', { proof })
    expect([again.status, code(again)]).toEqual([401, 'AUTH_REPLAYED'])
  })

  test.each([
    ['for another path', { htu: 'http://127.0.0.1:1/v1/people' }, 'AUTH_TARGET_MISMATCH'],
    ['for another method', { htm: 'POST' }, 'AUTH_TARGET_MISMATCH'],
    ['of two minutes ago', { iat: seconds() - 120 }, 'AUTH_STALE'],
    ['of the future', { iat: seconds() + 300 }, 'AUTH_STALE'],
    ['from before the server started', { iat: seconds() - 30 }, 'AUTH_STALE'],
    ['for another body', { body_sha256: 'x' }, 'AUTH_BODY_MISMATCH'],
    ['with an unknown claim', { also: 1 }, 'AUTH_MALFORMED'],
  ])('%s is refused', async (_, claims, expected) => {
    const answer = await operator.api.get('/v1/people', { claims })
    expect([answer.status, code(answer)]).toEqual([401, expected])
  })

  test('whose body was changed on the way is refused', async () => {
    const answer = await operator.api.post('/v1/systems', { name: 'a' }, { sent: '{"name":"b"}' })
    expect([answer.status, code(answer)]).toEqual([401, 'AUTH_BODY_MISMATCH'])
  })

  test('of a key that nobody registered is refused', async () => {
    const answer = await server.caller().get('/v1/people')
    expect([answer.status, code(answer)]).toEqual([401, 'AUTH_KEY_UNKNOWN'])
  })

  test('of an enforcement point does not open what is for people', async () => {
    const point = await server.point(operator)
    const answer = await point.api.get('/v1/people')
    expect([answer.status, code(answer)]).toEqual([403, 'FORBIDDEN'])
  })

  test('with a signature by another key is refused', async () => {
    const proof = operator.api.proof('GET', '/v1/people', '')
    const other = server.caller().proof('GET', '/v1/people', '')
    const mixed = `${proof.slice(0, proof.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`
    const answer = await operator.api.get('/v1/people', { proof: mixed })
    expect([answer.status, code(answer)]).toEqual([401, 'AUTH_MALFORMED'])
  })

  test('is needed', async () => {
    const answer = await fetch(`${server.base()}/v1/people`)
    expect(answer.status).toBe(401)
  })
})

describe('a body', () => {
  const send = async (sent: string) => {
    const proof = operator.api.proof('POST', '/v1/systems', sent)
    const response = await operator.api.fetch('POST', '/v1/systems', sent, { proof })
    const json = (await response.json()) as { error?: { code: string } }
    return [response.status, json.error?.code]
  }

  test('that is not JSON is refused', async () => {
    expect(await send('name=x')).toEqual([400, 'BODY_NOT_JSON'])
  })

  test('that is missing is refused', async () => {
    expect(await send('')).toEqual([400, 'REQUEST_INVALID'])
  })

  test('with a duplicate name is refused', async () => {
    expect(await send('{"name":"a","name":"b"}')).toEqual([400, 'JSON_DUPLICATE_KEY'])
  })

  test('with an unknown member is refused', async () => {
    expect(await send('{"name":"a","also":1}')).toEqual([400, 'REQUEST_INVALID'])
  })

  test('over the limit is refused', async () => {
    expect(await send(`{"name":"${'x'.repeat(BODY_BYTES_MAX)}"}`)).toEqual([413, 'BODY_TOO_LARGE'])
  })
})

describe('a stranger', () => {
  test('who resolved another name to this address gets nothing', async () => {
    const answer = await rawRequest(server.base(), '/v1/info', { host: 'evil.example' })
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('HOST_REFUSED')
  })

  test('may read what to pin, and no origin but ours may', async () => {
    const answer = await fetch(`${server.base()}/v1/info`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('gets a code for a resource that does not exist', async () => {
    const answer = await operator.api.get('/v1/agents/agt_none')
    expect([answer.status, code(answer)]).toEqual([404, 'UNKNOWN_AGENT'])
    const nowhere = await operator.api.get('/v1/nowhere')
    expect([nowhere.status, code(nowhere)]).toEqual([404, 'NOT_FOUND'])
  })
})

test('the memory of used proofs is bounded and forgets what is too old to be accepted', async () => {
  let now = 1_000_000
  const verifier = new DpopVerifier(nodeCrypto, { now: () => now, monotonic: () => now }, null, 2)
  const proof = (jti: string) => ({ jti, jkt: 'k', jwk: operator.api.jwk })
  await verifier.use(proof('a'))
  await verifier.use(proof('b'))
  await expect(verifier.use(proof('c'))).rejects.toThrow(expect.objectContaining({ code: 'TOO_MANY' }))
  now += 122_000
  await verifier.use(proof('c'))
  await expect(verifier.use(proof('c'))).rejects.toThrow(expect.objectContaining({ code: 'AUTH_REPLAYED' }))
})
