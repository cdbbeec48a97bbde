/** Hosting keys and resources, as a gateway offers them. spec/oauth.md (OAU-15 to OAU-17). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer, type Caller, type Operator } from './harness.ts'
import { hostingKeyFor } from '../../src/registry/hosting-keys.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { join } from 'node:path'

const PATH = '/v1/points/hosting-keys'
const URL = 'https://gateway.example/servers/files/mcp'

describe('hosting keys', () => {
  const server = new TestServer()
  let ann: Operator
  let ben: Operator
  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben')
  })
  afterAll(() => server.remove())

  const offer = (
    api: Caller,
    keys: Caller[],
    resources: object[] = [],
  ): Promise<{ status: number; json: unknown }> => put(api, { keys: keys.map(({ jwk }) => jwk), resources })
  const put = async (api: Caller, value: object): Promise<{ status: number; json: unknown }> => {
    const answer = await api.fetch('PUT', PATH, JSON.stringify(value))
    return { status: answer.status, json: await answer.json() }
  }

  test('are taken once, and counted until an agent has them', async () => {
    const { api } = await server.point(ann)
    const keys = [server.caller(), server.caller()]
    expect(await offer(api, keys)).toEqual({ status: 200, json: { unused: 2, resources: 0 } })
    expect(await offer(api, keys)).toEqual({ status: 200, json: { unused: 2, resources: 0 } })
    const many = Array.from({ length: 63 }, () => server.caller())
    expect(await offer(api, many)).toMatchObject({ status: 409, json: { error: { code: 'LIMIT_EXCEEDED' } } })
    const more = Array.from({ length: 65 }, () => server.caller())
    expect(await offer(api, more)).toMatchObject({ status: 400 })
  })

  test('that are somebody else’s are refused', async () => {
    const [one, other] = [await server.point(ann), await server.point(ann)]
    const key = server.caller()
    await offer(one.api, [key])
    for (const taken of [key, ann.api, one.api])
      expect(await offer(other.api, [taken])).toMatchObject({
        status: 409,
        json: { error: { code: 'KEY_IN_USE' } },
      })
  })

  test('are for points alone', async () => {
    expect(await offer(ann.api, [])).toMatchObject({ status: 403 })
  })

  test('resources are one point’s, of a server that it guards', async () => {
    const [one, other] = [await server.point(ann), await server.point(ann)]
    const resource = { server: 'files', url: URL }
    expect(await offer(one.api, [], [resource])).toEqual({ status: 200, json: { unused: 0, resources: 1 } })
    for (const [api, resources] of [
      [other.api, [resource]],
      [one.api, [resource, resource]],
      [one.api, [{ server: 'mail', url: 'https://gateway.example/mail' }]],
    ] as const)
      expect(await offer(api, [], [...resources])).toMatchObject({
        status: 409,
        json: { error: { code: 'STATE_CONFLICT' } },
      })
    expect(await offer(one.api, [])).toMatchObject({ status: 200 })
    expect(await offer(other.api, [], [resource])).toMatchObject({ status: 200 })
  })

  test('a point that was revoked holds no resource: another takes its place', async () => {
    const [gone, next] = [await server.point(ann), await server.point(ann)]
    const resource = { server: 'files', url: 'https://gateway.example/servers/revoked/mcp' }
    expect(await offer(gone.api, [server.caller()], [resource])).toMatchObject({ status: 200 })
    await ann.api.post('/v1/revocations', { kind: 'point', target: gone.id, reason: 'stolen' })
    expect(await offer(next.api, [], [resource])).toMatchObject({ status: 200, json: { resources: 1 } })
    expect(await offer((await server.point(ann)).api, [], [resource])).toMatchObject({ status: 409 })
  })

  test.each([
    'http://gateway.example/mcp',
    'https://gateway.example/mcp#part',
    'https://user:secret@gateway.example/mcp',
    'ftp://gateway.example/mcp',
    'gateway',
  ])('refuses the resource %s', async (url) => {
    const { api } = await server.point(ann)
    expect(await offer(api, [], [{ server: 'files', url }])).toMatchObject({ status: 400 })
  })

  test('a delegation is told to the gateway that holds its key, until it is revoked', async () => {
    const [here, elsewhere] = [await server.point(ann), await server.point(ann)]
    const key = server.caller()
    await offer(here.api, [key])
    const agent = await server.agent(ann, ben)
    await server.running.close()
    const store = openSqliteStore({ path: join(server.dataDir, 'countersign.db'), clock: systemClock })
    const by = { kind: 'person', id: ann.id } as const
    const ctx = { store, crypto: nodeCrypto }
    expect(await hostingKeyFor(ctx, by, { agent: agent.id, point: here.id })).toBe(key.jkt)
    expect(await hostingKeyFor(ctx, by, { agent: agent.id, point: here.id })).toBe(key.jkt)
    await expect(hostingKeyFor(ctx, by, { agent: agent.id, point: elsewhere.id })).rejects.toThrowWithCode(
      'UNKNOWN_KEY',
    )
    await store.close()
    await server.start()
    const { jti, chain } = await server.delegate(ann, { id: agent.id, key }, here.id)
    const own = await server.delegate(ann, agent, here.id)
    const path = `/v1/points/hosted/${jti}`
    expect(await here.api.get(path)).toMatchObject({ status: 200, json: { jti, agent: agent.id, chain } })
    const refused = { status: 404, json: { error: { code: 'UNKNOWN_DELEGATION' } } }
    expect(await elsewhere.api.get(path)).toMatchObject(refused)
    expect(await here.api.get(`/v1/points/hosted/${own.jti}`)).toMatchObject(refused)
    await ann.api.post('/v1/revocations', { kind: 'delegation', target: jti, reason: 'test' })
    expect(await here.api.get(path)).toMatchObject(refused)
  })
})
