/** The frame key replaced under points that run, with real processes. spec/kill.md (KIL-9, KIL-21 to KIL-23). */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { revoke } from '../../apps/cli/operator.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { signAck } from '../../src/revoke/ack.ts'
import { signKill } from '../../src/revoke/kill-rules.ts'
import { CLI, ECHO_SERVER, McpProcess, runCli, until } from '../fixtures/processes.ts'
import { callTool, randomText, receiptsOf, Stage, type StagedPoint } from '../fixtures/stage.ts'

const from = rfc3339(Date.now() - 60_000)
let stage: Stage
/** What a thief copied. */
let stolen: Signer
let point: StagedPoint
const gateways: McpProcess[] = []

beforeAll(async () => {
  stage = await Stage.set()
  stolen = nodeCrypto.signer(JSON.parse(await readFile(join(stage.dataDir, 'keys/frame.jwk'), 'utf8')))
  point = await stage.point('gateway')
}, 60_000)
afterAll(async () => {
  for (const gateway of gateways) await gateway.end('SIGKILL')
  await stage?.remove()
})

async function start({ path }: StagedPoint): Promise<McpProcess> {
  const args = [CLI, 'gateway', '--stdio', '--point', path, '--listen', '0']
  const command = [...args, '--', process.execPath, ECHO_SERVER, join(stage.folder, 'echoes')]
  const gateway = await new McpProcess(process.execPath, command).initialize()
  gateways.push(gateway)
  return gateway
}

type Session = Awaited<ReturnType<Stage['open']>>

async function answerOf(gateway: McpProcess, session: Session): Promise<string> {
  const answer = await callTool(gateway, session, 'echo', randomText()).answer
  return answer.allowed ? 'allow' : answer.reasons.join()
}

/** Stale for as long as it takes to hear of the new key, and no longer. */
const settled = (gateway: McpProcess, session: Session) =>
  until('it is fresh', async () => {
    const answer = await answerOf(gateway, session)
    return answer === 'STALE_REVOCATION' ? null : answer
  })

test('a point goes on under the new key, hears of revocations by it, and of nothing by the old one', async () => {
  const gateway = await start(point)
  const [kept, ended] = [await stage.delegate(point), await stage.delegate(point)]
  const early = await stage.delegate(point)
  await revoke(stage.manager, 'delegation', early.jti, 'test') // a frame of the first epoch
  const [one, two] = [await stage.open(gateway, kept.chain), await stage.open(gateway, ended.chain)]
  expect(await answerOf(gateway, one)).toBe('allow')

  const key = join(stage.dataDir, 'keys/break-glass.jwk')
  const profile = ['--profile', stage.profileDir]
  const { code, stdout } = await runCli(['--json', ...profile, 'keys', 'replace-frame', '--key', key])
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { epoch: 2 }])
  const wrong = await runCli([...profile, 'keys', 'replace-frame', '--key', join(stage.folder, 'none')])
  expect(wrong.code).not.toBe(0)

  expect(await settled(gateway, one)).toBe('allow')
  await revoke(stage.manager, 'delegation', ended.jti, 'test')
  const denied = await until('a denial', async () => {
    const answer = await answerOf(gateway, two)
    return ['allow', 'STALE_REVOCATION'].includes(answer) ? null : answer
  })
  expect(denied).toBe('REVOKED')
  const allowed = await until('a receipt of the new epoch', async () => {
    const receipts = await receiptsOf(stage, point)
    return receipts.find((each) => each.kind === 'decision' && each.freshness?.epoch === 2)
  })
  expect(allowed).toBeDefined()

  const url = /takes statements at (\S+)/.exec(gateway.stderr)?.[1] ?? ''
  const t = Date.now()
  const { iss } = point.file.trust
  const id = newId(nodeCrypto, 'kil', t)
  const kill = signKill(stolen, 'frame', { v: 1, id, iss, scope: { kind: 'global' }, reason: 'test', t })
  const headers = { 'content-type': 'application/json' }
  const pushed = await fetch(url, { method: 'POST', headers, body: JSON.stringify(kill) })
  expect(pushed.status).toBe(403)
  expect(await answerOf(gateway, one)).toBe('allow')
}, 60_000)

test('who pushes is told whether the point signed the answer, and takes none that another signed', async () => {
  const url = /takes statements at (\S+)/.exec(gateways[0]?.stderr ?? '')?.[1] ?? ''
  const ack = { v: 1 as const, point: point.id, epoch: 2, head: 1, kills: [], t: Date.now() }
  const impostor = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(signAck(stolen, ack)))
  })
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve))
  const { port } = impostor.address() as AddressInfo
  const at = ['--to', url, '--to', `http://127.0.0.1:${port}`]
  const probe = await runCli(['--json', '--profile', stage.profileDir, 'kill', 'probe', ...at])
  impostor.closeAllConnections()
  await new Promise((resolve) => impostor.close(resolve))
  expect(JSON.parse(probe.stdout)).toMatchObject({
    ok: false,
    pushed: [
      { acks: [{ point: point.id, verified: true }], fault: null },
      { acks: [], fault: 'ACK_INVALID' },
    ],
  })
}, 30_000)

test('a point that was away, and a new one, are fresh under the new key, and know what was revoked before', async () => {
  const [first] = gateways
  await first?.end('SIGTERM')
  const again = await start(point)
  const { chain } = await stage.delegate(point)
  expect(await settled(again, await stage.open(again, chain))).toBe('allow')
  const fresh = await stage.point('fresh')
  expect(fresh.file.trust).toMatchObject({ frame_key_seq: 1, frame_epoch: 2 })
  const gateway = await start(fresh)
  const [good, bad] = [await stage.delegate(fresh), await stage.delegate(fresh)]
  const session = await stage.open(gateway, bad.chain)
  expect(await settled(gateway, await stage.open(gateway, good.chain))).toBe('allow')
  await revoke(stage.manager, 'delegation', bad.jti, 'test')
  await until('a denial', async () => (await answerOf(gateway, session)) === 'REVOKED')
}, 60_000)

test('the pack of all that verifies', async () => {
  for (const gateway of gateways) await gateway.end('SIGTERM')
  const pack = join(stage.folder, 'pack.zip')
  const period = ['--from', from]
  const built = await runCli(['--profile', stage.profileDir, 'evidence', 'build', ...period, '-o', pack])
  expect(built).toMatchObject({ code: 0 })
  const { report } = await verifyPack(nodeCrypto, await readFile(pack), stage.control.vkey)
  expect(report.faults).toEqual([])
  expect(report.ok).toBe(true)
})
