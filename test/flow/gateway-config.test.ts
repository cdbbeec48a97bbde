/** `countersign gateway --config`: as a user starts it, over HTTP and on standard streams. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enrollPoint } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { CLI, ECHO_SERVER, Process, runCli, until } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

let stage: Stage
let file = ''
let running: Process | undefined

const settings = (more = ''): string => `v: 1
point: many.json
listen: 127.0.0.1:0
servers:
  echo:
    stdio: {command: ${process.execPath}, args: [${ECHO_SERVER}, executed]}
    access: keys
${more}`

beforeAll(async () => {
  stage = await Stage.set()
  file = join(stage.folder, 'countersign.yaml')
  await writePrivate(
    join(stage.folder, 'many.json'),
    await enrollPoint(stage.manager, 'many', 'echo', 'files'),
  )
  await writeFile(file, settings())
}, 120_000)

afterAll(async () => {
  await running?.end('SIGTERM')
  await stage?.remove()
}, 60_000)

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}

test('a file is checked, with what it points at', async () => {
  const good = await runCli(['gateway', 'check', file])
  expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/is good: 1 server\n$/)])
  const bad = join(stage.folder, 'bad.yaml')
  await writeFile(bad, settings().replace('  echo:', '  mail:'))
  const refused = await runCli(['--json', 'gateway', 'check', bad])
  expect(refused.code).not.toBe(0)
  expect(refused.stdout + refused.stderr).toMatch(/SERVER_UNKNOWN.*servers\.mail/)
}, 60_000)

test('it serves HTTP, takes new settings while it runs, and keeps them over a bad file', async () => {
  running = new Process(process.execPath, [CLI, 'gateway', '--config', file])
  const said = running
  const [, url = ''] = await until('it listens', () => /listens at (http:\S+)/.exec(said.output))
  const post = (name: string): Promise<Response> =>
    fetch(`${url}/servers/${name}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(initialize),
    })
  expect((await post('echo')).status).toBe(200)
  expect((await post('files')).status).toBe(404)
  await writeFile(file, settings(`  files:\n    http: {url: 'http://127.0.0.1:9/mcp'}\n    access: keys\n`))
  await until('it took them', () => /took .*: 2 servers/.exec(said.output))
  const answer = await post('files')
  expect([answer.status, await answer.json()]).toMatchObject([200, { error: { code: -32603 } }])
  await writeFile(file, settings('  files: {}\n'))
  await until('it refused them', () => /kept the settings.*servers\.files/.exec(said.output))
  expect((await post('files')).status).toBe(200)
  await writeFile(file, settings())
}, 60_000)

test('with --stdio it serves one server on standard streams', async () => {
  await running?.end('SIGTERM') // a point is one process
  const gateway = new Process(process.execPath, [
    CLI,
    'gateway',
    '--config',
    file,
    '--stdio',
    '--server',
    'echo',
  ])
  gateway.child.stdin.write(`${JSON.stringify(initialize)}\n`)
  expect(await until('initialized', () => gateway.lines[0])).toContain('"serverInfo"')
  gateway.child.stdin.end()
  expect((await gateway.ended).code).toBe(0)
}, 60_000)
