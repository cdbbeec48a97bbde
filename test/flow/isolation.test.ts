/**
 * An agent that misbehaves, with real processes: overseen, so that a person is asked for each call with an effect;
 * isolated, so that nothing of it goes out; the incident explained and closed; all of it at a command line, and in a pack
 * that verifies. spec/isolation.md, spec/incidents.md. What the tool did, in its own words, is the ground truth.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decideApproval, listApprovals, showApproval } from '../../apps/cli/operator-approvals.ts'
import { saveProfile } from '../../apps/cli/profile.ts'
import type { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { CLI, ECHO_SERVER, McpProcess, runCli, until } from '../fixtures/processes.ts'
import { callTool, echoesOf, randomText, Stage } from '../fixtures/stage.ts'

let stage: Stage
let gateway: McpProcess
let session: CountersignMcpSession
let incident: string

const echoes = (): string => join(stage.folder, 'echoes')
const texts = async (): Promise<string[]> => (await echoesOf(echoes())).map(({ text }) => text)

beforeAll(async () => {
  stage = await Stage.set()
  await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
  const point = await stage.point('gate')
  const { chain } = await stage.delegate(point)
  const command = [
    CLI,
    'gateway',
    '--stdio',
    '--point',
    point.path,
    '--',
    process.execPath,
    ECHO_SERVER,
    echoes(),
  ]
  gateway = await new McpProcess(process.execPath, command).initialize()
  session = await stage.open(gateway, chain)
}, 60_000)
afterAll(async () => {
  await gateway.end('SIGTERM')
  await stage.remove()
})

interface Said {
  readonly code: number
  /** What it printed, as JSON: an answer, or a fault. */
  readonly value: ReturnType<typeof JSON.parse>
}

async function cli(as: 'profile' | 'lead', ...args: string[]): Promise<Said> {
  const { code, stdout, stderr } = await runCli(['--profile', join(stage.folder, as), '--json', ...args])
  return { code, value: JSON.parse(stdout === '' ? stderr : stdout) }
}

describe('an overseen agent', () => {
  test('waits for a person, and its call goes out once', async () => {
    expect(await callTool(gateway, session, 'echo', randomText()).answer).toMatchObject({ allowed: true })
    expect((await cli('lead', 'isolation', 'oversee', stage.agent.id)).code).toBe(0)
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    const id = await until('it waits', async () => (await listApprovals(stage.lead, false))[0]?.id)
    expect(await texts()).not.toContain(text)
    await decideApproval(stage.lead, await showApproval(stage.lead, id), 'approve', () => undefined)
    expect(await answer).toEqual({ allowed: true, text })
    expect((await texts()).filter((each) => each === text)).toHaveLength(1)
  })

  test('goes on by itself once who does not own it has ended that', async () => {
    expect((await cli('profile', 'isolation', 'end-oversight', stage.agent.id)).value.error.code).toBe(
      'SAME_PERSON',
    )
    expect((await cli('lead', 'isolation', 'end-oversight', stage.agent.id)).code).toBe(0)
    await until('the point has heard', async () => {
      const { answer } = callTool(gateway, session, 'echo', randomText())
      const waits = (await listApprovals(stage.lead, false))[0]
      if (waits !== undefined)
        await decideApproval(stage.lead, await showApproval(stage.lead, waits.id), 'refuse', () => undefined)
      return (await answer).allowed ? true : null
    })
  })
})

describe('an isolated agent', () => {
  test('is dead, and its incident is open, and contained', async () => {
    const { value } = await cli('lead', 'isolation', 'begin', stage.agent.id, 'It wrote to strangers')
    incident = value.incident
    const denied = await until('it is denied', async () => {
      const answer = await callTool(gateway, session, 'echo', randomText()).answer
      return answer.allowed ? null : answer.reasons
    })
    expect(denied).toEqual(['REVOKED'])
    const before = await texts()
    await callTool(gateway, session, 'echo', randomText()).answer
    expect(await texts()).toEqual(before)
    const list = await cli('profile', 'isolation', 'list')
    expect(list.value).toMatchObject([{ agent: stage.agent.id, level: 'isolated' }])
    expect((await cli('profile', 'incident', 'show', incident)).value).toMatchObject({
      status: 'contained',
      title: 'It wrote to strangers',
    })
  })

  test('shows in the timeline what it tried, and the incident is closed by somebody else', async () => {
    const timeline = await until('its denials are in the log', async () => {
      const { value } = await cli('lead', 'incident', 'timeline', incident)
      const what: string[] = value.lines.map((line: { what: string }) => line.what)
      return what.some((line) => line.startsWith('deny echo/echo (REVOKED')) ? what : null
    })
    expect(timeline.slice(0, 3)).toEqual(['incident opened, critical', 'isolated by hand', 'agent suspended'])
    await cli('lead', 'incident', 'cause', incident, 'A prompt in a document told it to')
    await cli('lead', 'incident', 'lessons', incident, 'Documents of others are untrusted from now on')
    const close = (as: 'profile' | 'lead') => cli(as, 'incident', 'close', incident)
    expect((await close('lead')).value.error.code).toBe('SAME_PERSON')
    expect((await close('profile')).value.error.code).toBe('SAME_PERSON')
  })
})

test('a pack has all of it, and verifies', async () => {
  const file = join(stage.folder, 'pack.zip')
  const built = await cli('profile', 'evidence', 'build', '--from', '2026-01-01T00:00:00Z', '-o', file)
  expect(built.code).toBe(0)
  const { code, value } = await cli('profile', 'verify', file, '--key', stage.control.vkey)
  expect(value).toMatchObject({ ok: true, faults: [], populations: { incidents: 1, capacity: 1 } })
  expect(code).toBe(0)
  const rebuilt = await cli('profile', 'log', 'rebuild', '--check', '--data', stage.dataDir)
  expect(rebuilt.value).toMatchObject({ ok: true })
})
