/** The listener of a point against strangers who hold it up. spec/kill.md (KIL-11). */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFsStatementLog } from '../../src/adapters/fs/statement-log.ts'
import { KillDesk } from '../../src/enforce/kill-desk.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { KillState } from '../../src/revoke/kill.ts'
import { signKill } from '../../src/revoke/kill-rules.ts'
import type { SignedKill } from '../../src/revoke/statement.ts'
import { ISS, NOW_MS, RP, World } from '../../test/fixtures/tokens.ts'
import { listenForStatements, type StatementListener } from './statement-listener.ts'

const w = new World('listener')
const [frame, breakGlass, thief] = [w.signer('frame'), w.signer('break-glass'), w.signer('thief')]
const fault = (error: unknown): never => {
  throw error
}
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
let folder: string
let desk: KillDesk
let listener: StatementListener
let strangers: Socket[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'listener-'))
  const trust = {
    iss: ISS,
    rp: RP,
    frameKey: frame.publicJwk,
    breakGlass: breakGlass.publicJwk,
    alone: false,
  }
  desk = new KillDesk({
    crypto: w.crypto,
    clock: systemClock,
    state: new KillState({ crypto: w.crypto, trust }),
    log: await openFsStatementLog(join(folder, 'statements')),
    signer: w.signer('point'),
    point: 'pnt_1',
    position: () => ({ epoch: 1, after: 0 }),
    onForce: () => Promise.resolve(),
    isWithin: () => true,
    onFrameKey: () => undefined,
    onFault: fault,
  })
  desk.begin()
  listener = await listenForStatements({ host: '127.0.0.1', port: 0 }, desk, fault)
  strangers = []
})
afterEach(async () => {
  for (const each of strangers) each.destroy()
  agent.destroy()
  await listener.close()
  await desk.close()
  await rm(folder, { recursive: true })
})

function kill(by: 'frame' | 'break_glass', signer = by === 'frame' ? frame : breakGlass): SignedKill {
  const scope = { kind: 'global' } as const
  return signKill(signer, by, { v: 1, id: 'kil_1', iss: ISS, scope, reason: 'test', t: NOW_MS })
}

function push(body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${listener.url}/statements`, { method: 'POST', agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    })
    asked.once('error', reject).end(body)
  })
}

async function hold(bytes: string): Promise<Socket> {
  const stranger = connect(Number(new URL(listener.url).port), '127.0.0.1')
  strangers.push(stranger)
  await once(stranger, 'connect')
  stranger.on('error', () => undefined).resume()
  stranger.write(bytes)
  return stranger
}

const BEGUN = 'POST /statements HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{'

test('whoever does not finish a request is cut off soon', async () => {
  const stranger = await hold(BEGUN)
  const begun = performance.now()
  await once(stranger, 'close')
  expect(performance.now() - begun).toBeLessThan(8_000)
}, 40_000)

test('a kill gets through while strangers hold three times as many connections as may be open', async () => {
  for (let i = 0; i < 192; i++) await hold(BEGUN)
  expect(await push(JSON.stringify(kill('frame')))).toBe(200)
})

test.each<[string, () => string]>([
  ['nothing', () => ''],
  ['what is no statement', () => '{"kill":1}'],
  [
    'kills of another control plane',
    () => JSON.stringify({ ...kill('frame'), kill: { ...kill('frame').kill, iss: 'x' } }),
  ],
])('a flood of %s leaves a kill by the frame key its turn', async (_, junk) => {
  await Promise.all(Array.from({ length: 300 }, () => push(junk())))
  expect(await push(JSON.stringify(kill('frame')))).toBe(200)
})

test.each<[string, () => SignedKill]>([
  ['forged kills by the frame key', () => kill('frame', thief)],
  ['forged kills by the break-glass key', () => kill('break_glass', thief)],
])('a kill by the break-glass key gets through a flood of %s', async (_, forged) => {
  const junk = JSON.stringify(forged())
  const flood = Array.from({ length: 600 }, () => push(junk))
  const pushed = push(JSON.stringify(kill('break_glass')))
  const refused = new Set(await Promise.all(flood))
  expect(await pushed).toBe(200)
  expect([...refused].every((status) => status === 403 || status === 429)).toBe(true)
  expect(desk.kept).toEqual(['kil_1'])
})

test('a source that floods with kills by the frame key is told to wait', async () => {
  const junk = JSON.stringify(kill('frame', thief))
  const answers = await Promise.all(Array.from({ length: 60 }, () => push(junk)))
  expect(answers.filter((status) => status === 429).length).toBeGreaterThan(20)
})
