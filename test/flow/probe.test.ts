/**
 * Probes of the kill channel with real processes: the control plane stopped, points that are reached by push, by file and
 * through a relay, and what of it the log has afterwards. spec/kill.md (KIL-28 to KIL-31).
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { probeBodies } from '../../src/log/probe-bodies.ts'
import { CLI, ECHO_SERVER, McpProcess, Process, runCli, until } from '../fixtures/processes.ts'
import { entriesOf, Stage, type StagedPoint } from '../fixtures/stage.ts'

let stage: Stage
let key: string
const running: (Process | McpProcess)[] = []

beforeAll(async () => {
  stage = await Stage.set()
  key = join(stage.dataDir, 'keys/break-glass.jwk')
}, 60_000)
afterAll(async () => {
  for (const each of running) await each.end('SIGKILL')
  await stage?.remove()
})

/** A point in a folder of its own, so that its statements are its own. */
async function pointIn(name: string, more: object = {}): Promise<StagedPoint> {
  const made = await stage.point(name)
  const folder = join(stage.folder, name)
  await mkdir(folder)
  const path = join(folder, 'point.json')
  await rename(made.path, path)
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...more }))
  return { ...made, path }
}

async function start(point: StagedPoint): Promise<{ gateway: McpProcess; url: string }> {
  const args = [CLI, 'gateway', '--stdio', '--point', point.path, '--listen', '0']
  const command = [...args, '--', process.execPath, ECHO_SERVER, join(stage.folder, 'echoes')]
  const gateway = await new McpProcess(process.execPath, command).initialize()
  running.push(gateway)
  return {
    gateway,
    url: await until('it listens', () => /takes statements at (\S+)/.exec(gateway.stderr)?.[1]),
  }
}

async function startRelay(): Promise<string> {
  const own = await stage.point('relay')
  const args = ['--json', 'relay', '--enrolment', own.path, '--listen', '127.0.0.1:0']
  const relay = new Process(process.execPath, [CLI, ...args])
  running.push(relay)
  return (JSON.parse(await until('the relay is up', () => relay.lines[0])) as { url: string }).url
}

const answersTo = async (probe: string) =>
  (await entriesOf(stage, 'kill.probe_answered'))
    .map((body) => probeBodies['kill.probe_answered'].parse(body))
    .filter(({ statement }) => statement.probe.id === probe)

test('get past a control plane that is away, by each way, stop nothing, and are in the log afterwards', async () => {
  const relayUrl = await startRelay()
  const [pushed, filed] = [await pointIn('pushed'), await pointIn('filed')]
  const behind = await pointIn('behind', { sources: [relayUrl], bound_ms: 60_000 })
  const url = (await start(pushed)).url
  await start(filed)
  const { gateway } = await start(behind)
  const { iss, break_glass } = filed.file.trust
  await stage.control.process.end('SIGKILL')

  const round = join(stage.folder, 'round.json')
  const named = [pushed, filed, behind].flatMap(({ id }) => ['--point', id])
  const places = ['--to', url, '--to', relayUrl, '--to-folder', join(stage.folder, 'filed', 'statements')]
  const by = ['--key', key, '--iss', iss, ...named, '-o', round]
  const profile = ['--json', '--profile', stage.profileDir]
  const sent = await runCli([...profile, 'kill', 'probe', ...by, ...places])
  const said = JSON.parse(sent.stdout)
  expect([sent.code, said]).toMatchObject([0, { ok: true, points: null }])
  expect(said.pushed.map(({ acks }: { acks: { way: string }[] }) => acks.map(({ way }) => way))).toEqual([
    ['push'],
    [],
    ['file'],
  ])
  // Whoever answered has it on disk.
  const statements = join(behind.path, '..', `${behind.id}.statements`)
  await until('the point behind the relay answered', async () =>
    (await readFile(statements, 'utf8')).includes(said.probe),
  )
  await gateway.end('SIGKILL')

  await stage.restart()
  await start(behind)
  const logged = await runCli([...profile, 'kill', 'probed', round])
  expect([logged.code, JSON.parse(logged.stdout)]).toMatchObject([0, { probe: said.probe }])
  const answers = await until('every answer is in the log', async () => {
    const all = await answersTo(said.probe)
    return all.length >= 3 ? all : null
  })
  expect(new Map(answers.map(({ answer: { ack } }) => [ack.point, ack.way]))).toEqual(
    new Map([
      [pushed.id, 'push'],
      [filed.id, 'file'],
      [behind.id, 'relay'],
    ]),
  )
  for (const { answer } of answers) {
    expect(answer.ack).toMatchObject({ kills: [], break_glass: thumbprint(nodeCrypto, break_glass) })
  }
  expect(await entriesOf(stage, 'kill.probed')).toMatchObject([
    { statement: { by: 'break_glass' }, points: [pushed.id, filed.id, behind.id] },
  ])
  expect(await entriesOf(stage, 'kill.pulled')).toEqual([])
}, 180_000)

test('are of every point in service unless some are named, and are in the log at once', async () => {
  const probe = ['kill', 'probe', '--to-folder', join(stage.folder, 'filed', 'statements')]
  const sent = await runCli(['--json', '--profile', stage.profileDir, ...probe])
  const said = JSON.parse(sent.stdout) as { probe: string; points: string[] }
  expect(sent.code).toBe(0)
  expect(said.points).toHaveLength(4)
  const [answer] = await until('the answer is in the log', async () => {
    const all = await answersTo(said.probe)
    return all.length > 0 ? all : null
  })
  expect(answer).toMatchObject({ statement: { by: 'frame' }, answer: { ack: { way: 'file' } } })
}, 60_000)
