/**
 * Two control planes on one PostgreSQL database, as processes of their own: whatever is done at one holds at the other, one
 * signs the log, and when it is killed the other goes on.
 */
import { readFileSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addSystem, delegate, invite, revoke } from '../../apps/cli/operator.ts'
import { openProfile, saveProfile, type Profile } from '../../apps/cli/profile.ts'
import { pointFileSchema, type PointFile } from '../../apps/gateway/point-file.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpRevocations } from '../../src/adapters/http/revocations.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { signJws } from '../../src/core/sign.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { rootAt, verifyTree } from '../../src/log/reader.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { followAll } from '../../src/revoke/follower.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import { freePort, Postgres } from '../fixtures/postgres.ts'
import {
  RpcFault,
  runCli,
  startControlPlane,
  startGateway,
  until,
  type ControlPlane,
} from '../fixtures/processes.ts'
import { callTool, ECHO_GRANT, Stage, type StagedPoint } from '../fixtures/stage.ts'

/** What a point is enrolled with. */
function pointKeyOf({ path }: StagedPoint): { point: PointFile; key: PrivateJwk } {
  const point = pointFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  return { point, key: point.key as unknown as PrivateJwk }
}

describe('two nodes on one database', () => {
  const from = rfc3339(Date.now() - 60_000)
  let postgres: Postgres
  let store: string
  /** Node A is the stage's control plane. */
  let stage: Stage
  let b: ControlPlane
  let dataB: string
  let managerB: Profile

  beforeAll(async () => {
    postgres = await Postgres.start()
    store = await postgres.database()
    stage = await Stage.set(store)
    dataB = join(stage.folder, 'data-b')
    await cp(join(stage.dataDir, 'keys'), join(dataB, 'keys'), { recursive: true })
    const args = ['--vault', join(stage.dataDir, 'vault.db'), '--peer', stage.control.url]
    b = await startControlPlane(dataB, 0, { store, args })
    managerB = openProfile({ ...stage.managerFile, url: b.url })
    await saveProfile(join(stage.folder, 'profile-b'), { ...stage.managerFile, url: b.url })
  }, 60_000)
  afterAll(async () => {
    await b?.process.end('SIGTERM')
    await stage?.remove()
    await postgres?.remove()
  })

  async function checkpointIn(data: string): Promise<Checkpoint | null> {
    const note = await fsTileStore(join(data, 'log')).read('checkpoint')
    return note && openCheckpoint(crypto, note, stage.control.vkey)
  }

  async function bothHave(size: number): Promise<void> {
    for (const data of [stage.dataDir, dataB]) {
      await until(`a checkpoint in ${data}`, async () => ((await checkpointIn(data))?.size ?? 0) >= size)
    }
  }

  test('have one log and one issuer, whoever of them is asked', async () => {
    expect(b.vkey).toBe(stage.control.vkey)
    expect(b.bootstrap_secret).toBeNull() // somebody enrolled at the other
    const systems = await managerB.client.get('/v1/systems')
    expect(JSON.stringify(systems)).toContain('Echoes')
  })

  test('share one vault: a name that was given at one is read at the other, and erased at both', async () => {
    const names = async ({ client }: Profile): Promise<string> =>
      JSON.stringify(await client.get('/v1/people'))
    const { person } = await invite(managerB, 'Never to come')
    expect(await names(stage.manager)).toContain('Never to come')
    await revoke(stage.manager, 'person', person, 'left')
    const erased = await runCli(['--profile', join(stage.folder, 'profile'), 'erase', person])
    expect(erased).toMatchObject({ code: 0 })
    expect(await names(managerB)).not.toContain('Never to come')
  })

  test('a node with a vault of its own is refused', async () => {
    const dataC = join(stage.folder, 'data-c')
    await cp(join(stage.dataDir, 'keys'), join(dataC, 'keys'), { recursive: true })
    const refused = await runCli(['--json', 'start', '--data', dataC, '--port', '0'], {
      COUNTERSIGN_STORE: store,
    })
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([
      1,
      expect.stringContaining('SETUP_MISMATCH'),
    ])
    expect(refused.stdout + refused.stderr).toContain('--vault')
  })

  test('what is revoked at one is denied at a gateway of the other', async () => {
    const point = await stage.point('gateway-b', managerB)
    const { id, jkt } = stage.agent
    const { jti, chain } = await delegate(managerB, {
      agent: id,
      jkt,
      aud: [point.id],
      grants: [ECHO_GRANT],
      ttl_s: 3600,
      depth_max: 2,
    })
    const gateway = await startGateway(point.path, join(stage.folder, 'echoes'))
    const session = await until('a session', () =>
      stage.open(gateway, chain).catch((error: unknown) => {
        if (error instanceof RpcFault && error.reasons.includes('STALE_REVOCATION')) return null
        throw error
      }),
    )
    expect(await callTool(gateway, session, 'echo', 'before').answer).toEqual({
      allowed: true,
      text: 'before',
    })
    await revoke(stage.manager, 'delegation', jti, 'test')
    const denied = await until('a denial', async () => {
      const answer = await callTool(gateway, session, 'echo', base64url(crypto.randomBytes(9))).answer
      return answer.allowed ? null : answer
    })
    expect(denied.reasons).toEqual(['REVOKED'])
    gateway.child.stdin.end()
    await gateway.ended
  })

  test('serve one stream of frames, whichever of them revoked, and a point goes on at the other where it was', async () => {
    const { point, key } = pointKeyOf(await stage.point('follows-both'))
    const nodes = [stage.control.url, b.url].map((url) =>
      httpRevocations(new ApiClient({ url, crypto, clock: systemClock, signer: crypto.signer(key) })),
    )
    const state = new RevocationState({
      crypto,
      frameKey: publicJwk(point.trust.frame_key),
      clock: systemClock,
    })
    const follower = followAll(
      nodes.map((source) => ({ source })),
      { crypto, state },
    )
    await follower.ready
    const revoked: string[] = []
    for (const profile of [stage.manager, managerB, stage.manager]) {
      const { id, jkt } = stage.agent
      const wanted = { agent: id, jkt, aud: [point.point], grants: [ECHO_GRANT], ttl_s: 3600, depth_max: 2 }
      const { jti } = await delegate(profile, wanted)
      await revoke(profile, 'delegation', jti, 'test')
      revoked.push(jti)
    }
    await until('all of it', () => revoked.every((handle) => state.isRevoked({ kind: 'delegation', handle })))
    await until('freshness at the head', () => (state.freshness()?.age_ms ?? Infinity) < 1_000)
    await follower.stop()
    const { signal } = new AbortController()
    const [one, other] = await Promise.all(nodes.map((node) => node.poll({ epoch: 0, after: 0 }, signal)))
    expect(one?.frames.slice(-3).map(({ frame }) => frame.handle)).toEqual(revoked)
    expect(other?.frames).toEqual(one?.frames)
    expect(other?.heartbeat?.heartbeat.head_hash).toBe(one?.heartbeat?.heartbeat.head_hash)
    const [mine, theirs] = await Promise.all(nodes.map((node) => node.snapshotHeader(signal)))
    expect(theirs?.snapshot).toEqual({ ...mine?.snapshot, t: theirs?.snapshot.t })
  })

  test('one signs, the other has the same checkpoint and the same tiles', async () => {
    await addSystem(managerB, 'For the log')
    const { size } = (await managerB.client.get('/v1/entries?after=-1&limit=1')) as { size: number }
    await bothHave(size)
    const [mine, theirs] = await Promise.all([stage.dataDir, dataB].map((data) => checkpointIn(data)))
    expect(theirs).toEqual(mine)
    if (!theirs) throw new Error('there is no checkpoint')
    expect(await verifyTree(crypto, fsTileStore(join(dataB, 'log')), theirs)).toMatchObject({ ok: true })
  })

  test('a proof that was used at one is used up at the other', async () => {
    // In front of the same name: a third node, on the first one's folder, which stands by without a copy.
    const { url } = stage.control
    const port = await freePort()
    const c = await startControlPlane(stage.dataDir, port, { store, args: ['--public-url', url] })
    const signer = crypto.signer(stage.managerFile.operator as unknown as PrivateJwk)
    const proof = signJws(
      signer,
      { typ: 'dpop+jwt', jwk: { ...signer.publicJwk } },
      {
        jti: base64url(crypto.randomBytes(16)),
        htm: 'GET',
        htu: `${url}/v1/systems`,
        iat: Math.floor(Date.now() / 1000),
        body_sha256: base64url(crypto.sha256(utf8(''))),
      },
    )
    const ask = (at: string): Promise<Response> => fetch(`${at}/v1/systems`, { headers: { DPoP: proof } })
    expect((await ask(url)).status).toBe(200)
    const second = await ask(`http://127.0.0.1:${port}`)
    expect([second.status, JSON.stringify(await second.json())]).toEqual([
      401,
      expect.stringContaining('AUTH_REPLAYED'),
    ])
    expect((await c.process.end('SIGTERM')).code).toBe(0)
  })

  test('when the one that signs is killed the other goes on, and the pack verifies', async () => {
    const before = await checkpointIn(stage.dataDir)
    await stage.control.process.end('SIGKILL')
    await addSystem(managerB, 'After the kill')
    const after = await until('a later checkpoint', async () => {
      const checkpoint = await checkpointIn(dataB)
      return checkpoint && checkpoint.size > (before?.size ?? 0) ? checkpoint : null
    })
    const tiles = fsTileStore(join(dataB, 'log'))
    if (before === null) throw new Error('nothing was signed before')
    const root = await rootAt(crypto, tiles, before.size, after.size)
    expect(Buffer.from(root).equals(before.root)).toBe(true)
    const pack = join(stage.folder, 'pack.zip')
    const period = ['--from', from]
    const built = await runCli([
      '--profile',
      join(stage.folder, 'profile-b'),
      'evidence',
      'build',
      ...period,
      '-o',
      pack,
    ])
    expect(built).toMatchObject({ code: 0 })
    const { report } = await verifyPack(crypto, await readFile(pack), b.vkey)
    expect(report.faults).toEqual([])
    expect(report.ok).toBe(true)
  })

  test('the killed one comes back, stands by, and has what was signed meanwhile', async () => {
    await stage.restart()
    await addSystem(stage.manager, 'Back again')
    const { size } = (await stage.manager.client.get('/v1/entries?after=-1&limit=1')) as { size: number }
    await bothHave(size)
    expect(await checkpointIn(stage.dataDir)).toEqual(await checkpointIn(dataB))
    expect(stage.control.process.isRunning && b.process.isRunning).toBe(true)
  })

  test('nothing that was said holds the address of the database', () => {
    for (const { process } of [stage.control, b]) expect(process.output).not.toContain('for-tests')
  })
})
