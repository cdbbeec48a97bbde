/**
 * An auditor's preview at two command lines: the company grants, the auditor looks at an action that was allowed, asks, and
 * takes an extract that holds; the pack of the period has every look. spec/preview.md. Real processes throughout.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readInfo } from '../../apps/cli/operator.ts'
import { settledCheckpoint } from '../../apps/cli/pack-of.ts'
import { saveProfile } from '../../apps/cli/profile.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { CLI, ECHO_SERVER, McpProcess, runCli, until } from '../fixtures/processes.ts'
import { callTool, randomText, Stage } from '../fixtures/stage.ts'

const DAY_MS = 86_400_000
/** Each command is a process of its own, and some build a pack. */
const TEST_MS = 240_000
const at = (ms: number): string => new Date(Date.now() + ms).toISOString()

let stage: Stage
let preview: string
let action: string
const file = (name: string): string => join(stage.folder, name)

beforeAll(async () => {
  stage = await Stage.set()
  await saveProfile(file('lead'), stage.leadFile)
  const point = await stage.point('gate')
  const { chain } = await stage.delegate(point)
  const command = [CLI, 'gateway', '--stdio', '--point', point.path, '--', process.execPath, ECHO_SERVER]
  const gateway = await new McpProcess(process.execPath, [...command, file('echoes')]).initialize()
  const session = await stage.open(gateway, chain)
  await callTool(gateway, session, 'echo', randomText()).answer
  await gateway.end('SIGTERM')
  await until('the call is logged', async () => (await typesOf(stage)).includes('receipt') || null)
  await settledCheckpoint(stage.manager, (await readInfo(stage.control.url)).log_vkey)
}, 120_000)
afterAll(() => stage.remove())

async function typesOf({ manager }: Stage): Promise<string[]> {
  const answer = await manager.client.get('/v1/entries?limit=1000')
  const typed = z.object({ entries: z.array(z.object({ entry: z.object({ type: z.string() }) })) })
  return typed.parse(answer).entries.map(({ entry }) => entry.type)
}

interface Said {
  readonly code: number
  /** What it printed, as JSON: an answer, or a fault. */
  readonly value: ReturnType<typeof JSON.parse>
}

async function cli(...args: string[]): Promise<Said> {
  const { code, stdout, stderr } = await runCli(['--json', ...args])
  return { code, value: JSON.parse(stdout === '' ? stderr : stdout) }
}
const company = (as: 'profile' | 'lead', ...args: string[]): Promise<Said> =>
  cli('--profile', file(as), 'preview', ...args)
const auditor = (...args: string[]): Promise<Said> => cli('preview', ...args, '--as', file('auditor.json'))

describe('an auditor at a terminal', () => {
  test(
    'is invited once two people agree, and registers a key that nobody else reads',
    async () => {
      const scope = ['--from', at(-DAY_MS), '--to', at(DAY_MS), '--expires', at(2 * DAY_MS)]
      const criteria = ['--criterion', 'CC6.1', '--criterion', 'CC6.6']
      const granted = await company('profile', 'grant', 'Ada', '--firm', 'Audit Ltd', ...scope, ...criteria)
      expect(granted).toMatchObject({ code: 0, value: { status: 'waiting' } })
      preview = granted.value.preview
      expect((await company('profile', 'approve', preview)).value.error.code).toBe('SAME_PERSON')
      const { value } = await company('lead', 'approve', preview)
      const enrol = ['enrol', '--url', value.server, '--secret', value.secret, '-o', file('auditor.json')]
      expect(await cli('preview', ...enrol)).toMatchObject({ code: 0, value: { preview } })
      expect((await stat(file('auditor.json'))).mode & 0o777).toBe(0o600)
    },
    TEST_MS,
  )

  test(
    'sees the criteria, and the story of an action that was allowed',
    async () => {
      const { rows } = (await auditor('show', 'population', 'decisions')).value
      action = rows[0].action
      const { value } = await auditor('show', 'action', action)
      expect(value).toMatchObject({ action, decisions: [{ decision: 'allow' }] })
      expect(value.who[0]).toMatchObject({ role: 'principal' })
      expect(value.scope[0].grant).toMatchObject({ type: 'tool' })
      const text = await runCli(['preview', 'show', '--as', file('auditor.json')])
      expect([text.stderr, text.stdout]).toEqual(['', expect.stringContaining('CC6.6')])
      expect(await auditor('show', 'test', '17')).toMatchObject({
        code: 1,
        value: { error: { code: 'NOT_IN_SCOPE' } },
      })
    },
    TEST_MS,
  )

  test(
    'asks, is answered, comments, and the company sees it',
    async () => {
      const { value } = await auditor('request', 'The policy, please', '--about', 'test:9')
      const asked = await company('lead', 'requests')
      expect(asked.value.requests).toMatchObject([{ request: value.request, text: 'The policy, please' }])
      expect((await company('lead', 'answer', value.request, 'Sent by mail')).code).toBe(0)
      expect((await auditor('show', 'requests')).value.requests).toMatchObject([
        { outcome: 'provided', answer: 'Sent by mail' },
      ])
      expect((await auditor('comment', `action:${action}`, 'Thank you')).code).toBe(0)
      expect((await company('profile', 'comments', preview)).value.comments).toMatchObject([
        { person: null, text: 'Thank you' },
      ])
    },
    TEST_MS,
  )

  test(
    'takes an extract, which holds under the key of the log and under no other',
    async () => {
      const out = file('extract.zip')
      expect((await auditor('export', '-o', out)).code).toBe(0)
      const { log_vkey: key } = await readInfo(stage.control.url)
      expect(await cli('preview', 'check', out, '--key', key)).toMatchObject({ code: 0, value: { ok: true } })
      const other = key.replace(/.{4}$/, 'AAA=')
      expect((await cli('preview', 'check', out, '--key', other)).code).not.toBe(0)
    },
    TEST_MS,
  )

  test(
    'is in the pack, look by look, and it verifies',
    async () => {
      const out = file('pack.zip')
      const built = await cli(
        '--profile',
        file('profile'),
        'evidence',
        'build',
        '--from',
        at(-DAY_MS),
        '-o',
        out,
      )
      expect(built.code).toBe(0)
      const rows = Buffer.from(
        readArchive(await readFile(out)).get('populations/previews.jsonl') ?? '',
      ).toString()
      const looked = rows
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row) as { kind: string; id: string | null; preview: string })
      expect(looked.map(({ kind, id }) => [kind, id])).toContainEqual(['action', action])
      expect(looked.at(-1)).toMatchObject({ kind: 'export', preview })
      const { log_vkey: key } = await readInfo(stage.control.url)
      expect(await cli('verify', out, '--key', key)).toMatchObject({ code: 0, value: { integrity: true } })
    },
    TEST_MS,
  )

  test(
    'is told that it is over',
    async () => {
      expect((await company('profile', 'revoke', preview, '--reason', 'done')).code).toBe(0)
      expect((await auditor('show')).value.error.code).toBe('PREVIEW_REVOKED')
      expect((await company('profile', 'list')).value.previews).toMatchObject([
        { preview, status: 'revoked' },
      ])
    },
    TEST_MS,
  )
})
