/** Issuer keys at a running control plane. spec/keys.md. @module */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { parseJws } from '../../src/core/sign.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { signedTrustListSchema, verifyTrustList, type TrustList } from '../../src/revoke/trust-list.ts'
import { delegationOf, TestServer, type Caller, type Operator } from './harness.ts'
import { createServer } from './server.ts'

let server: TestServer
let ann: Operator
/** Two clocks in one: the test moves it on. */
let ahead_ms: number
const clock = { now: () => Date.now() + ahead_ms, monotonic: () => systemClock.monotonic() + ahead_ms }

beforeEach(async () => {
  ahead_ms = 0
  server = await new TestServer({ separation: 'after', clock }).start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterEach(() => server.remove())

const keyFiles = (): string[] => readdirSync(join(server.dataDir, 'keys')).sort()
const kids = async (): Promise<[string, string][]> =>
  (await ann.api.get('/v1/keys')).json.issuer.map((key: JsonObject) => [key.status, key.kid])
const current = async (): Promise<string> => (await kids())[0]![1]
const rotate = async (): Promise<string> => (await ann.api.post('/v1/keys/issuer/rotate', {})).json.kid
const retire = (kid: string) => ann.api.post(`/v1/keys/issuer/${kid}/retire`, {})
const compromise = (kid: string) => ann.api.post(`/v1/keys/issuer/${kid}/compromise`, { reason: 'leaked' })
const get = (path: string, headers: Record<string, string> = {}) => fetch(server.base() + path, { headers })
const jwksKids = async (): Promise<string[]> => {
  const { keys } = (await (await get('/.well-known/jwks.json')).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}
const kidOfChain = (chain: string): unknown => parseJws(chain.slice(0, chain.indexOf('~'))).header.kid
const entryTypes = async (): Promise<string[]> => {
  const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
  return entries.map((one: { entry: { type: string } }) => one.entry.type)
}

function secondsLater(s: number): void {
  ahead_ms += s * 1000
}

async function listFor(point: Caller): Promise<TrustList> {
  const signed = signedTrustListSchema.parse((await point.get('/v1/points/self/trust')).json)
  const { frame_key } = (await (await get('/v1/info')).json()) as { frame_key: never }
  expect(verifyTrustList(nodeCrypto, frame_key, signed)).toBe(true)
  return signed.list
}

describe('a rotation', () => {
  test('makes a durable key that signs from there on, while the old one verifies', async () => {
    const first = await current()
    const agent = await server.agent(ann, ann)
    const point = await server.point(ann)
    const before = await server.delegate(ann, agent, point.id)
    const second = await rotate()
    const after = await server.delegate(ann, agent, point.id)
    expect([kidOfChain(before.chain), kidOfChain(after.chain)]).toEqual([first, second])
    expect(await kids()).toEqual([
      ['current', second],
      ['verifying', first],
    ])
    expect(await jwksKids()).toEqual([second, first])
    expect(keyFiles()).toEqual([
      'break-glass.jwk',
      'frame.jwk',
      `issuer-${second}.jwk`,
      'issuer.jwk',
      'log.jwk',
      'oauth.jwk',
    ])
    await server.restart()
    expect(kidOfChain((await server.delegate(ann, agent, point.id)).chain)).toBe(second)
  })

  test('turns away a draft that was shown before it', async () => {
    const agent = await server.agent(ann, ann)
    const { id } = await server.point(ann)
    const { jti, challenge } = (await ann.api.post('/v1/delegations/drafts', delegationOf(agent, id))).json
    await rotate()
    const sealed = await ann.api.post(
      `/v1/delegations/drafts/${jti}/seal`,
      ann.authenticator.assert(challenge),
    )
    expect([sealed.status, sealed.json.error.code]).toEqual([409, 'STATE_CONFLICT'])
  })

  test('of many at once leaves one current key and an entry for each', async () => {
    const made = await Promise.all([rotate(), rotate(), rotate()])
    const now = await kids()
    expect(now.filter(([status]) => status === 'current')).toHaveLength(1)
    expect(now.map(([, kid]) => kid)).toEqual(expect.arrayContaining(made))
    expect((await entryTypes()).filter((type) => type === 'key.created')).toHaveLength(6)
  })

  test('stops at as many keys as a trust list holds', async () => {
    for (let n = 1; n < 16; n++) await rotate()
    const refused = await ann.api.post('/v1/keys/issuer/rotate', {})
    expect([refused.status, refused.json.error.code]).toEqual([409, 'LIMIT_EXCEEDED'])
    expect(keyFiles().filter((name) => name.startsWith('issuer'))).toHaveLength(16)
  })
})

describe('a retirement', () => {
  test('destroys the private key and keeps the public one where it verifies', async () => {
    const point = await server.point(ann)
    const first = await current()
    const second = await rotate()
    expect((await retire(first)).json.error.code).toBe('STATE_CONFLICT') // in the second of the rotation
    secondsLater(1)
    const { json } = await retire(first)
    expect(json).toMatchObject({ kid: first, destroyed: true })
    expect(json.retired_at).toBeLessThanOrEqual(Math.floor(clock.now() / 1000))
    expect(keyFiles()).toEqual([
      'break-glass.jwk',
      'frame.jwk',
      `issuer-${second}.jwk`,
      'log.jwk',
      'oauth.jwk',
    ])
    expect((await listFor(point.api)).issuers[0].keys.map(({ retired_at }) => retired_at)).toEqual([
      undefined,
      json.retired_at,
    ])
    expect(await jwksKids()).toEqual([second, first])
    const { issuer_keys } = (await (await get('/v1/info')).json()) as { issuer_keys: { kid: string }[] }
    expect(issuer_keys.map(({ kid }) => kid)).toEqual([second])
    expect((await retire(first)).json.error.code).toBe('STATE_CONFLICT')
  })

  test('is refused to the current key and to one that nobody knows', async () => {
    const refused = await retire(await current())
    expect([refused.status, refused.json.error.code]).toEqual([409, 'KEY_CURRENT'])
    const unknown = await retire('A'.repeat(43))
    expect([unknown.status, unknown.json.error.code]).toEqual([404, 'UNKNOWN_KEY'])
  })
})

describe('a compromise', () => {
  test('of the current key replaces it and revokes everything that it signed, once', async () => {
    const first = await current()
    const answer = await compromise(first)
    expect(answer.json).toMatchObject({ frames: [1], head: 1, destroyed: true })
    expect(answer.json.current).not.toBe(first)
    expect((await entryTypes()).slice(-3)).toEqual(['key.created', 'key.compromised', 'revocation'])
    expect(await kids()).toEqual([
      ['current', answer.json.current],
      ['compromised', first],
    ])
    expect(await jwksKids()).toEqual([answer.json.current])
    const frames = (await ann.api.get('/v1/revocations')).json.frames
    expect(frames).toMatchObject([{ frame: { kind: 'issuer', handle: first, reason: 'leaked' } }])
    expect(keyFiles()).not.toContain('issuer.jwk')
    expect((await compromise(first)).json).toMatchObject({ frames: [1], head: 1 })
    expect((await entryTypes()).filter((type) => type === 'key.compromised')).toHaveLength(1)
  })

  test('reaches a retired key too', async () => {
    const first = await current()
    const second = await rotate()
    secondsLater(1)
    await retire(first)
    expect((await compromise(first)).json).toMatchObject({ frames: [1], current: second })
    expect(await jwksKids()).toEqual([second])
  })
})

test('a start without the file of the current key is refused, and one without an old one is not', async () => {
  const second = await rotate()
  await server.running.close()
  rmSync(join(server.dataDir, 'keys', 'issuer.jwk'))
  await server.start()
  expect(await current()).toBe(second)
  await server.running.close()
  rmSync(join(server.dataDir, 'keys', `issuer-${second}.jwk`))
  await expect(server.start()).rejects.toMatchObject({ code: 'ISSUER_KEY_MISSING' })
})

test('a start destroys what a crash kept of a retired key', async () => {
  const first = await current()
  const path = join(server.dataDir, 'keys', 'issuer.jwk')
  const bytes = readFileSync(path)
  await rotate()
  secondsLater(1)
  await retire(first)
  writeFileSync(path, bytes, { mode: 0o600 })
  await server.restart()
  expect(keyFiles()).not.toContain('issuer.jwk')
})

test('with a passphrase its key files are encrypted, and without one it does not start again', async () => {
  await server.remove()
  const said: string[] = []
  const onEncrypted = (file: string): number => said.push(file)
  server = await new TestServer({ passphrase: 'a good one', onEncrypted }).start()
  expect(said).toEqual([])
  await server.running.close()
  const start = (passphrase?: string) =>
    createServer({ dataDir: server.dataDir, ...(passphrase === undefined ? {} : { passphrase }) })
  await expect(start()).rejects.toThrowWithCode('KEY_LOCKED')
  await expect(start('another')).rejects.toThrowWithCode('KEY_PASSPHRASE_WRONG')
  await server.start()
}, 90_000) // each key file that is encrypted takes a core for half a second and more

describe('what anyone may read', () => {
  test('names the issuer, its endpoints and its keys, and may be kept for a minute', async () => {
    const metadata = await get('/.well-known/countersign')
    expect(await metadata.json()).toMatchObject({
      issuer: 'countersign.localhost',
      protocol: 1,
      jwks_uri: `${server.base()}/.well-known/jwks.json`,
      rp_id: 'localhost',
      log: { origin: 'countersign.localhost', vkey: server.running.vkey, url: `${server.base()}/log` },
    })
    const response = await get('/.well-known/jwks.json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=60')
    expect(await response.json()).toEqual({
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: expect.any(String),
          kid: await current(),
          alg: 'Ed25519',
          use: 'sig',
        },
      ],
    })
    const etag = response.headers.get('etag')!
    expect((await get('/.well-known/jwks.json', { 'if-none-match': etag })).status).toBe(304)
    await rotate()
    expect((await get('/.well-known/jwks.json', { 'if-none-match': etag })).status).toBe(200)
  })
})

test('its statements verify for others with nothing but the published keys', async () => {
  const { id, key } = await server.agent(ann, ann)
  const { statement } = (await ann.api.post(`/v1/agents/${id}/statements`, { jkt: key.jkt })).json
  await rotate()
  const keys = createLocalJWKSet((await (await get('/.well-known/jwks.json')).json()) as JSONWebKeySet)
  const { payload } = await jwtVerify(statement, keys, { issuer: 'countersign.localhost' })
  expect(payload).toMatchObject({ agent: id, jkt: key.jkt })
  await compromise((await kids())[1]![1])
  const left = createLocalJWKSet((await (await get('/.well-known/jwks.json')).json()) as JSONWebKeySet)
  await expect(jwtVerify(statement, left)).rejects.toThrowWithCode('ERR_JWKS_NO_MATCHING_KEY')
})
