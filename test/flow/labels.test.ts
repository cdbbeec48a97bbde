/** Labels and a flow policy from suggestion to the gateway's answer: the real commands, one process each. spec/labels.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { labelFileSchema, type LabelFile } from '../../src/registry/label-file.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { enrollPoint } from '../../apps/cli/operator.ts'
import { watchTools } from '../../apps/gateway/tools.ts'
import { runCli } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const MEMORY = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-memory/package.json')),
  'dist/index.js',
)

let stage: Stage
const inFolder = (name: string): string => join(stage.folder, name)

async function run(profile: string, ...args: string[]): Promise<unknown> {
  const { code, stdout } = await runCli(['--json', '--profile', profile, ...args])
  expect([args.slice(0, 2), code]).toEqual([args.slice(0, 2), 0])
  return JSON.parse(stdout)
}
const manager = (...args: string[]): Promise<unknown> => run(stage.profileDir, ...args)
const auditor = (...args: string[]): Promise<unknown> => run(inFolder('auditor'), ...args)
const proposedSchema = z.object({
  proposals: z.array(z.string()),
  labelled: z.int(),
  unchanged: z.int(),
  passed_over: z.array(z.string()),
})

beforeAll(async () => {
  stage = await Stage.set()
  const invited = z
    .object({ person: z.string(), invitation: z.string() })
    .parse(await manager('person', 'invite', 'Auditor'))
  await auditor('enroll', '--url', stage.control.url, '--secret', invited.invitation)
  await manager('person', 'endorse', invited.person)
  const { system } = z.object({ system: z.string() }).parse(await manager('system', 'add', 'Memories'))
  const listed = await manager('tool', 'inspect', process.execPath, MEMORY)
  await writeFile(inFolder('listed.json'), JSON.stringify(listed))
  for (const name of ['read_graph', 'search_nodes', 'delete_entities'])
    await manager(
      'tool',
      'register',
      name,
      '--system',
      system,
      '--server',
      'memories',
      '--from',
      inFolder('listed.json'),
    )
}, 120_000)

afterAll(() => stage.remove())

async function suggest(...args: string[]): Promise<LabelFile> {
  return labelFileSchema.parse(await manager('label', 'suggest', ...args))
}

test('a labels file is suggested from a running server, and the same from its listing', async () => {
  const own = await suggest(process.execPath, MEMORY)
  expect(own.tools.map(({ tool }) => tool)).toContain('delete_entities')
  expect(await suggest('--tools', inFolder('listed.json'))).toEqual(own)
  const definitions = z
    .array(z.object({ definition: z.json() }))
    .parse(JSON.parse(await readFile(inFolder('listed.json'), 'utf8')))
  const answer = { jsonrpc: '2.0', id: 1, result: { tools: definitions.map(({ definition }) => definition) } }
  await writeFile(inFolder('answer.json'), JSON.stringify(answer))
  expect(await suggest('--tools', inFolder('answer.json'))).toEqual(own)
  const named = await suggest(
    '--tools',
    inFolder('listed.json'),
    '--server',
    'memories',
    '-o',
    inFolder('labels.json'),
  )
  expect(named.tools.every(({ server }) => server === 'memories')).toBe(true)
  expect(JSON.parse(await readFile(inFolder('labels.json'), 'utf8'))).toEqual(named)
})

test('what people read gives the reasons, and names what to look at twice', async () => {
  await writeFile(inFolder('odd.json'), '{"tools":[{"name":"zorp"},{"name":"get_time"}]}')
  const { stdout } = await runCli(['label', 'suggest', '--tools', inFolder('odd.json')])
  expect(stdout).toContain('nothing says what it does')
  expect(stdout).toMatch(/look twice at: zorp\nthen: the same with -o FILE\n$/)
})

test('what cannot be read says what belongs there', async () => {
  const faultOf = async (...args: string[]) =>
    JSON.parse((await runCli(['--json', ...args])).stdout).error.code
  expect(await faultOf('label', 'suggest')).toBe('ARGUMENT_INVALID')
  await writeFile(inFolder('none.json'), '{"tools":7}')
  expect(await faultOf('label', 'suggest', '--tools', inFolder('none.json'))).toBe('ARGUMENT_INVALID')
  const profile = ['--profile', stage.profileDir]
  expect(await faultOf(...profile, 'label', 'propose', inFolder('none.json'))).toBe('LABELS_INVALID')
  expect(await faultOf(...profile, 'flow', 'policy', 'propose', inFolder('none.json'))).toBe(
    'FLOW_POLICY_INVALID',
  )
  expect(await faultOf(...profile, 'label', 'approve', 'lbl_none')).toBe('UNKNOWN_LABEL')
})

test('packaged labels are proposed by the definitions that they are of, and approved by another person', async () => {
  const proposed = proposedSchema.parse(await manager('label', 'propose', '--packaged'))
  expect(proposed).toMatchObject({ labelled: 3, unchanged: 0 })
  const [id = ''] = proposed.proposals
  expect(await auditor('label', 'pending')).toMatchObject([{ id, proposer: stage.manager.person }])
  const own = await runCli(['--json', '--profile', stage.profileDir, 'label', 'approve', id])
  expect(JSON.parse(own.stdout).error.code).toBe('SAME_PERSON')
  await auditor('label', 'approve', id)
  const labels = z
    .array(z.looseObject({ name: z.string(), label: z.unknown() }))
    .parse(await manager('label', 'list'))
  expect(labels.find(({ name }) => name === 'delete_entities')?.label).toMatchObject({
    effect: 'destructive',
  })
  expect(proposedSchema.parse(await manager('label', 'propose', '--packaged'))).toMatchObject({
    proposals: [],
    unchanged: 3,
  })
})

test('a flow policy is in force once another person has approved it', async () => {
  const policy = { v: 1, mode: 'observe', aliases: { amber: 'internal' } }
  await writeFile(inFolder('policy.json'), JSON.stringify(policy))
  const offered = z
    .object({ policy: z.string() })
    .parse(await manager('flow', 'policy', 'propose', inFolder('policy.json')))
  expect(await auditor('flow', 'policy', 'show')).toEqual({ v: 1, mode: 'off' })
  expect(await auditor('flow', 'policy', 'pending')).toMatchObject([{ id: offered.policy }])
  await auditor('flow', 'policy', 'approve', offered.policy)
  expect(await auditor('flow', 'policy', 'show')).toEqual(policy)
})

test('a file that a person edited is proposed for the tools that are registered, with names of levels of their own', async () => {
  const file = labelFileSchema.parse(JSON.parse(await readFile(inFolder('labels.json'), 'utf8')))
  const edited = file.tools.map((each) => ({
    ...each,
    label: { ...each.label, result: { ...each.label.result, level: 'amber' } },
  }))
  await writeFile(inFolder('edited.json'), JSON.stringify({ v: 1, tools: edited }))
  const proposed = proposedSchema.parse(
    await manager('label', 'propose', inFolder('edited.json'), '--server', 'memories'),
  )
  expect(proposed).toMatchObject({ labelled: 3, unchanged: 0 })
  expect(proposed.passed_over).toContain('open_nodes')
  const [id = ''] = proposed.proposals
  const pending = await runCli(['--profile', inFolder('auditor'), 'label', 'pending'])
  expect(pending.stdout).toContain('was: reads; accepts restricted; returns confidential, untrusted')
  await auditor('label', 'approve', id)
})

test('a gateway is told of labels and of the policy with the tools that it guards', async () => {
  const file = await enrollPoint(stage.manager, 'gateway', 'memories')
  const signer = nodeCrypto.signer(file.key as unknown as Parameters<typeof nodeCrypto.signer>[0])
  const client = new ApiClient({ url: file.control_plane, crypto: nodeCrypto, clock: systemClock, signer })
  const tools = await watchTools(httpControlPlane(client), file.control_plane, (error) => {
    throw error
  })
  tools.stop()
  expect(tools.policy()).toMatchObject({ mode: 'observe' })
  expect(tools.find('memories', 'read_graph')?.label).toMatchObject({
    effect: 'none',
    result: { level: 'internal', integrity: 'untrusted' },
  })
})

test('the log of all that verifies, and says who approved what', async () => {
  const pack = inFolder('pack.zip')
  await manager('evidence', 'build', '--from', rfc3339(Date.now() - 3600_000), '-o', pack)
  const { stdout } = await runCli(['--json', 'verify', pack, '--key', stage.control.vkey])
  const report = JSON.parse(stdout)
  expect(report.ok).toBe(true)
  expect(report.checks).toContainEqual({
    name: 'labels and policies were approved by a registered gesture of someone else',
    ok: true,
    count: 3,
  })
})
