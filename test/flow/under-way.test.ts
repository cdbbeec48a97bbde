/**
 * A call that is at its tool when its delegation is revoked: told to stop, answered, and recorded as what it was; and who
 * revoked sees the point acknowledge. spec/revocation.md REV-12 and REV-13.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delegate } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { CLI, setFlowStage, type FlowStage } from './stage.ts'

const ECHO = fileURLToPath(new URL('../fixtures/echo-server.ts', import.meta.url))
const run = promisify(execFile)
let stage: FlowStage
let jti: string

beforeAll(async () => {
  stage = await setFlowStage()
  const delegated = await delegate(stage.manager, {
    agent: stage.agent,
    jkt: stage.jkt,
    aud: [stage.point],
    grants: [{ type: 'tool', server: 'files', actions: ['wait'] }],
    ttl_s: 600,
    depth_max: 0,
  })
  jti = delegated.jti
  await writePrivate(join(stage.folder, 'wait.chain'), `${delegated.chain}\n`)
})
afterAll(() => stage.remove())

async function executed(): Promise<string[]> {
  const lines = await readFile(join(stage.folder, 'executed'), 'utf8').catch(() => '')
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { text: string }).text)
}

test('a slow call ends with its revocation, at the agent and at the tool', async () => {
  const client = new Client({ name: 'agent', version: '1.0.0' })
  const options = [
    '--stdio',
    '--point',
    'gateway.json',
    '--delegation',
    'wait.chain',
    '--key',
    'agent.key.json',
  ]
  const tool = [process.execPath, ECHO, join(stage.folder, 'executed')]
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [CLI, 'gateway', ...options, '--', ...tool],
      cwd: stage.folder,
      stderr: 'ignore',
    }),
  )
  const calling = client.callTool({ name: 'wait', arguments: { text: 'begun' } })
  await expect.poll(executed, { timeout: 10_000 }).toEqual(['begun'])

  const cli = [
    CLI,
    'revoke',
    jti,
    '--reason',
    'done',
    '--json',
    '--wait',
    '10',
    '--profile',
    join(stage.folder, 'manager'),
  ]
  const { stdout } = await run(process.execPath, cli)
  expect(JSON.parse(stdout)).toMatchObject({ frames: [1], points: { of: 1, acknowledged: 1, missing: [] } })

  const answer = await calling
  expect(answer).toMatchObject({
    isError: true,
    _meta: { 'io.countersign/decision': { decision: 'deny', reasons: ['REVOKED'] } },
  })
  expect(JSON.stringify(answer.content)).toContain('under way')
  await expect.poll(executed).toEqual(['begun', 'stopped'])
  await client.close()

  const outcomes = async () => {
    const { entries } = (await stage.manager.client.get('/v1/entries?limit=1000')) as unknown as {
      entries: { entry: { body: { kind?: string; outcome?: string } } }[]
    }
    return entries.map(({ entry }) => entry.body).filter(({ kind }) => kind === 'outcome')
  }
  // This server confirms nothing, as the protocol has it: what it did is not known.
  await expect.poll(outcomes, { timeout: 10_000 }).toMatchObject([{ outcome: 'unknown' }])
})
