/** `countersign task learn`: a narrower delegation for a task that recurs. spec/flow.md (FLW-11). @module */
import type { Command } from 'commander'
import { counted } from '../../../src/core/words.ts'
import { learnGrants, type LearnedCall } from '../../../src/decide/flow/learn.ts'
import type { Grant } from '../../../src/token/grant.ts'
import { listLabels } from '../labels/acts.ts'
import { CliError, result, tell } from '../output.ts'
import { assertWritable, writePrivate, type Profile } from '../profile.ts'
import { argumentsOf, callsUnder, type PastCall } from '../tasks/runs.ts'
import { collect, profileOf, wantsJson } from './globals.ts'

interface LearnOptions {
  readonly out: string
}

interface Learned {
  readonly grants: readonly Grant[]
  /** Calls that were looked at. */
  readonly calls: number
  /** `server/tool` that the grants leave out, since nobody labelled it or its destinations are not kept. */
  readonly left_out: readonly string[]
  /** `server/tool argument`: destinations of which the grants say nothing, so that the rules on flows alone judge them. */
  readonly unsaid: readonly string[]
}

export function taskCommands(program: Command): void {
  const task = program.command('task').description('tasks that recur')
  task
    .command('learn')
    .description('write the grants that past runs of a task needed, for a person to read and delegate')
    .argument('<delegations...>', 'dlg_… of each run that you looked at and approve of', collect)
    .requiredOption('-o, --out <file>', 'where to write the grants')
    .action(async (delegations: string[], { out }: LearnOptions, command: Command) => {
      await assertWritable(out)
      const learned = await learn(await profileOf(command), new Set(delegations))
      await writePrivate(out, learned.grants)
      result(wantsJson(command), { file: out, ...learned }, () => textOf(out, learned))
    })
}

async function learn(profile: Profile, delegations: ReadonlySet<string>): Promise<Learned> {
  const calls = await callsUnder(profile, delegations)
  if (calls.length === 0)
    throw new CliError(
      'NOTHING_LEARNED',
      'no call under these delegations was allowed and finished: see "countersign delegations"',
    )
  const labels = new Map(
    (await listLabels(profile)).map((each) => [keyOf(each.server, each.name), each.label]),
  )
  const grants: Grant[] = []
  const left_out = new Set<string>()
  const unsaid: string[] = []
  for (const [server, of] of Map.groupBy(calls, (call) => call.server)) {
    const known: LearnedCall[] = []
    for (const call of of) {
      const label = labels.get(keyOf(server, call.tool)) ?? null
      // Of a tool that only reads, no argument is looked at: none is opened.
      const args = label === null ? null : label.effect === 'none' ? {} : await argumentsOf(profile, call)
      if (args === null) left_out.add(nameOf(call))
      else known.push({ tool: call.tool, args })
    }
    const learned = learnGrants(server, known, (tool) => labels.get(keyOf(server, tool)) ?? null)
    const actions = new Set(learned.grants.flatMap((grant) => grant.actions))
    for (const call of of) if (!actions.has(call.tool)) left_out.add(nameOf(call))
    grants.push(...learned.grants)
    unsaid.push(...learned.unsaid.map((destination) => `${server}/${destination}`))
  }
  if (grants.length === 0)
    throw new CliError(
      'NOTHING_LEARNED',
      `nothing of ${[...left_out].join(', ')} can be said as a grant: label the tools with "countersign label propose"`,
    )
  return { grants, calls: calls.length, left_out: [...left_out].sort(), unsaid: unsaid.sort() }
}

function keyOf(server: string, tool: string): string {
  return `${server}\n${tool}`
}

function nameOf({ server, tool }: PastCall): string {
  return `${server}/${tool}`
}

function textOf(out: string, { grants, calls, left_out, unsaid }: Learned): string {
  if (left_out.length > 0) tell(`left out, at least in part: ${left_out.join(', ')}`)
  if (unsaid.length > 0)
    tell(`no grant says where these go, only the rules on flows judge them: ${unsaid.join(', ')}`)
  return [
    `${counted(grants.length, 'grant')} from ${counted(calls, 'call')} in ${out}: read them, and add limits, a clearance, and constraints of tools that only read (they have none yet)`,
    `then: countersign delegate AGENT --key FILE --point ID --grants ${out} -o FILE`,
  ].join('\n')
}
