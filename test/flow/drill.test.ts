/**
 * A drill of the kill switch as people run it, each command a process of its own: planned, run, lifted, closed by
 * somebody else, reported, listed. And the reminder when a quarter passes without one. spec/kill.md (KIL-17 to KIL-20).
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createServer } from '../../apps/server/server.ts'
import { OVERDUE_MS } from '../../src/registry/drills.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { McpProcess, runCli, until } from '../fixtures/processes.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage
let gateway: McpProcess | undefined
beforeAll(async () => {
  stage = await setFlowStage()
}, 60_000)
afterAll(async () => {
  await gateway?.end('SIGKILL')
  await stage.remove()
})

async function as(who: 'manager' | 'lead', ...args: string[]) {
  const { code, stdout, stderr } = await runCli(['--profile', join(stage.folder, who), ...args])
  return { code, said: stdout + stderr }
}

/** What a command says with `--json`. */
async function told(who: 'manager' | 'lead', ...args: string[]) {
  const { stdout } = await runCli(['--profile', join(stage.folder, who), '--json', ...args])
  return JSON.parse(stdout) as Record<string, never>
}

test('is planned, run, lifted by two, and closed by somebody else, and its report says who denied', async () => {
  expect((await as('lead', 'drill', 'list')).said).toMatch(/^no drill was planned: countersign drill plan/)
  const key = join(stage.folder, 'control-plane/keys/break-glass.jwk')
  const people = ['--person', stage.manager.person, '--person', stage.lead.person]
  expect(await as('manager', 'kill', 'roster', 'set', '--key', key, ...people, '--m', '3')).toMatchObject({
    code: 2,
    said: expect.stringContaining('--m is more than the people named') as string,
  })
  expect((await as('manager', 'kill', 'roster', 'set', '--key', key, ...people, '--m', '2')).code).toBe(0)

  const planned = await as('manager', 'drill', 'plan', '--mode', 'production', '--agent', stage.agent)
  const [drill = '', next] = planned.said.split('\n')
  expect(next).toBe(`next: countersign drill run ${drill}`)
  expect((await as('lead', 'drill', 'report', drill)).said).toMatch(/STATE_CONFLICT: .* run it first/)

  const here = new Set(['gateway.json', 'files'])
  const command = stage.gateway().map((each) => (here.has(each) ? join(stage.folder, each) : each))
  gateway = await new McpProcess(process.execPath, command).initialize()
  const run = await as('manager', 'drill', 'run', drill)
  expect(run).toMatchObject({ code: 0 })
  expect(run.said).toMatch(new RegExp(`^KILLED agent ${stage.agent} by kil_`))
  expect(run.said).toMatch(new RegExp(`${stage.point} denies, \\d+ ms after the kill\n1 of 1 points deny\n`))
  const [kill = ''] = /kil_\w+/.exec(run.said) ?? []
  expect(run.said).toContain(`next: countersign kill lift ${kill}`)
  expect((await as('manager', 'drill', 'run', drill)).said).toMatch(/STATE_CONFLICT: the drill began already/)
  expect((await as('lead', 'drill', 'close', drill)).said).toContain(`countersign kill lift ${kill}`)

  const { lift = '' } = await told('manager', 'kill', 'lift', kill)
  expect((await as('lead', 'kill', 'lift', lift)).said).toContain(`lifted: ${kill}`)
  expect((await as('manager', 'drill', 'close', drill)).said).toContain('SAME_PERSON')
  const closed = await as('lead', 'drill', 'close', drill)
  expect(closed.code).toBe(0)
  expect(closed.said).toMatch(new RegExp(`^# Drill ${drill}\n`))
  expect(closed.said).toContain('1 of 1 points denied')
  expect(closed.said).toContain(`Lifted by 2 people (${lift})`)
  expect((await as('manager', 'drill', 'report', drill)).said).toBe(closed.said)
  expect(await told('manager', 'drill', 'list')).toMatchObject({
    drills: [{ id: drill, status: 'closed', mode: 'production', kill }],
  })
}, 120_000)

test('when a quarter has passed since, a start of the control plane says so', async () => {
  await gateway?.end('SIGTERM')
  await stage.server.close()
  const later = { now: () => Date.now() + OVERDUE_MS + 60_000, monotonic: () => systemClock.monotonic() }
  const dataDir = join(stage.folder, 'control-plane')
  const server = await createServer({ dataDir, clock: later })
  try {
    const isSaid = await until('the log says it', async () => {
      const folder = join(dataDir, 'log/tile/entries')
      const names = await readdir(folder, { recursive: true, withFileTypes: true })
      const bundles = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
      // A bundle that grew is another file by then.
      const texts = await Promise.all(bundles.map((path) => readFile(path, 'latin1').catch(() => '')))
      return texts.some((text) => text.includes('DRILL_OVERDUE'))
    })
    expect(isSaid).toBe(true)
  } finally {
    await server.close()
  }
}, 60_000)
