/**
 * The kill switch with real processes: the control plane and its database stopped, points under a bound of a minute, a
 * kill by push and by file. spec/kill.md. What a denial says, what survives `kill -9`, and what changes nothing.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { delegate } from '../../apps/cli/operator.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import type { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { ackHolds, signKill } from '../../src/revoke/kill-rules.ts'
import { signedAckSchema, type KillScope, type SignedKill } from '../../src/revoke/statement.ts'
import { CLI, ECHO_SERVER, McpProcess, runCli, until, type RpcFault } from '../fixtures/processes.ts'
import {
  callTool,
  ECHO_GRANT,
  randomText,
  receiptsOf,
  SERVER,
  Stage,
  type StagedPoint,
} from '../fixtures/stage.ts'

const BOUND_S = 60

let stage: Stage
let breakGlass: Signer
let iss: string
const gateways: McpProcess[] = []

beforeAll(async () => {
  stage = await Stage.set()
  const text = await readFile(join(stage.dataDir, 'keys/break-glass.jwk'), 'utf8')
  breakGlass = nodeCrypto.signer(JSON.parse(text))
}, 60_000)
afterAll(async () => {
  for (const gateway of gateways) await gateway.end('SIGKILL')
  await stage.remove()
})

/** A point in a folder of its own, so that its statements are its own. */
async function pointIn(name: string): Promise<StagedPoint> {
  const made = await stage.point(name)
  const folder = join(stage.folder, name)
  await mkdir(folder)
  const path = join(folder, 'point.json')
  await rename(made.path, path)
  iss = made.file.trust.iss
  return { ...made, path }
}

async function start(point: StagedPoint): Promise<{ gateway: McpProcess; url: string }> {
  const args = [CLI, 'gateway', '--stdio', '--point', point.path, '--listen', '0']
  const command = [...args, '--', process.execPath, ECHO_SERVER, join(stage.folder, 'echoes')]
  const gateway = await new McpProcess(process.execPath, command).initialize()
  gateways.push(gateway)
  const url = await until('it listens', () => /takes statements at (\S+)/.exec(gateway.stderr)?.[1])
  return { gateway, url }
}

async function chainFor(point: StagedPoint): Promise<string> {
  const { id, jkt } = stage.agent
  const grants = [{ ...ECHO_GRANT, bound: BOUND_S }]
  const input = { agent: id, jkt, aud: [point.id], grants, ttl_s: 3600, depth_max: 0 }
  return (await delegate(stage.manager, input)).chain
}

const answerOf = async (gateway: McpProcess, session: CountersignMcpSession) => {
  const answer = await callTool(gateway, session, 'echo', randomText()).answer
  return answer.allowed ? 'allow' : answer.reasons
}

function killOf(scope: KillScope, by: Signer = breakGlass, t = Date.now()): SignedKill {
  const kill = { v: 1 as const, id: newId(nodeCrypto, 'kil', t), iss, scope, reason: 'test', t }
  return signKill(by, 'break_glass', kill)
}

async function push(url: string, statement: object): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(statement) })
  return { status: response.status, body: await response.json() }
}

