/** A guided tabletop from the command line: answers from a file, notes in the log, closed by somebody else. spec/kill.md (KIL-26, KIL-27) */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { packagedScenarios } from '../../apps/cli/tabletop/scenarios.ts'
import { runCli } from '../fixtures/processes.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage
beforeAll(async () => {
  stage = await setFlowStage()
}, 60_000)
afterAll(() => stage.remove())

const as = (who: 'manager' | 'lead', ...args: string[]) =>
  runCli(['--profile', join(stage.folder, who), ...args])

async function answersTo(name: string): Promise<string> {
  const scenario = (await packagedScenarios()).find((one) => one.name === name)
  const answers = Object.fromEntries(
    (scenario?.steps ?? []).map(({ id }) => [id, { who: 'Lead | on call', what: `does ${id}` }]),
  )
  const path = join(stage.folder, 'answers.json')
  await writeFile(path, JSON.stringify(answers))
  return path
}

test('lists the scenarios, and plans nothing without answers or a terminal', async () => {
  const listed = await as('manager', 'drill', 'tabletop', '--list')
  expect(listed.stdout).toContain('runaway-agent')
  const refused = await as('manager', 'drill', 'tabletop', '--global')
  expect([refused.code, refused.stderr.includes('TABLETOP_INVALID')]).toEqual([1, true])
  expect((await as('manager', 'drill', 'list')).stdout).toContain('no drill was planned')
}, 60_000)

test('keeps who does what as notes, and is closed by somebody else with the walkthrough', async () => {
  const answers = await answersTo('stolen-key')
  const scope = ['--agent', stage.agent, '--scenario', 'stolen-key', '--answers', answers]
  const run = await as('manager', 'drill', 'tabletop', ...scope, '--json')
  expect([run.code, run.stderr]).toEqual([0, ''])
  const said = z
    .object({
      drill: z.string(),
      closed: z.boolean(),
      steps: z.array(z.object({ entry: z.int(), step: z.string() })),
    })
    .parse(JSON.parse(run.stdout))
  expect([said.closed, said.steps.length]).toEqual([false, 7])
  const closed = await as('lead', 'drill', 'close', said.drill)
  expect(closed.code).toBe(0)
  expect(closed.stdout).toContain('A tabletop: nothing was pulled')
  expect(closed.stdout).toContain('Scenario stolen-key, step by step:')
  const [first] = said.steps
  expect(closed.stdout).toContain(
    `| notice | Lead \\| on call | does notice | given in a file | ${first?.entry} |`,
  )
  // A note that was no step is there as it is.
  const { started } = z
    .object({ started: z.int() })
    .parse(JSON.parse((await as('lead', 'drill', 'report', said.drill, '--json')).stdout))
  await as('lead', 'note', String(started), 'the room was cold')
  expect((await as('manager', 'drill', 'report', said.drill)).stdout).toContain('the room was cold')
}, 120_000)
