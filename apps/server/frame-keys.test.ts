/** The frame key, replaced at a control plane. spec/kill.md (KIL-21, KIL-22). */
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { verifyFrame, verifyHeartbeat } from '../../src/revoke/frame.ts'
import { signFrameKey, signKill } from '../../src/revoke/kill-rules.ts'
import { verifySnapshot } from '../../src/revoke/snapshot.ts'
import type { SignedFrameKey, SignedKill } from '../../src/revoke/statement.ts'
import { verifyTrustList } from '../../src/revoke/trust-list.ts'
import { TestServer, type Operator } from './harness.ts'

const server = new TestServer()
const keys = () => join(server.dataDir, 'keys')
let ann: Operator
let breakGlass: Signer
let old: Signer
let before: SignedKill
let point: Awaited<ReturnType<TestServer['point']>>

const read = (file: string): Signer =>
  nodeCrypto.signer(JSON.parse(readFileSync(join(keys(), file), 'utf8')) as never)
const info = async () => (await (await fetch(`${server.base()}/v1/info`)).json()) as never as Info
const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

interface Info {
  readonly issuer: string
  readonly frame_key: never
  readonly frame_key_seq: number
  readonly frame_epoch: number
  readonly revokes: boolean
  readonly record: { readonly frame_key: unknown }
}

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  breakGlass = read('break-glass.jwk')
  old = read('frame.jwk')
  point = await server.point(ann)
  await revokeOne()
  const { json } = await ann.api.post('/v1/kills/draft', { scope: { kind: 'global' }, reason: 'test' })
  const gesture = ann.authenticator.assert(json.challenge)
  before = (await ann.api.post('/v1/kills', { ...gesture, kill: json.act.kill })).json.statement
})
afterAll(() => server.remove())

async function revokeOne(): Promise<number> {
  const { id } = await server.point(ann)
  const answer = await ann.api.post('/v1/revocations', { kind: 'point', target: id, reason: 'test' })
  expect(answer.status).toBe(200)
  return answer.json.head
}

async function draft(): Promise<SignedFrameKey['frame_key']> {
  return (await ann.api.post('/v1/keys/frame/draft', {})).json
}

const handIn = (signed: SignedFrameKey) => ann.api.post('/v1/statements', { ...signed })

test('takes no statement by another key, of another number, or about a key that it does not have', async () => {
  const drafted = await draft()
  const thief = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
  expect(code(await handIn(signFrameKey(old, drafted)))).toBe('STATEMENT_REFUSED')
  expect(code(await handIn(signFrameKey(breakGlass, { ...drafted, seq: 2 })))).toBe('STATE_CONFLICT')
  expect(code(await handIn(signFrameKey(breakGlass, { ...drafted, iss: 'other' })))).toBe('STATEMENT_REFUSED')
  const ours = { ...drafted, jwk: { ...old.publicJwk } }
  expect(code(await handIn(signFrameKey(breakGlass, ours)))).toBe('STATEMENT_REFUSED')
  const theirs = { ...drafted, jwk: { ...thief.publicJwk } }
  expect(code(await handIn(signFrameKey(breakGlass, theirs)))).toBe('FRAME_KEY_MISSING')
  expect(await info()).toMatchObject({
    frame_key: old.publicJwk,
    frame_key_seq: 0,
    frame_epoch: 1,
    revokes: true,
  })
})

test('a statement by the break-glass key puts the new one in force, and destroys the old one', async () => {
  const drafted = await draft()
  const signed = signFrameKey(breakGlass, drafted)
  expect((await handIn(signed)).status).toBe(200)
  expect((await handIn(signed)).status).toBe(200) // once more, and it changes nothing
  expect(existsSync(join(keys(), 'frame.jwk'))).toBe(false)
  const now = await info()
  expect(now).toMatchObject({ frame_key: drafted.jwk, frame_key_seq: 1, frame_epoch: 2, revokes: true })
  expect(now.record.frame_key).toEqual(drafted.jwk)
  const { json } = await point.api.get('/v1/points/self/statements')
  expect(json.statements).toContainEqual(signed)
})

test('who comes from before the change gets a snapshot by the new key, and only frames of its epoch', async () => {
  const head = await revokeOne()
  const { frame_key } = await info()
  for (const query of ['after=0', 'epoch=1&after=1', 'epoch=2&after=0']) {
    const { json } = await point.api.get(`/v1/revocations/poll?${query}`)
    expect(verifySnapshot(nodeCrypto, frame_key, json.snapshot)).toBe(true)
    expect(json.snapshot.snapshot).toMatchObject({ epoch: 2 })
    expect(json.snapshot.snapshot.head).toBeGreaterThanOrEqual(2)
    for (const signed of json.frames) expect(verifyFrame(nodeCrypto, frame_key, signed)).toBe(true)
    expect(verifyHeartbeat(nodeCrypto, frame_key, json.heartbeat)).toBe(true)
    expect(json.heartbeat.heartbeat).toMatchObject({ epoch: 2, head })
  }
  const { json } = await point.api.get('/v1/revocations/poll?epoch=2&after=2')
  expect(json.snapshot).toBeUndefined()
  expect(json.frames.map((each: { frame: { epoch: number } }) => each.frame.epoch)).toEqual([2])
  const list = (await point.api.get('/v1/points/self/trust')).json
  expect(verifyTrustList(nodeCrypto, frame_key, list)).toBe(true)
})

test('takes no kill by the old key, and leaves one in force that was known before', async () => {
  const kill = {
    v: 1 as const,
    id: 'kil_x',
    iss: (await info()).issuer,
    scope: { kind: 'global' as const },
    reason: 'x',
    t: 1,
  }
  expect(code(await ann.api.post('/v1/statements', { ...signKill(old, 'frame', kill) }))).toBe(
    'STATEMENT_REFUSED',
  )
  expect((await point.api.post('/v1/statements', { ...before })).status).toBe(200)
  const { kills } = (await ann.api.get('/v1/kills')).json
  expect(kills).toEqual([before])
})

test('starts again with the new key, and not without it', async () => {
  await server.restart()
  const { frame_key, revokes } = await info()
  expect(revokes).toBe(true)
  const name = `frame-${thumbprint(nodeCrypto, frame_key)}.jwk`
  expect(readdirSync(keys())).toContain(name)
  await server.running.close()
  renameSync(join(keys(), name), join(server.dataDir, 'elsewhere.jwk'))
  await expect(server.start()).rejects.toMatchObject({ code: 'FRAME_KEY_MISSING' })
  renameSync(join(server.dataDir, 'elsewhere.jwk'), join(keys(), name))
  await server.start()
  await revokeOne()
})
