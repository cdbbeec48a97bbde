/** `countersign role …` as people type it, each command a process of its own. spec/roles.md. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli, type CliAnswer } from '../fixtures/processes.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage
let role = ''
let custody = ''

beforeAll(async () => {
  stage = await setFlowStage()
})
afterAll(() => stage.remove())

function type(command: string, who = 'manager'): Promise<CliAnswer> {
  const named = command.replace('$MANAGER', stage.manager.person).replace('$LEAD', stage.lead.person)
  return runCli(['--profile', join(stage.folder, who), ...named.split(' ')])
}
const idIn = ({ stdout }: CliAnswer): string => /rol_\w+/.exec(stdout)?.[0] ?? ''

test('the manager owns the installation, and each says of themselves what the other approves', async () => {
  expect((await type('role list')).stdout).toMatch(/owner .* in_force .*the set-up/)
  role = idIn(await type('role grant $LEAD security', 'lead'))
  custody = idIn(await type('role custody $MANAGER database --of ledger'))
  expect((await type(`role approve ${role}`, 'lead')).stderr).toContain('SAME_PERSON: ')
  expect((await type(`role approve ${role}`)).stdout).toBe(`${role} is in force\n`)
  expect((await type(`role approve ${custody}`, 'lead')).stdout).toBe(`${custody} is in force\n`)
  expect((await type('role list', 'lead')).stdout).toMatch(/custody .*database ledger/)
  expect((await type('role grant $LEAD emperor')).stderr).toContain('emperor')
}, 60_000)

test('what is in force is reviewed, and what is over is removed', async () => {
  const { stdout } = await type('role review 2026-Q3')
  expect(stdout).toContain('is open: 3 items')
  const [review = ''] = /acr_\w+/.exec(stdout) ?? []
  const shown = (await type(`access-review show ${review}`)).stdout
  expect(shown).toContain('custody: database ledger')
  expect((await type('access-review list')).stdout).toMatch(/roles +3/)
  expect((await type(`role remove ${custody} --reason moved`)).stdout).toBe(`${custody} is removed\n`)
  expect((await type(`role remove ${custody} --reason moved`)).stderr).toContain('STATE_CONFLICT: ')
  expect((await type('role list')).stdout).not.toContain(custody)
  expect((await type('role list --all')).stdout).toContain(custody)
}, 60_000)
