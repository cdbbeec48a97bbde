/** A template that asks for a second person, from its proposal to the pack: the real commands, one process each. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { rfc3339 } from '../../src/core/time.ts'
import { runCli, startGateway, type McpProcess } from '../fixtures/processes.ts'
import { callTool, ECHO_GRANT, Stage, type StagedPoint } from '../fixtures/stage.ts'

let stage: Stage
let point: StagedPoint
let gateway: McpProcess
let other = ''

async function run(profile: string, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runCli(['--json', '--profile', profile, ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}
const manager = (...args: string[]): Promise<unknown> => run(stage.profileDir, ...args)
const auditor = (...args: string[]): Promise<unknown> => run(join(stage.folder, 'auditor'), ...args)
const inFolder = (name: string): string => join(stage.folder, name)

beforeAll(async () => {
  stage = await Stage.set()
  point = await stage.point('gateway')
  gateway = await startGateway(point.path, inFolder('echoes'))
  const invited = z
    .object({ person: z.string(), invitation: z.string() })
    .parse(await manager('person', 'invite', 'Auditor'))
  other = invited.person
  await auditor('enroll', '--url', stage.control.url, '--secret', invited.invitation)
  await manager('person', 'endorse', other)
  await writeFile(inFolder('holder.json'), JSON.stringify(stage.agent.holder.publicJwk))
  await writeFile(inFolder('grants.json'), JSON.stringify([ECHO_GRANT]))
}, 120_000)

afterAll(async () => {
  await gateway.end('SIGTERM')
  await stage.remove()
})

const delegate = (...args: string[]): string[] => [
  'delegate',
  stage.agent.id,
  '--key',
  inFolder('holder.json'),
  '--point',
  point.id,
  '--grants',
  inFolder('grants.json'),
  ...args,
]

test('a class of agents gets a template, and its delegations a second pair of eyes', async () => {
  const template = {
    class: 'assistant',
    ttl_s_max: 3600,
    depth_max: 0,
    grants: [ECHO_GRANT],
    approvals: { m: 1, of: [other] },
  }
  await writeFile(inFolder('template.json'), JSON.stringify(template))
  const proposed = await manager('template', 'propose', inFolder('template.json'))
  const { template: id } = z.object({ template: z.string() }).parse(proposed)
  expect(await auditor('template', 'show', id)).toMatchObject({
    template,
    changes: [
      { member: 'class', was: '*', becomes: 'assistant' },
      { member: 'ttl_s_max', was: 7_776_000, becomes: 3600 },
      { member: 'depth_max', was: 8, becomes: 0 },
      { member: 'approvals', was: null, becomes: template.approvals },
      { member: 'grants', was: null, becomes: [ECHO_GRANT] },
    ],
  })
  await auditor('template', 'approve', id)
  expect(await manager('template', 'list')).toMatchObject([{ id, status: 'active' }, { status: 'active' }])

  const tooLong = await runCli([
    '--json',
    '--profile',
    stage.profileDir,
    ...delegate('--ttl', '7200', '-o', 'x'),
  ])
  expect(tooLong).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(tooLong.stdout).error).toMatchObject({
    code: 'OUTSIDE_TEMPLATE',
    message: expect.stringContaining('ttl_s: longer than 3600 seconds'),
  })
}, 120_000)

test('the delegation waits for them, they see what they sign, and then the agent may act', async () => {
  const chainFile = inFolder('agent.chain')
  const begun = await manager(...delegate('--instruction', 'Repeat after me.', '-o', chainFile))
  const { jti } = z.object({ jti: z.string(), missing: z.literal(1) }).parse(begun)
  const early = await runCli([
    '--json',
    '--profile',
    stage.profileDir,
    'delegation',
    'fetch',
    jti,
    '-o',
    chainFile,
  ])
  expect(JSON.parse(early.stdout).error.code).toBe('APPROVALS_MISSING')

  expect(await auditor('delegation', 'waiting')).toMatchObject([{ jti, missing: 1 }])
  const seen = await runCli(['--profile', inFolder('auditor'), 'delegation', 'show', jti])
  for (const text of ['Repeat after me.', JSON.stringify(ECHO_GRANT), other, `"jti":"${jti}"`])
    expect(seen.stdout).toContain(text)
  const waiting = runCli([
    '--json',
    '--profile',
    stage.profileDir,
    'delegation',
    'fetch',
    jti,
    '--wait',
    '-o',
    chainFile,
  ])
  const approved = await runCli(['--json', '--profile', inFolder('auditor'), 'delegation', 'approve', jti])
  expect(JSON.parse(approved.stdout)).toEqual({ jti, missing: 0 })
  expect(approved.stderr).toContain('Repeat after me.')
  expect(await waiting).toMatchObject({ code: 0, stderr: '' })

  const chain = (await readFile(chainFile, 'utf8')).trim()
  const session = await stage.open(gateway, chain)
  expect(await callTool(gateway, session, 'echo', 'hello').answer).toMatchObject({ allowed: true })
}, 120_000)

test('one that a person declines is never theirs to approve', async () => {
  const begun = await manager(...delegate('--approver', other, '-o', inFolder('never.chain')))
  const { jti } = z.object({ jti: z.string() }).parse(begun)
  await auditor('delegation', 'decline', jti)
  const again = await runCli(['--json', '--profile', inFolder('auditor'), 'delegation', 'approve', jti])
  expect(JSON.parse(again.stdout).error.code).toBe('STATE_CONFLICT')
  const usage = await runCli([
    '--json',
    '--profile',
    stage.profileDir,
    ...delegate('--approvals', '1', '-o', 'x'),
  ])
  expect(usage).toMatchObject({ code: 2 })
}, 120_000)

test('the pack shows who stood behind it, and that it lay within its template', async () => {
  await gateway.end('SIGTERM')
  const pack = inFolder('pack.zip')
  await manager('evidence', 'build', '--from', rfc3339(Date.now() - 3600_000), '-o', pack)
  const report = await manager('verify', pack, '--key', stage.control.vkey)
  expect(report).toMatchObject({ ok: true, allowed: 1, faults: [] })
  const actions = await manager('evidence', 'actions', pack)
  const [{ action }] = z.tuple([z.looseObject({ action: z.string() })]).parse(actions)
  const told = await manager('verify', pack, '--key', stage.control.vkey, '--action', action)
  expect(told).toMatchObject({
    story: {
      who: [
        { person: stage.manager.person, role: 'principal' },
        { person: other, role: 'approver' },
      ],
    },
  })
}, 120_000)
