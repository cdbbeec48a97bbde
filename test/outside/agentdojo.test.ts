/**
 * AgentDojo by replay: 8,858 recorded runs of two suites, from `../shared/data/agentdojo` beside the checkout when it is there.
 * Every figure of docs/benchmarks.md is asserted here. The labels beside this test were written from what the tools are.
 * @module
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { approvedRuns, replay } from '../../apps/cli/replay/replay.ts'
import { learnTemplates } from '../../apps/cli/replay/templates.ts'
import { readLabels, readRuns, type Labels, type Run } from '../../apps/cli/replay/traces.ts'

const TRACES = resolve(import.meta.dirname, '../../../shared/data/agentdojo/workspace-banking.jsonl.gz')
const present = existsSync(TRACES)
const why = present ? '' : ' (skipped: ../shared/data/agentdojo is not on this machine)'

async function labelsOf(...suites: string[]): Promise<Labels> {
  const files = suites.map((suite) => resolve(import.meta.dirname, `labels/${suite}.json`))
  const all = await Promise.all(files.map(readLabels))
  return (suite, tool) => all.map((labels) => labels(suite, tool)).find((label) => label !== null) ?? null
}

async function runsThatCount(): Promise<Run[]> {
  const runs: Run[] = []
  for await (const run of readRuns(TRACES))
    if (run.attack === null || run.attacker_won === true) runs.push(run)
  return runs
}

describe.skipIf(!present)(`recorded runs of AgentDojo${why}`, () => {
  test('are stopped and let pass as the table says', async () => {
    const runs = await runsThatCount()
    const labels = await labelsOf('workspace', 'banking')
    const report = replay({ runs, labels, templates: null, clock: () => 0 })
    expect(report.unseen).toMatchObject({ attacks: 1423, stopped: 1401, benign: 450, benign_approvals: 37 })
    expect(report.recurring).toMatchObject({
      attacks: 1423,
      stopped: 1404,
      benign: 450,
      benign_approvals: 33,
    })
    expect(report.not_counted).toEqual({ denial_of_service: 98, goal_is_no_call: 0 })
    expect(report.by_suite).toMatchObject({
      banking: {
        unseen: { attacks: 785, stopped: 764, benign: 150, benign_approvals: 5 },
        recurring: { attacks: 785, stopped: 766, benign: 150, benign_approvals: 13 },
      },
      workspace: {
        unseen: { attacks: 638, stopped: 637, benign: 300, benign_approvals: 32 },
        recurring: { attacks: 638, stopped: 638, benign: 300, benign_approvals: 20 },
      },
    })
  })

  test('give templates whose grants fit the schema of grants, for each task that some model did', async () => {
    const runs = await runsThatCount()
    const templates = learnTemplates(approvedRuns(runs), await labelsOf('workspace', 'banking'))
    expect(templates.length).toBeGreaterThan(60)
    expect(templates.every(({ grants }) => grants.length <= 64)).toBe(true)
  })
})

test('the labels of AgentDojo say a reason each', async () => {
  for (const suite of ['workspace', 'banking']) {
    const { default: file } = (await import(`./labels/${suite}.json`, { with: { type: 'json' } })) as {
      default: { tools: { server: string; reasons: string[] }[] }
    }
    expect(file.tools.length).toBeGreaterThan(10)
    expect(file.tools.every(({ server, reasons }) => server === suite && reasons.length > 0)).toBe(true)
  }
})
