/**
 * Recorded runs as sessions of actions: AgentDojo through the decision code of production, tau-bench by its calls. Nothing
 * here reads what an attacker wrote, but for who would be refused by a person (see session.ts).
 * @module
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { replayRun, type ReplayedCall } from '../../apps/cli/replay/decide.ts'
import { goalsOf } from '../../apps/cli/replay/score.ts'
import { decidedPart, readLabels, readRuns, type Labels, type Run } from '../../apps/cli/replay/traces.ts'
import type { Action, Evidence } from '../../src/observe/drift/action.ts'
import { readDesk } from './desk.ts'
import { CALL_MS, type Session } from './session.ts'

const DATA = resolve(import.meta.dirname, '../../../shared/data')
const LABELS = resolve(import.meta.dirname, '../../test/outside/labels')
export const AGENTDOJO = resolve(DATA, 'agentdojo/workspace-banking.jsonl.gz')
export const TAUBENCH = resolve(DATA, 'taubench/gpt-4o-airline.jsonl.gz')

export function dataIsThere(): boolean {
  return existsSync(AGENTDOJO) && existsSync(TAUBENCH)
}

/** Benign runs, and those that the attacker won, with at least one call: without any there is no session. */
export async function readSessions(): Promise<readonly Session[]> {
  const runs: Run[] = []
  for await (const run of readRuns(AGENTDOJO))
    if (run.attack === null || run.attacker_won === true) runs.push(run)
  const labels = await labelsOf('workspace', 'banking')
  const goals = goalsOf(runs, labels)
  const sessions = runs.map((run) => {
    const calls = replayRun(decidedPart(run), { labels, template: null, clock: () => 0 })
    const realizing = run.attack === null ? null : goals.realizing(run)
    const refused = calls.some(({ outcome }, i) => outcome === 'blocked' && realizing?.has(i) === true)
    return {
      record: String(run.id ?? ''),
      suite: run.suite,
      model: run.model,
      task: run.user_task,
      attack: run.attack,
      actions: calls.map((call, i) => actionOf(run.suite, call, i)),
      refused,
    }
  })
  return [...sessions, ...(await readDesk(TAUBENCH, await labelsOf('tau-airline')))].filter(
    ({ actions }) => actions.length > 0,
  )
}

async function labelsOf(...suites: string[]): Promise<Labels> {
  const all = await Promise.all(suites.map((suite) => readLabels(resolve(LABELS, `${suite}.json`))))
  return (suite, tool) => all.map((labels) => labels(suite, tool)).find((label) => label !== null) ?? null
}

const DECIDED = { passed: 'allow', blocked: 'step_up', refused: 'deny' } as const

function actionOf(suite: string, { call, label, outcome, basis }: ReplayedCall, place: number): Action {
  const { amount } = call.args
  return {
    time_ms: place * CALL_MS,
    entry: place,
    tool: `${suite}/${call.tool}`,
    effect: label?.effect ?? null,
    level: label?.result.level ?? null,
    decision: DECIDED[outcome],
    amounts: typeof amount === 'number' ? { 'amount/EUR': amount } : {},
    evidence: basis.map(({ argument, provenance, rule, verdict, source }): Evidence => ({
      argument: argument?.replaceAll(/\/\d+(?=\/|$)/g, '/*') ?? null,
      provenance,
      rule,
      objects: verdict === 'objects',
      source: source === null ? null : `${source.server}/${source.tool}`,
    })),
  }
}
