/**
 * `countersign agent version …` as people type it, and gateways that hold an agent to what was approved.
 * spec/inventory.md (VER-2 to VER-7). Each command and each gateway is a process of its own.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { McpProcess, runCli, type CliAnswer } from '../fixtures/processes.ts'
import { NOTES, setFlowStage, type FlowStage } from './stage.ts'

const NEXT = { version: 2, model: 'any', tests: [{ name: 'evals', passed: 9, failed: 0 }] }
let stage: FlowStage
let digest = ''

beforeAll(async () => {
  stage = await setFlowStage()
  await writeFile(join(stage.folder, 'next.json'), JSON.stringify(NEXT))
  await writeFile(join(stage.folder, 'first.json'), JSON.stringify({ version: 1 }))
})
afterAll(() => stage.remove())

function type(command: string, who = 'manager'): Promise<CliAnswer> {
  const args = command
    .split(' ')
    .map((word) => word.replace('$W', stage.folder).replace('$AGENT', stage.agent).replace('$DIGEST', digest))
  return runCli(['--profile', join(stage.folder, who), 'agent', 'version', ...args])
}
const statuses = async (): Promise<Record<string, string>> => {
  const lines = (await type('list $AGENT')).stdout.trim().split('\n').slice(1)
  return Object.fromEntries(lines.map((line) => line.split(/ +/) as [string, string]))
}

/** What a hosted gateway that reports this of its client answers to a call that is granted. */
async function reading(...reported: string[]): Promise<string> {
  const held = [
    '--delegation',
    join(stage.folder, 'agent.chain'),
    '--key',
    join(stage.folder, 'agent.key.json'),
  ]
  const own = stage.gateway(...held, ...reported)
  const args = own.map((arg) => (arg === 'gateway.json' || arg === 'files' ? join(stage.folder, arg) : arg))
  const gateway = await new McpProcess(process.execPath, args).initialize()
  try {
    const path = join(stage.folder, 'files', 'notes.txt')
    const answer = await gateway.request('tools/call', { name: 'read_text_file', arguments: { path } })
    return JSON.stringify(answer)
  } finally {
    await gateway.end('SIGTERM')
  }
}
const manifest = (name: string): string[] => ['--manifest', join(stage.folder, name)]

test('a version is proposed by one and approved by another', async () => {
  const proposed = await type('propose $AGENT --manifest $W/next.json')
  expect(proposed.code).toBe(0)
  digest = proposed.stdout.trim()
  expect(digest).toMatch(/^[\w-]{43}$/)
  expect((await statuses())[digest]).toBe('proposed')
  expect((await type('propose $AGENT --manifest $W/next.json')).stderr).toContain('STATE_CONFLICT: ')
  expect((await type('statement $AGENT --manifest $W/next.json')).stderr).toContain('STATE_CONFLICT: ')
  expect((await type('approve $AGENT $DIGEST')).stderr).toContain('SAME_PERSON: ')
  expect((await type('approve $AGENT $DIGEST', 'lead')).stdout).toBe(`${digest} is approved\n`)
  expect((await statuses())[digest]).toBe('approved')
})

test('a manifest that is none is told what it may hold', async () => {
  await writeFile(join(stage.folder, 'odd.json'), '{"modle":"any"}')
  const { code, stderr } = await type('propose $AGENT --manifest $W/odd.json')
  expect(code).not.toBe(0)
  expect(stderr).toContain('is not a version manifest, which has no member modle')
  expect((await type('approve $AGENT x')).stderr).toContain('"countersign agent version list AGENT"')
})

test('what the delegation names may act, and another version only with the word of the issuer', async () => {
  expect(await reading(...manifest('first.json'))).toContain(NOTES.trim())
  expect(await reading(...manifest('next.json'))).toContain('VERSION_NOT_APPROVED')
  const { stdout } = await type('statement $AGENT --manifest $W/next.json')
  await writeFile(join(stage.folder, 'statement'), stdout)
  const stated = ['--version-statement', join(stage.folder, 'statement')]
  expect(await reading(...manifest('next.json'), ...stated)).toContain(NOTES.trim())
  expect(await reading(...manifest('first.json'), ...stated)).toContain(NOTES.trim())
}, 60_000)

test('a gateway that wants to know denies who reports nothing', async () => {
  expect(await reading('--require-version')).toContain('VERSION_NOT_REPORTED')
  expect(await reading('--require-version', ...manifest('first.json'))).toContain(NOTES.trim())
}, 60_000)

test('a withdrawn version gets no statement any more, and the last one stays', async () => {
  expect((await type('withdraw $AGENT $DIGEST --reason bad')).stdout).toBe(`${digest} is withdrawn\n`)
  expect((await statuses())[digest]).toBe('withdrawn')
  expect((await type('statement $AGENT --manifest $W/next.json')).stderr).toContain('STATE_CONFLICT: ')
  const [last = ''] = Object.entries(await statuses()).find(([, status]) => status === 'approved') ?? []
  expect((await type(`withdraw $AGENT ${last}`)).stderr).toContain('STATE_CONFLICT: ')
})
