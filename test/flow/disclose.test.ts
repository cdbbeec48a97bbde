/** `countersign disclose`, as its own process. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { grantsOf, MAIL, World } from '../fixtures/tokens.ts'

const MAIN = fileURLToPath(new URL('../../apps/cli/main.ts', import.meta.url))
const w = new World('disclose')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-disclose-'))
  await writeFile(join(folder, 'held'), w.root({ instruction: 'tidy up', sub: 'per_1' }))
})
afterAll(() => rm(folder, { recursive: true }))

const disclose = (out: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [
    MAIN,
    'disclose',
    join(folder, 'held'),
    '-o',
    join(folder, out),
    ...args,
  ])

test('writes a chain that shows the grants of one server alone', async () => {
  const { stdout } = await disclose('mail', '--server', 'mail')
  expect(stdout).toContain('1 of 4 disclosures')
  const shown = (await readFile(join(folder, 'mail'), 'utf8')).trim()
  expect(grantsOf(w.crypto, shown).map(({ grant }) => grant)).toEqual([MAIL])
  expect(w.answer(shown)).toBe('ok')
})

test('shows the grant of one call, and a claim that is asked for', async () => {
  const { stdout } = await disclose(
    'call',
    '--server',
    'files',
    '--tool',
    'read',
    '--args',
    '{"path":"/data/a"}',
    '--claim',
    'instruction',
  )
  expect(stdout).toContain('2 of 4 disclosures')
})

test('says so when no grant is for that call', async () => {
  const call = ['--server', 'files', '--tool', 'read', '--args', '{"path":"/etc/a"}', '--json']
  const failed = await disclose('none', ...call).catch(
    (error: unknown) => error as { stdout: string; code: number },
  )
  expect(failed).toMatchObject({ stdout: expect.stringContaining('ARGUMENT_INVALID') as string })
})
