/** `countersign flow policy …`: whether the rules on flows speak, and what they let pass. spec/flow.md (FLW-10). @module */
import type { Command } from 'commander'
import { NO_FLOW_POLICY } from '../../../src/core/flow-policy.ts'
import {
  approveFlowPolicy,
  listFlowPolicies,
  proposeFlowPolicy,
  type FlowPolicyView,
} from '../labels/acts.ts'
import { readFlowPolicy } from '../labels/files.ts'
import { policyText } from '../labels/words.ts'
import { result } from '../output.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'

export function flowCommands(program: Command): void {
  const policy = program
    .command('flow')
    .description('flows: what was read before, held against where a call sends something')
    .command('policy')
    .description('whether the rules on flows speak, and what they let pass')
  policy
    .command('propose')
    .description('propose a flow policy, which someone else approves')
    .argument('<file>', 'JSON file such as {"v":1,"mode":"ask"} (spec/flow.md, FLW-10)')
    .action(async (file: string, _: unknown, command: Command) => {
      const input = await readFlowPolicy(file)
      const id = await proposeFlowPolicy(await profileOf(command), input)
      result(
        wantsJson(command),
        { policy: id },
        () => `${id} is proposed; someone else approves it: countersign flow policy approve ${id}`,
      )
    })
  policy
    .command('pending')
    .description('flow policies that wait for approval')
    .action(async (_: unknown, command: Command) => {
      const policies = await listFlowPolicies(await profileOf(command))
      const waiting = policies.filter(({ status }) => status === 'waiting')
      result(wantsJson(command), waiting, () =>
        waiting.length === 0 ? 'no flow policy waits' : waiting.map(viewText).join('\n\n'),
      )
    })
  approveCommand(policy, {
    does: 'put a flow policy in force with your authenticator, in place of the one before',
    noun: 'policy',
    id: 'flp_…',
    status: 'active',
    is: 'in force',
    approve: approveFlowPolicy,
  })
  policy
    .command('show')
    .description('the flow policy in force')
    .action(async (_: unknown, command: Command) => {
      const policies = await listFlowPolicies(await profileOf(command))
      const active = policies.find(({ status }) => status === 'active')
      result(wantsJson(command), active?.policy ?? NO_FLOW_POLICY, () =>
        active === undefined
          ? 'the rules on flows are off: nobody approved a policy, see "countersign flow policy propose"'
          : viewText(active),
      )
    })
}

function viewText({ id, status, proposer, policy }: FlowPolicyView): string {
  return `${id} is ${status === 'active' ? 'in force' : status}, proposed by ${proposer}\n${policyText(policy)}`
}
