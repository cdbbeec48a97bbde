/** `countersign relay` as a process between a control plane and a gateway. spec/revocation.md, REV-16. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delegate, revoke } from '../../apps/cli/operator.ts'
import { CLI, Process, RpcFault, runCli, startGateway, until } from '../fixtures/processes.ts'
import { callTool, ECHO_GRANT, Stage, type StagedPoint } from '../fixtures/stage.ts'

let stage: Stage
let relay: Process
let relayUrl: string
let gateway: StagedPoint

beforeAll(async () => {
  stage = await Stage.set()
  const own = await stage.point('relay')
  relay = new Process(process.execPath, [
    CLI,
    '--json',
    'relay',
    '--enrolment',
    own.path,
    '--listen',
    '127.0.0.1:0',
  ])
  relayUrl = (JSON.parse(await until('the relay is up', () => relay.lines[0])) as { url: string }).url
  gateway = await stage.point('gateway')
  const file = JSON.parse(await readFile(gateway.path, 'utf8')) as object
  await writeFile(gateway.path, JSON.stringify({ ...file, sources: [relayUrl] }))
}, 60_000)
afterAll(async () => {
  await relay?.end('SIGTERM')
  await stage?.remove()
})

test('a gateway behind it allows, denies what is revoked, and lives on when the relay is gone', async () => {
  const [first, second] = [await stage.delegate(gateway), await stage.delegate(gateway)]
  const server = await startGateway(gateway.path, join(stage.folder, 'echoes'))
  const open = (chain: string) =>
    until('a session', () =>
      stage.open(server, chain).catch((error: unknown) => {
        if (error instanceof RpcFault && error.reasons.includes('STALE_REVOCATION')) return null
        throw error
      }),
    )
  const session = await open(first.chain)
  expect(await callTool(server, session, 'echo', 'through it').answer).toMatchObject({ allowed: true })
  await revoke(stage.manager, 'delegation', first.jti, 'test')
  const denied = await until('a denial', async () => {
    const answer = await callTool(server, session, 'echo', 'again').answer
    return answer.allowed ? null : answer
  })
  expect(denied.reasons).toEqual(['REVOKED'])
  expect(await relay.end('SIGTERM')).toMatchObject({ code: 0 })
  const later = await open(second.chain)
  const allowed = await until('a call without the relay', async () => {
    const answer = await callTool(server, later, 'echo', 'by the control plane').answer
    return answer.allowed ? answer : null
  })
  expect(allowed.text).toBe('by the control plane')
  server.child.stdin.end()
  await server.ended
})

test('a kill that is pushed to a relay reaches the gateways behind it while the control plane is away', async () => {
  const own = await stage.point('second-relay')
  const listen = ['--listen', '127.0.0.1:0']
  const second = new Process(process.execPath, [CLI, '--json', 'relay', '--enrolment', own.path, ...listen])
  const { url } = JSON.parse(await until('the relay is up', () => second.lines[0])) as { url: string }
  const behind = await stage.point('behind')
  const file = JSON.parse(await readFile(behind.path, 'utf8')) as object
  // Under a bound that outlives the test, so that it is not stale first.
  await writeFile(behind.path, JSON.stringify({ ...file, sources: [url], bound_ms: 60_000 }))
  const server = await startGateway(behind.path, join(stage.folder, 'echoes'))
  const { id, jkt } = stage.agent
  const grants = [{ ...ECHO_GRANT, bound: 60 }]
  const input = { agent: id, jkt, aud: [behind.id], grants, ttl_s: 3600, depth_max: 0 }
  const { chain } = await delegate(stage.manager, input)
  const session = await until('a session', () => stage.open(server, chain).catch(() => null))
  const answer = async () => {
    const said = await callTool(server, session, 'echo', 'behind it').answer
    return said.allowed ? 'allow' : said.reasons.join()
  }
  expect(await until('an allow', async () => ((await answer()) === 'allow' ? true : null))).toBe(true)

  const key = join(stage.dataDir, 'keys/break-glass.jwk')
  const out = join(stage.folder, 'kill.json')
  const why = ['--global', '--reason', 'test', '--iss', behind.file.trust.iss]
  expect((await runCli(['kill', 'sign', ...why, '--key', key, '-o', out])).code).toBe(0)
  await stage.control.process.end('SIGKILL')
  expect(await answer()).toBe('allow')
  const pushed = await runCli(['--json', '--profile', stage.profileDir, 'kill', 'push', out, '--to', url])
  expect([pushed.code, JSON.parse(pushed.stdout)]).toMatchObject([
    0,
    { ok: true, pushed: [{ acks: [], fault: null, subscribers: expect.any(Number) }] },
  ])
  const denied = await until('a denial', async () => {
    const said = await answer()
    return said === 'allow' ? null : said
  })
  expect(denied).toBe('KILLED')
  await second.end('SIGTERM')
  await server.end('SIGKILL')
}, 60_000)

test.each([
  [[], '--enrolment'],
  [['--from', 'nowhere'], 'no URL'],
  [['--from', 'http://127.0.0.1:1', '--listen', 'here'], '--listen'],
])('%j is refused, and it is said why', async (args, why) => {
  const { code, stdout } = await runCli(['--json', 'relay', ...args])
  expect([code, stdout]).toEqual([expect.any(Number), expect.stringContaining(why)])
  expect(code).not.toBe(0)
})
