/** Findings of a pack go to other software from the command line, once the pack is verified. spec/connectors.md (CNX-1, CNX-7, CNX-8). */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { readArchive, writeArchive } from '../../src/evidence/pack/archive.ts'
import { ControlLog, YEAR } from '../fixtures/control-log.ts'
import { VIOLATIONS } from '../fixtures/planted.ts'
import { runCli } from '../fixtures/processes.ts'
import { SECRET, VENDORS, type Staged } from '../fixtures/vendors/vendors.ts'

let folder: string
let vkey: string
let github: Staged
const file = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-connect-'))
  const control = new ControlLog()
  control.call()
  const violation = VIOLATIONS.find(({ name }) => name === 'an agent without a purpose')
  violation?.plant(control)
  control.log.head()
  vkey = control.log.vkey
  const { bytes } = await buildPack(nodeCrypto, { ...(await control.log.publish()), start: null }, YEAR)
  await writeFile(file('pack.zip'), bytes)
  const files = new Map(readArchive(bytes))
  files.set('populations/agents.jsonl', new Uint8Array([123, 125, 10]))
  await writeFile(file('edited.zip'), writeArchive(files))
  github = await VENDORS.github()
}, 60_000)
afterAll(async () => {
  await github.vendor.close()
  await rm(folder, { recursive: true, force: true })
})

const env = (token = SECRET) => ({
  COUNTERSIGN_GITHUB_URL: github.vendor.url,
  COUNTERSIGN_GITHUB_TOKEN: token,
  COUNTERSIGN_GITHUB_REPOSITORY: 'acme/audit',
})
const push = (pack: string, more: string[] = [], token = SECRET) =>
  runCli(['connect', 'push', '--to', 'github', '--pack', file(pack), '--key', vkey, ...more], env(token))

test('shows what would be pushed, and pushes nothing', async () => {
  const { code, stdout } = await push('pack.zip', ['--dry-run'])
  expect(code).toBe(0)
  expect(stdout).toContain('1 finding would go to github; nothing was pushed')
  expect(stdout).toContain('AGENT_PURPOSE_MISSING')
  expect(github.vendor.requests).toEqual([])
}, 60_000)

test('pushes nothing of a pack that is not what it claims to be', async () => {
  const { code, stderr } = await push('edited.zip')
  expect([code, github.vendor.requests]).toEqual([1, []])
  expect(stderr).toContain('PACK_NOT_WHOLE')
}, 60_000)

test('makes an issue of the deviation, and brings it up to date the second time', async () => {
  const first = await push('pack.zip', ['--where', 'https://evidence.example.com/pack.zip'])
  expect(first.stdout).toContain('1 finding went to github (1 new, 0 brought up to date)')
  expect(first.stdout).toContain('not tried against the service itself')
  const second = JSON.parse((await push('pack.zip', ['--json'])).stdout) as object
  expect(second).toMatchObject({ tried: false, dry_run: false, pushed: { sent: 1, created: 0, updated: 1 } })
  expect(github.held()).toHaveLength(1)
}, 60_000)

test('says what is wrong with credentials and settings, and no secret', async () => {
  const wrong = await push('pack.zip', [], 'another-sekret')
  expect([wrong.code, wrong.stderr.includes('FINDINGS_UNAUTHORIZED')]).toEqual([1, true])
  expect(wrong.stderr + wrong.stdout).not.toContain('sekret')
  await writeFile(file('config.json'), JSON.stringify({ token: SECRET }))
  await chmod(file('config.json'), 0o644)
  const open = await runCli(
    [
      'connect',
      'push',
      '--to',
      'jira',
      '--pack',
      file('pack.zip'),
      '--key',
      vkey,
      '--config',
      file('config.json'),
    ],
    {},
  )
  expect(open.stderr).toContain('CONNECT_SETTINGS_INVALID')
  expect(open.stderr).toContain('chmod 600')
  await chmod(file('config.json'), 0o600)
  const missing = await runCli(
    [
      'connect',
      'push',
      '--to',
      'jira',
      '--pack',
      file('pack.zip'),
      '--key',
      vkey,
      '--config',
      file('config.json'),
    ],
    {},
  )
  expect(missing.stderr).toContain('settings are missing or do not fit: url, email, project')
  expect(missing.stderr).not.toContain('sekret')
}, 60_000)
