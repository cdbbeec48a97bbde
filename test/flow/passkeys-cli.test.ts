/** Passkeys and recovery as people type them, each command a process of its own. spec/people.md (PPL-8 to PPL-13). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli, startControlPlane, type CliAnswer, type ControlPlane } from '../fixtures/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-passkeys-'))
let plane: ControlPlane
const people = new Map<string, string>()

const at = (...path: string[]): string => join(folder, ...path)

/** `$NAME` is a person. */
function type(who: string, command: string): Promise<CliAnswer> {
  const named = command.replaceAll(/\$(\w+)/g, (_, name: string) => people.get(name) ?? name)
  return runCli(['--profile', at(who), ...named.split(' ')])
}

async function json(who: string, command: string) {
  const { stdout, stderr } = await type(who, `${command} --json`)
  return stdout === '' ? stderr : JSON.parse(stdout)
}

async function enrol(who: string, secret: string, name = who): Promise<string> {
  const { person } = await json(who, `enroll --url ${plane.url} --secret ${secret} --name ${name}`)
  people.set(name, person)
  return person
}

beforeAll(async () => {
  plane = await startControlPlane(at('data'), 0, { args: ['--separation', 'independent'] })
  await enrol('ann', plane.bootstrap_secret ?? '')
  await enrol('ben', (await json('ann', 'person invite Ben')).invitation)
  await type('ann', 'person endorse $ben')
}, 60_000)
afterAll(async () => {
  await plane?.process.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

test('a person adds a second key, which signs, and removes the first with it', async () => {
  expect((await type('ben', 'person passkey add')).stderr).toContain('--to')
  const { passkey } = await json('ben', `person passkey add --name desk --to ${at('ben-desk')}`)
  const listed = await json('ben-desk', 'person passkey list')
  expect(listed).toMatchObject([{ name: null }, { passkey, name: 'desk' }])
  const [{ passkey: first }] = listed
  expect((await type('ben', `person passkey remove ${first}`)).stderr).toContain('GESTURE_INVALID')
  const removed = await type('ben-desk', `person passkey remove ${first}`)
  expect(removed.stdout).toBe(
    `passkey ${first} counts no more\nit had added ${passkey}: remove those that you do not know\n`,
  )
  expect((await type('ben-desk', `person passkey remove ${passkey}`)).stderr).toContain('add another first')
  await enrol('carol', (await json('ann', 'person invite Carol')).invitation)
  expect((await type('ben', 'person endorse $carol')).stderr).toContain('GESTURE_INVALID')
  expect((await type('ben-desk', 'person endorse $carol')).stdout).toContain('is endorsed')
}, 60_000)

test('a person who lost all is recovered by two others', async () => {
  await enrol('dora', (await json('ann', 'person invite Dora')).invitation)
  await type('ann', 'person endorse $dora')
  const { stdout } = await type('ben-desk', 'person recover $carol')
  const secret = /--secret (\S+)/.exec(stdout)?.[1] ?? ''
  const enrolled = await type('carol-anew', `enroll --url ${plane.url} --secret ${secret}`)
  expect(enrolled.stdout).toContain('Nothing that you sign counts until somebody runs')
  expect((await type('carol-anew', 'person list')).stderr).toContain('AUTH_KEY_UNKNOWN')
  expect((await type('ben-desk', 'person endorse $carol')).stderr).toContain('SAME_PERSON')
  const brought = await type('ann', 'person endorse $carol')
  expect(brought.stderr).toContain('SAME_LINE')
  expect(brought.stderr).toContain('--recover')
  expect((await type('dora', 'person endorse $carol')).stdout).toContain('is endorsed')
  expect((await type('carol', 'person list')).stderr).toContain('AUTH_KEY_UNKNOWN')
  expect(await json('carol-anew', 'person passkey list')).toHaveLength(1)
}, 60_000)

test('the only person left is recovered on the machine of the control plane', async () => {
  for (const name of ['ben', 'carol', 'dora']) await type('ann', `person leave $${name}`)
  const port = Number(new URL(plane.url).port)
  await plane.process.end('SIGTERM')
  plane = await startControlPlane(at('data'), port, { args: ['--recover', people.get('ann') ?? ''] })
  const { recovery_secret } = JSON.parse(plane.process.lines[0] ?? '{}')
  const enrolled = await json('ann-anew', `enroll --url ${plane.url} --secret ${recovery_secret}`)
  expect(enrolled).toMatchObject({ person: people.get('ann'), endorsed: true })
  expect((await type('ann', 'person list')).stderr).toContain('AUTH_KEY_UNKNOWN')
  expect((await type('ann-anew', 'alert list')).stdout).toContain('RECOVERY_BY_MACHINE')
}, 60_000)
