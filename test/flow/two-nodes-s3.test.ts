/**
 * Everything that is not one machine's: two control planes as processes of their own, one PostgreSQL database, the public
 * log in one bucket. What is asked for twice is done once, whichever node is asked and whichever is killed meanwhile.
 */
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enroll } from '../../apps/cli/operator.ts'
import { saveProfile } from '../../apps/cli/profile.ts'
import { Caller, type Answer } from '../../apps/server/harness.ts'
import { openLogPlace, placeOfLog } from '../../apps/server/tiles.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { Postgres } from '../fixtures/postgres.ts'
import { runCli, startControlPlane, until, type ControlPlane } from '../fixtures/processes.ts'
import { BUCKET, CREDENTIALS, REGION, startS3Server, type S3Server } from '../fixtures/s3-server.ts'

const TILES = `s3://${BUCKET}/log`
const ENV = {
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_REGION: REGION,
}

describe('two nodes on one database and one bucket', () => {
  let folder: string
  let postgres: Postgres
  let store: string
  let s3: S3Server
  let a: ControlPlane
  let b: ControlPlane
  /** The same person, at each of them. */
  let atA: Caller
  let atB: Caller
  const nameOf = (node: 'a' | 'b'): string => join(folder, `profile-${node}`)

  function start(node: 'a' | 'b', port = 0): Promise<ControlPlane> {
    const args = ['--vault', join(folder, 'vault.db'), '--tiles', TILES, '--s3-endpoint', s3.endpoint]
    return startControlPlane(join(folder, node), port, { store, args, env: ENV })
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-two-nodes-s3-'))
    ;[postgres, s3] = await Promise.all([Postgres.start(), startS3Server()])
    store = await postgres.database()
    a = await start('a')
    const file = await enroll(a.url, a.bootstrap_secret ?? '', 'Manager')
    await cp(join(folder, 'a', 'keys'), join(folder, 'b', 'keys'), { recursive: true })
    b = await start('b')
    await saveProfile(nameOf('a'), file)
    await saveProfile(nameOf('b'), { ...file, url: b.url })
    const key = file.operator as unknown as PrivateJwk
    atA = new Caller(() => a.url, 'Ed25519', key)
    atB = new Caller(() => b.url, 'Ed25519', key)
  }, 60_000)

  afterAll(async () => {
    await Promise.all([a?.process.end('SIGTERM'), b?.process.end('SIGTERM')])
    await Promise.all([postgres?.remove(), s3?.close()])
    await rm(folder, { recursive: true, force: true })
  })

  const post = (by: Caller, name: string, key: string): Promise<Answer> =>
    by.post('/v1/systems', { name }, { headers: { 'Idempotency-Key': `"${key}"` } })

  async function published(): Promise<number> {
    const { tiles } = openLogPlace(placeOfLog({ dataDir: '', tilesUrl: TILES, s3Endpoint: s3.endpoint }, ENV))
    const note = await tiles.read('checkpoint')
    return note === null ? 0 : openCheckpoint(crypto, note, a.vkey).size
  }

  async function expectVerified(
    node: 'a' | 'b',
    { url, vkey }: ControlPlane,
    entries: number,
  ): Promise<void> {
    await until('all of it is public', async () => (await published()) >= entries)
    const said = { ok: true, size: expect.any(Number), entries_checked: expect.any(Number) }
    for (const where of [[`${url}/log`], [TILES, '--s3-endpoint', s3.endpoint]]) {
      const args = ['--profile', nameOf(node), '--json', 'log', 'verify', ...where, '--key', vkey]
      const { code, stdout } = await runCli(args, ENV)
      const report = JSON.parse(stdout) as { size: number }
      expect([code, report]).toEqual([0, said])
      expect(report.size).toBeGreaterThanOrEqual(entries)
    }
  }

  test('what is appended through both is one log, over HTTP and in the bucket', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `System ${i}`)
    const answers = await Promise.all(
      names.map((name, i) => (i % 2 === 0 ? atA : atB).post('/v1/systems', { name })),
    )
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    await expectVerified('a', a, await atA.logSize())
    await expectVerified('b', b, await atB.logSize())
  })

  test('one request at both at once is done once: both get the answer, a repetition meanwhile is told to wait', async () => {
    const before = await atA.logSize()
    const client = new pg.Client(store)
    await client.connect()
    await client.query('BEGIN; SELECT next FROM sequencer FOR UPDATE') // nobody commits
    const key = randomUUID()
    const theirs = post(atB, 'Once', key)
    const mine = Array.from({ length: 3 }, () => post(atA, 'Once', key))
    const early = await Promise.race(mine)
    expect([early.status, early.json.error.code]).toEqual([409, 'IDEMPOTENCY_IN_FLIGHT'])
    await client.query('COMMIT')
    await client.end()
    const done = (await Promise.all([...mine, theirs])).filter(({ status }) => status === 200)
    expect([done.length, done[1]]).toEqual([2, done[0]])
    expect(await atB.loggedSince(before)).toEqual(['system.added'])
    expect((await post(atB, 'Twice', key)).json.error.code).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  test('a node is killed under load: what it did is found by key at the other, and the checkpoint goes on', async () => {
    const keys = Array.from({ length: 60 }, () => randomUUID())
    const first = keys.map((key, i) => post(atA, `Load ${i}`, key).catch(() => null))
    await first[5]
    await a.process.end('SIGKILL')
    const acked = await Promise.all(first)
    const again = await Promise.all(keys.map((key, i) => post(atB, `Load ${i}`, key)))
    expect(again.map(({ status }) => status)).toEqual(keys.map(() => 200))
    for (const [i, answer] of acked.entries()) if (answer !== null) expect(again[i]).toEqual(answer)
    const { systems } = (await atB.get('/v1/systems')).json as { systems: { name: string }[] }
    const loads = systems.map(({ name }) => name).filter((name) => name.startsWith('Load'))
    expect(loads.toSorted()).toEqual(keys.map((_, i) => `Load ${i}`).toSorted())
    await expectVerified('b', b, await atB.logSize())
    a = await start('a', Number(new URL(a.url).port))
    expect(await Promise.all(keys.map((key, i) => post(atA, `Load ${i}`, key)))).toEqual(again)
    await expectVerified('a', a, await atA.logSize())
  })
})
