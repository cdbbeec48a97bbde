/** `countersign service-account …` as people and programs type it, each command a process of its own. spec/service-accounts.md. */
import { copyFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli, type CliAnswer } from '../fixtures/processes.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage
let account = ''
let folder = ''

beforeAll(async () => {
  stage = await setFlowStage()
  folder = join(stage.folder, 'ci')
})
afterAll(() => stage.remove())

function type(command: string, who = 'manager'): Promise<CliAnswer> {
  return runCli(['--profile', join(stage.folder, who), ...command.split(' ')])
}
const keyOf = (name: string): unknown =>
  (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { key: unknown }).key

test('an account is proposed by one, approved by another, and enrolled where the program runs', async () => {
  const proposed = await type(
    'service-account propose ci --purpose builds --role viewer --role developer --days 30',
  )
  account = /svc_\w+/.exec(proposed.stdout)?.[0] ?? ''
  expect(proposed.stdout).toContain(`${account} waits: ci, until `)
  expect((await type(`service-account approve ${account}`)).stderr).toContain('SAME_PERSON: ')
  expect((await type(`service-account approve ${account}`, 'lead')).stdout).toContain(
    `${account} is approved`,
  )
  expect((await type(`service-account invite ${account}`, 'lead')).stderr).toContain(
    'SERVICE_ACCOUNT_NOT_OWNED: ',
  )
  const invited = await type(`service-account invite ${account}`)
  const [, line = ''] =
    /countersign (service-account enroll --url \S+ --secret \S+)/.exec(invited.stdout) ?? []
  const enrolled = await runCli([...line.split(' '), '-o', folder])
  expect(enrolled.stdout).toContain(`The program is ${account}.`)
  expect(statSync(join(folder, 'profile.json')).mode & 0o777).toBe(0o600)
  const again = await runCli([...line.split(' '), '-o', join(stage.folder, 'other')])
  expect(again.stderr).toContain('SECRET_INVALID: ')
}, 120_000)

test('the program reads with its profile, and does nothing that takes a person', async () => {
  const fleet = await type('fleet --json', 'ci')
  expect(JSON.parse(fleet.stdout)).toMatchObject({ agents: expect.anything() })
  expect((await type('system add CRM', 'ci')).stderr).toBe('')
  expect((await type('person invite Somebody', 'ci')).stderr).toContain('SERVICE_ACCOUNT_REFUSED: ')
  expect((await type('console', 'ci')).stderr).toContain('SERVICE_ACCOUNT_REFUSED: ')
  expect((await type(`service-account approve ${account}`, 'ci')).stderr).toContain(
    'SERVICE_ACCOUNT_REFUSED: ',
  )
  expect((await type('service-account list')).stdout).toMatch(
    new RegExp(`${account} +ci +active +viewer developer`),
  )
}, 120_000)

test('it rotates its own key, also when the answer to that was lost', async () => {
  const first = keyOf('profile.json')
  copyFileSync(join(folder, 'profile.json'), join(stage.folder, 'first.json'))
  expect((await type('service-account rotate', 'ci')).stdout).toContain(`${account} has the key `)
  const second = keyOf('profile.json')
  expect(second).not.toEqual(first)
  expect(JSON.parse((await type('fleet --json', 'ci')).stdout)).toMatchObject({ agents: expect.anything() })
  // As a crash after the request leaves it: the old key in place, the new one beside it.
  copyFileSync(join(folder, 'profile.json'), join(folder, 'profile.next.json'))
  copyFileSync(join(stage.folder, 'first.json'), join(folder, 'profile.json'))
  expect((await type('fleet --json', 'ci')).stdout).toContain('AUTH_KEY_UNKNOWN')
  expect((await type('service-account rotate', 'ci')).stdout).toContain(`${account} has the key `)
  expect(keyOf('profile.json')).toEqual(second)
  expect((await type('service-account rotate')).stderr).toContain('REQUEST_INVALID: ')
}, 120_000)

test('it is refused once somebody disabled it', async () => {
  const disabled = await type(`service-account disable ${account} --reason key-stolen`, 'lead')
  expect(disabled.stdout).toBe(`${account} is disabled\n`)
  expect((await type('fleet --json', 'ci')).stdout).toContain('SERVICE_ACCOUNT_DISABLED')
  expect((await type('service-account list')).stdout).not.toContain(account)
  expect((await type('service-account list --all')).stdout).toContain('disabled')
  expect((await type('service-account propose ci --purpose builds --role owner')).stderr).toContain(
    'one of viewer',
  )
}, 120_000)
