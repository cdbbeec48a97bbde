/**
 * A recorded run before the decision code of production: each call is judged with what was read before it, and what was
 * blocked has no result. Nothing here knows whether a run is an attack. spec/flow.md, Replay.
 * @module
 */
import type { ToolLabel } from '../../../src/core/label.ts'
import { FlowMemory } from '../../../src/decide/flow/memory.ts'
import { judgeFlow } from '../../../src/decide/flow/rules.ts'
import type { Basis, FlowRule } from '../../../src/decide/flow/types.ts'
import { constraintsMet, grantNames, type Grant } from '../../../src/token/grant.ts'
import { endorsedArguments, givenArguments } from './templates.ts'
import type { DecidedCall, DecidedRun, Labels } from './traces.ts'

/** What speaks: a rule on flows, or the template of a recurring task. */
export type SpokenBy = FlowRule | 'template'

export interface ReplayedCall {
  readonly call: DecidedCall
  readonly label: ToolLabel | null
  /** `refused`: there is no such tool, so nobody is asked about it either. */
  readonly outcome: 'passed' | 'blocked' | 'refused'
  readonly rule: SpokenBy | null
  readonly basis: readonly Basis[]
}

export interface ReplayOptions {
  readonly labels: Labels
  /** Of the task; null where nothing was learned of it. */
  readonly template: readonly Grant[] | null
  /** Microseconds that judging and taking note took. */
  readonly onTimed?: (took_us: number) => void
  /** Milliseconds. */
  readonly clock: () => number
}

export function replayRun(run: DecidedRun, options: ReplayOptions): readonly ReplayedCall[] {
  const memory = new FlowMemory()
  return run.calls.map((call, i) => {
    const label = options.labels(run.suite, call.tool)
    // A name that the model made up: a point has no such tool, and the error says nothing of anybody else's.
    if (label === null && call.ok !== true)
      return { call, label, outcome: 'refused', rule: null, basis: [] } as const
    const start = options.clock()
    const judged = judgeCall(run, call, label, memory, options.template)
    if (judged.outcome === 'passed' && call.result !== null) {
      memory.note({
        action: `#${i + 1}`,
        server: run.suite,
        tool: call.tool,
        label,
        args: call.args,
        content: [call.result],
        // An error may say anything that the call said.
        ...(call.ok === true ? {} : { integrity: memory.taint.integrity }),
      })
    }
    options.onTimed?.((options.clock() - start) * 1000)
    return { call, label, ...judged }
  })
}

function judgeCall(
  run: DecidedRun,
  call: DecidedCall,
  label: ToolLabel | null,
  memory: FlowMemory,
  template: readonly Grant[] | null,
): Pick<ReplayedCall, 'outcome' | 'rule' | 'basis'> {
  const args = givenArguments(call.args)
  const grant = template?.find((one) => grantNames(one, run.suite, call.tool) && constraintsMet(one, args))
  if (template !== null && grant === undefined && label?.effect !== 'none')
    return { outcome: 'blocked', rule: 'template', basis: [] }
  const verdict = judgeFlow({
    server: run.suite,
    tool: call.tool,
    args,
    label,
    memory,
    instruction: run.prompt,
    policies: grant === undefined ? [] : endorsedArguments(grant, call.tool),
  })
  // What people approved as a whole leaves nothing to ask about what it says; where it goes, the values of the grant endorse.
  const spoke = verdict.basis.find(
    ({ rule, verdict: of }) => of === 'objects' && (grant === undefined || rule !== 'influence'),
  )
  if (spoke === undefined) return { outcome: 'passed', rule: null, basis: verdict.basis }
  return { outcome: 'blocked', rule: spoke.rule, basis: verdict.basis }
}
