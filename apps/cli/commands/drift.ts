/** `countersign drift …`: where agents stand, and the policy of it. spec/drift.md (DRF-26, DRF-27). @module */
import type { Command } from 'commander'
import type { DriftPolicy } from '../../../src/core/drift-policy.ts'
import {
  approveDriftPolicy,
  listDriftPolicies,
  proposeDriftPolicy,
  readDriftPolicy,
  standingOf,
  type DriftPolicyView,
  type Standing,
} from '../drift.ts'
import { result } from '../output.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'

export function driftCommands(program: Command): void {
  const drift = program
    .command('drift')
    .description('drift: how far what agents do is from what they used to do')
  drift
    .command('show')
    .description('the level of an agent, its last alarm, and how far each of its epochs has come')
    .argument('<agent>', 'agt_…')
    .action(async (agent: string, _: unknown, command: Command) => {
      const standing = await standingOf(await profileOf(command), agent)
      result(wantsJson(command), standing, () => standingText(agent, standing))
    })
  policyCommands(drift)
}

function policyCommands(drift: Command): void {
  const policy = drift
    .command('policy')
    .description('when a session is over, how long agents warm up, how often a false alarm may come')
  policy
    .command('propose')
    .description('propose a drift policy, which someone else approves')
    .argument('<file>', 'JSON file, as "countersign drift policy show --json" prints one')
    .action(async (file: string, _: unknown, command: Command) => {
      const id = await proposeDriftPolicy(await profileOf(command), await readDriftPolicy(file))
      result(
        wantsJson(command),
        { policy: id },
        () => `${id} is proposed; someone else approves it: countersign drift policy approve ${id}`,
      )
    })
  policy
    .command('pending')
    .description('drift policies that wait for approval')
    .action(async (_: unknown, command: Command) => {
      const { policies } = await listDriftPolicies(await profileOf(command))
      const waiting = policies.filter(({ status }) => status === 'waiting')
      result(wantsJson(command), waiting, () =>
        waiting.length === 0 ? 'no drift policy waits' : waiting.map(viewText).join('\n\n'),
      )
    })
  approveCommand(policy, {
    does: 'put a drift policy in force with your authenticator, in place of the one before',
    noun: 'policy',
    id: 'drp_…',
    status: 'active',
    is: 'in force',
    approve: approveDriftPolicy,
  })
  policy
    .command('show')
    .description('the drift policy in force')
    .action(async (_: unknown, command: Command) => {
      const { in_force } = await listDriftPolicies(await profileOf(command))
      result(wantsJson(command), in_force, () => policyText(in_force))
    })
}

function standingText(agent: string, { level, alarm, epochs }: Standing): string {
  if (epochs.length === 0) return `${agent} was not seen yet: nothing to hold its sessions against`
  const last =
    alarm === null
      ? 'no alarm'
      : `last alarm ${new Date(alarm.time_ms).toISOString()}, entry ${alarm.entry} of the log`
  const each = epochs.map(({ epoch, level: of, warm, scored }) => {
    const how = warm === 1 ? `${scored} sessions scored` : `warming up, ${scored} sessions scored`
    return `  ${epoch}  ${of}, ${how}`
  })
  return [`${agent} is at level ${level}, ${last}`, ...each].join('\n')
}

function viewText({ id, proposer, policy }: DriftPolicyView): string {
  return `${id}, proposed by ${proposer}\n${policyText(policy)}`
}

function policyText(policy: DriftPolicy): string {
  const { watch, step_up, isolate } = policy.thresholds
  return [
    `  a session is over after ${policy.idle_s} s without a decision, or with ${policy.actions_max}`,
    `  a baseline is learned from ${policy.train_sessions} sessions; sessions count once ${policy.calibrate_sessions} were scored`,
    `  by chance, at most once in ${watch} sessions to watch, ${step_up} to step_up, ${isolate} to isolate`,
    `  an alarm stands for ${policy.hold_sessions} sessions; who is not warm is at step_up: ${policy.unwarmed}`,
  ].join('\n')
}
