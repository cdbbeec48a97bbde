/** `countersign relay` as a process between a control plane and a gateway. spec/revocation.md, REV-16. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { revoke } from '../../apps/cli/operator.ts'
import { CLI, Process, RpcFault, runCli, startGateway, until } from '../fixtures/processes.ts'
import { callTool, Stage, type StagedPoint } from '../fixtures/stage.ts'

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

test.each([
  [[], '--enrolment'],
  [['--from', 'nowhere'], 'no URL'],
  [['--from', 'http://127.0.0.1:1', '--listen', 'here'], '--listen'],
])('%j is refused, and it is said why', async (args, why) => {
  const { code, stdout } = await runCli(['--json', 'relay', ...args])
  expect([code, stdout]).toEqual([expect.any(Number), expect.stringContaining(why)])
  expect(code).not.toBe(0)
})