async function acks(point: StagedPoint): Promise<z.infer<typeof signedAckSchema>[]> {
  const folder = join(point.path, '../statements')
  const names = (await readdir(folder)).filter((name) => name.endsWith(`.${point.id}.ack`))
  return Promise.all(
    names.map(async (name) => signedAckSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  )
}

async function putFile(point: StagedPoint, name: string, statement: object): Promise<void> {
  const folder = join(point.path, '../statements')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.json`), JSON.stringify(statement))
}

describe('with the control plane and its database stopped, under a bound of a minute', () => {
  let pushed: StagedPoint
  let filed: StagedPoint
  let other: StagedPoint

  test('a kill by push and by file denies at once, and says KILLED, not STALE', async () => {
    ;[pushed, filed, other] = [await pointIn('pushed'), await pointIn('filed'), await pointIn('other')]
    const [a, b, c] = [await start(pushed), await start(filed), await start(other)]
    const one = await stage.open(a.gateway, await chainFor(pushed))
    const two = await stage.open(b.gateway, await chainFor(filed))
    const three = await stage.open(c.gateway, await chainFor(other))
    await stage.control.process.end('SIGKILL')
    expect([await answerOf(a.gateway, one), await answerOf(b.gateway, two)]).toEqual(['allow', 'allow'])

    const kill = killOf({ kind: 'agent', id: stage.agent.id })
    const { status, body } = await push(a.url, kill)
    expect(status).toBe(200)
    const signed = signedAckSchema.parse(body)
    expect(signed.ack).toMatchObject({ point: pushed.id, kills: [kill.kill.id] })
    expect(ackHolds(nodeCrypto, nodeCrypto.signer(pushed.file.key as never).publicJwk, signed)).toBe(true)
    expect(await answerOf(a.gateway, one)).toEqual(['KILLED'])

    await putFile(filed, 'kill', kill)
    const [ack] = await until('the file is acknowledged', async () => {
      const all = await acks(filed)
      return all.length > 0 ? all : null
    })
    expect(ack?.ack).toMatchObject({ point: filed.id, kills: [kill.kill.id] })
    expect(await answerOf(b.gateway, two)).toEqual(['KILLED'])
    expect(await answerOf(c.gateway, three)).toBe('allow') // nobody told this one, and its bound is not over
  }, 60_000)

  test('a forged kill is let go at once, and a probe says which key is pinned', async () => {
    const gateway = gateways[2]!
    const url = /takes statements at (\S+)/.exec(gateway.stderr)?.[1] ?? ''
    const thief = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const begun = performance.now()
    expect((await push(url, killOf({ kind: 'global' }, thief))).status).toBe(403)
    expect((await push(url, { kill: 'x' })).status).toBe(400)
    expect((await push(url, { junk: 'x'.repeat(100_000) })).status).toBe(413)
    // A session cannot be opened while something global is in force.
    const refused = await stage.open(gateway, 'aaaa.bbbb.cccc~').catch((error: unknown) => error)
    expect((refused as RpcFault).reasons).not.toContain('KILLED')
    expect(performance.now() - begun).toBeLessThan(1000)

    const key = join(stage.dataDir, 'keys/break-glass.jwk')
    const probe = ['--json', 'kill', 'probe', '--key', key, '--iss', iss, '--to', url]
    const { code, stdout } = await runCli(probe)
    expect(code).toBe(0)
    const { pushed: answers } = JSON.parse(stdout)
    expect(answers[0].acks[0]).toMatchObject({
      point: other.id,
      kills: [],
      break_glass: thumbprint(nodeCrypto, breakGlass.publicJwk),
    })
  }, 30_000)

  test('kill -9 right after the acknowledgement keeps the kill, and what came from outside is handed in', async () => {
    const [, , gateway] = gateways
    const url = /takes statements at (\S+)/.exec(gateway!.stderr)?.[1] ?? ''
    const file = join(stage.folder, 'outside.json')
    const key = join(stage.dataDir, 'keys/break-glass.jwk')
    const sign = [
      'kill',
      'sign',
      '--key',
      key,
      '--iss',
      iss,
      '--system',
      SERVER,
      '--reason',
      'test',
      '-o',
      file,
    ]
    expect((await runCli(sign)).code).toBe(0)
    const sent = await runCli(['--json', 'kill', 'push', file, '--to', url])
    await gateway!.end('SIGKILL')
    expect(JSON.parse(sent.stdout)).toMatchObject({ ok: true })
    const id = z
      .object({ kill: z.object({ id: z.string() }) })
      .parse(JSON.parse(await readFile(file, 'utf8'))).kill.id

    await stage.restart()
    const again = await start(other)
    // The kill of the agent may have come by the stream meanwhile, and then no session is opened either.
    const called = stage
      .open(again.gateway, await chainFor(other))
      .then((session) => answerOf(again.gateway, session))
      .catch((error: unknown) => (error as RpcFault).reasons)
    expect(await called).toEqual(['KILLED'])
    await until('the log has it', async () => {
      const { kills } = (await stage.manager.client.get('/v1/kills')) as { kills: SignedKill[] }
      return kills.some(({ kill }) => kill.id === id)
    })
    // KIL-18: each point says when it began to deny, whether or not an agent called.
    for (const point of [pushed, filed, other])
      await until(`${point.id} recorded the kill`, async () =>
        (await receiptsOf(stage, point)).some(
          (receipt) =>
            receipt.kind === 'decision' &&
            receipt.tool === 'countersign/kill' &&
            receipt.reasons[0] === 'KILLED',
        ),
      )
  }, 60_000)

  test('it ends when two people of the roster lift it, and old statements change nothing', async () => {
    const { lead } = await people()
    const key = join(stage.dataDir, 'keys/break-glass.jwk')
    const as = (profile: string, ...args: string[]) =>
      runCli(['--profile', profile, '--json', 'kill', ...args])
    const roster = ['--person', stage.manager.person, '--person', lead.person, '--m', '2']
    expect((await as(stage.profileDir, 'roster', 'set', '--key', key, ...roster)).code).toBe(0)
    const { kills } = JSON.parse((await as(stage.profileDir, 'list')).stdout) as { kills: SignedKill[] }
    expect(kills.length).toBeGreaterThanOrEqual(2)
    const ids = kills.map(({ kill }) => kill.id)
    const begun = await as(stage.profileDir, 'lift', ...ids, '--reason', 'over')
    const { lift, missing } = JSON.parse(begun.stdout)
    expect(missing).toBe(1)
    const alone = await as(stage.profileDir, 'lift', lift)
    expect(JSON.parse(alone.stdout)).toMatchObject({ missing: 1 })
    expect(JSON.parse((await as(lead.profile, 'lift', lift)).stdout)).toMatchObject({ missing: 0 })

    const gateway = gateways.at(-1)!
    const session = await until('it may be called again', () =>
      chainFor(other).then((chain) => stage.open(gateway, chain).catch(() => null)),
    )
    await until('it is allowed again', async () => (await answerOf(gateway, session)) === 'allow')
    const url = /takes statements at (\S+)/.exec(gateway.stderr)?.[1] ?? ''
    for (const old of kills) expect((await push(url, old)).status).toBe(200)
    expect(await answerOf(gateway, session)).toBe('allow')
  }, 60_000)
})

/** A second person with a profile on disk, who can sign from the command line. */
async function people(): Promise<{ lead: { person: string; profile: string } }> {
  const profile = join(stage.folder, 'second')
  const invited = await runCli(['--profile', stage.profileDir, '--json', 'person', 'invite', 'Second'])
  const { person, invitation } = JSON.parse(invited.stdout) as { person: string; invitation: string }
  const enrol = ['enroll', '--url', stage.control.url, '--secret', invitation]
  expect((await runCli(['--profile', profile, ...enrol])).code).toBe(0)
  expect((await runCli(['--profile', stage.profileDir, 'person', 'endorse', person])).code).toBe(0)
  expect(existsSync(join(profile, 'profile.json'))).toBe(true)
  return { lead: { person, profile } }
}
