/** `countersign drill tabletop`: a drill that is talked through, step by step, on record. spec/kill.md (KIL-26). @module */
import type { Command } from 'commander'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { walkthrough } from '../drill-walkthrough.ts'
import { closeDrill, findDrill, noteDrill, planDrill, readReport, startDrill } from '../drills.ts'
import { CliError, listing, result, say } from '../output.ts'
import type { Profile } from '../profile.ts'
import { ask, hasTerminal } from '../prompt.ts'
import { leadThrough } from '../tabletop/run.ts'
import { findScenario, packagedScenarios, readAnswers } from '../tabletop/scenarios.ts'
import { profileOf, wantsJson } from './globals.ts'
import { scopeOf, withScope, type ScopeOptions } from './kill-scope.ts'

const SCENARIO = 'runaway-agent'

interface TabletopOptions extends ScopeOptions {
  readonly scenario: string
  readonly answers?: string
  readonly list?: boolean
}

export function tabletopCommand(drill: Command): void {
  withScope(
    drill
      .command('tabletop')
      .description('talk a scenario through, step by step: who does what is asked, timed and kept as notes'),
  )
    .option('--scenario <name>', 'one that comes with Countersign, or a YAML file of your own', SCENARIO)
    .option('--answers <file>', 'YAML or JSON, {step: {who, what}}: nobody is asked')
    .option('--list', 'the scenarios, and nothing else')
    .action(async (options: TabletopOptions, command: Command) => {
      if (options.list === true) return listScenarios(command)
      const json = wantsJson(command)
      const scope = scopeOf(options)
      const scenario = await findScenario(options.scenario)
      const answers = options.answers === undefined ? null : await readAnswers(options.answers, scenario)
      if (answers === null && !hasTerminal())
        throw new CliError('TABLETOP_INVALID', 'there is no terminal to ask at: give --answers FILE')
      const profile = await profileOf(command)
      const id = await planDrill(profile, { mode: 'tabletop', scope })
      await startDrill(profile, await findDrill(profile, id))
      const { started } = await readReport(profile, id)
      const people = {
        say: (text: string) => (json ? undefined : say(text)),
        ask: answers === null ? ask : null,
        answers,
      }
      const steps = await leadThrough(scenario, people, systemClock, (text) =>
        noteDrill(profile, started, text),
      )
      const isClosed = await closeIfAllowed(profile, id)
      const reported = await readReport(profile, id)
      result(json, { ...reported, drill: id, scenario: scenario.name, closed: isClosed, steps }, () =>
        [
          walkthrough(reported),
          '',
          isClosed
            ? 'A tabletop tries people, and no switch: plan a drill in production as well.'
            : `next: countersign drill close ${id}, by somebody else than who planned it`,
        ].join('\n'),
      )
    })
}

async function listScenarios(command: Command): Promise<void> {
  const scenarios = await packagedScenarios()
  result(wantsJson(command), { scenarios }, () =>
    listing(
      ['scenario', 'steps', 'what it is about'],
      scenarios.map(({ name, steps, title }) => [name, String(steps.length), title]),
      'none came with this version',
    ),
  )
}

/** Where two people are wanted, who planned it does not close it (KIL-17). */
async function closeIfAllowed(profile: Profile, id: string): Promise<boolean> {
  try {
    await closeDrill(profile, id)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.remote === 'SAME_PERSON') return false
    throw error
  }
}
