/** `countersign alone …` as people type it: what one did alone, and what another says of it. spec/alone.md (ALO-3, ALO-4). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { runCli, startControlPlane, type CliAnswer, type ControlPlane } from '../fixtures/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-alone-'))
const WORDS = 'I know her, and saw the key.'
let plane: ControlPlane
let ben = ''

const type = (who: string, ...args: string[]): Promise<CliAnswer> =>
  runCli(['--profile', join(folder, who), ...args])
const json = async (who: string, ...args: string[]): Promise<unknown> =>
  JSON.parse((await type(who, '--json', ...args)).stdout)
const listed = async (...args: string[]) =>
  z
    .object({ alone: z.array(z.looseObject({ entry: z.int(), person: z.string() })) })
    .parse(await json('ann', 'alone', 'list', ...args)).alone

async function enrol(who: string, secret: string): Promise<string> {
  const answer = await json(who, 'enroll', '--url', plane.url, '--secret', secret, '--name', who)
  return z.object({ person: z.string() }).parse(answer).person
}

beforeAll(async () => {
  plane = await startControlPlane(join(folder, 'data'), 0, { args: ['--separation', 'after'] })
  await enrol('ann', plane.bootstrap_secret ?? '')
  const invited = await json('ann', 'person', 'invite', 'Ben')
  ben = await enrol('ben', z.object({ invitation: z.string() }).parse(invited).invitation)
}, 60_000)
afterAll(async () => {
  await plane?.process.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

test('what one person did alone is listed, and reviewed by another with words', async () => {
  expect((await type('ann', 'alone', 'list')).stdout).toBe('nobody did anything alone\n')
  expect((await type('ben', 'person', 'endorse', ben)).code).toBe(0)
  const [one] = await listed('--waiting')
  expect(one).toMatchObject({ type: 'person.endorsed', subject: ben, person: ben, outcome: null })
  const entry = String(one?.entry)
  expect((await type('ben', 'alone', 'review', entry, 'agreed', WORDS)).stderr).toContain('SAME_PERSON: ')
  expect((await type('ann', 'alone', 'review', entry, 'perhaps', WORDS)).code).not.toBe(0)
  expect((await type('ann', 'alone', 'review', entry, 'objected', WORDS)).stdout).toBe(
    `entry ${entry}: you objected\n`,
  )
  expect(await listed('--waiting')).toEqual([])
  expect(await listed()).toMatchObject([{ outcome: 'objected', text: WORDS }])
  expect((await type('ann', 'alone', 'list')).stdout).toContain(WORDS)
  expect((await type('ann', 'alone', 'review', entry, 'agreed', WORDS)).stderr).toContain('STATE_CONFLICT: ')
}, 60_000)
