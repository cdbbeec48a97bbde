/** `countersign isolation …` and `countersign capacity`. spec/isolation.md, spec/capacity.md. @module */
import type { Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import {
  approveResponsePolicy,
  endOversight,
  isolate,
  liftIsolation,
  listResponsePolicies,
  listSamples,
  listStandings,
  oversee,
  proposeResponsePolicy,
  readResponsePolicy,
  standingOf,
  type Sample,
  type Standing,
} from '../incidents.ts'
import { listing, paint, result, table } from '../output.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'

const AGENT = 'agt_…'

export function isolationCommands(program: Command): void {
  const isolation = program.command('isolation').description('agents that are watched, overseen or isolated')
  isolation
    .command('list')
    .description('every agent that is not at the level none, the gravest first')
    .action(async (_: unknown, command: Command) => {
      const agents = await listStandings(await profileOf(command))
      result(wantsJson(command), agents, () =>
        listing(
          ['agent', 'level', 'because'],
          agents.map((one) => [one.agent, one.level, whyOf(one)]),
          'no agent is watched, overseen or isolated',
        ),
      )
    })
  isolation
    .command('show')
    .description('the level of an agent, and why')
    .argument('<agent>', AGENT)
    .action(async (agent: string, _: unknown, command: Command) => {
      const found = await standingOf(await profileOf(command), agent)
      result(wantsJson(command), found, () => standingText(found))
    })
  isolation
    .command('begin')
    .description('isolate an agent at once: its keys are revoked for ever, and an incident is opened')
    .argument('<agent>', AGENT)
    .argument('<title>', 'why, in a few words; sealed, and no part of the log')
    .action(async (agent: string, title: string, _: unknown, command: Command) => {
      const { incident } = await isolate(await profileOf(command), agent, title)
      result(wantsJson(command), { agent, level: 'isolated', incident }, () =>
        [`${paint('red', 'ISOLATED')} ${agent}`, `next: countersign incident show ${incident}`].join('\n'),
      )
    })
  isolation
    .command('lift')
    .description('let an isolated agent go, with your authenticator; not by who owns it. It needs a new key')
    .argument('<agent>', AGENT)
    .action(async (agent: string, _: unknown, command: Command) => {
      await liftIsolation(await profileOf(command), agent)
      result(
        wantsJson(command),
        { agent, level: 'none' },
        () => `${agent} is active again; give it a new key`,
      )
    })
  isolation
    .command('oversee')
    .description('have a person asked for calls of an agent that have an effect, from now on')
    .argument('<agent>', AGENT)
    .action(async (agent: string, _: unknown, command: Command) => {
      await oversee(await profileOf(command), agent)
      result(wantsJson(command), { agent, level: 'step_up' }, () => `${agent} is overseen`)
    })
  isolation
    .command('end-oversight')
    .description('end it, with your authenticator; not by who owns the agent')
    .argument('<agent>', AGENT)
    .action(async (agent: string, _: unknown, command: Command) => {
      await endOversight(await profileOf(command), agent)
      result(wantsJson(command), { agent, level: 'none' }, () => `${agent} is not overseen any more`)
    })
  policyCommands(isolation)
  capacityCommand(program)
}

function whyOf({ because, signs }: Standing): string {
  return [...(because === null ? [] : [because]), ...signs.map(({ rule }) => rule)].join(', ') || '-'
}

function standingText(found: Standing): string {
  const signs = found.signs.map(
    ({ rule, time, entries }) => `  ${rfc3339(time)} ${rule}: entries ${entries.join(', ') || '-'}`,
  )
  return [
    table([
      ['level', found.level],
      ['because', whyOf(found)],
      ['step-ups so far', String(found.step_up)],
      ['isolated by entry', found.isolated === null ? '-' : String(found.isolated)],
    ]),
    ...(signs.length === 0 ? [] : ['what counts now:', ...signs]),
  ].join('\n')
}

function policyCommands(isolation: Command): void {
  const policy = isolation.command('policy').description('what is done by itself when an agent misbehaves')
  policy
    .command('show')
    .description('the response policy in force')
    .action(async (_: unknown, command: Command) => {
      const { in_force } = await listResponsePolicies(await profileOf(command))
      result(wantsJson(command), in_force, () => JSON.stringify(in_force, null, 2))
    })
  policy
    .command('propose')
    .description('propose another, which someone else approves')
    .argument('<file>', 'JSON file, as "show --json" has it (spec/isolation.md, ISO-2)')
    .action(async (file: string, _: unknown, command: Command) => {
      const input = await readResponsePolicy(file)
      const id = await proposeResponsePolicy(await profileOf(command), input)
      result(
        wantsJson(command),
        { policy: id },
        () => `${id} is proposed; someone else approves it: countersign isolation policy approve ${id}`,
      )
    })
  policy
    .command('pending')
    .description('those that wait for approval')
    .action(async (_: unknown, command: Command) => {
      const { policies } = await listResponsePolicies(await profileOf(command))
      const waiting = policies.filter(({ status }) => status === 'waiting')
      result(wantsJson(command), waiting, () =>
        waiting.length === 0
          ? 'no response policy waits'
          : waiting.map(({ id, policy: each }) => `${id}\n${JSON.stringify(each, null, 2)}`).join('\n\n'),
      )
    })
  approveCommand(policy, {
    does: 'put a response policy in force with your authenticator, in place of the one before',
    noun: 'policy',
    id: 'rsp_…',
    status: 'active',
    is: 'in force',
    approve: approveResponsePolicy,
  })
}

function capacityCommand(program: Command): void {
  program
    .command('capacity')
    .description('how much the control plane had to do, hour by hour')
    .action(async (_: unknown, command: Command) => {
      const samples = await listSamples(await profileOf(command))
      result(wantsJson(command), samples, () =>
        listing(
          ['hour', 'cpu', 'memory', 'disk free', 'write p99', 'revocation p99', 'points', 'behind'],
          samples.map(rowOf),
          'no hour was sampled yet',
        ),
      )
    })
}

function rowOf(sample: Sample): string[] {
  const gib = (bytes: number): string => `${Math.round(bytes / 2 ** 20 / 102.4) / 10} GiB`
  const p99 = (spread: Sample['write_ms']): string => (spread === null ? '-' : `${spread.p99} ms`)
  const { points } = sample
  return [
    sample.hour,
    `${sample.cpu_pct} %`,
    gib(sample.memory_bytes),
    gib(sample.disk_free_bytes),
    p99(sample.write_ms),
    p99(sample.revocation_ms),
    points.silent === 0 ? String(points.enrolled) : `${points.enrolled}, ${points.silent} silent`,
    String(sample.receipts_behind),
  ]
}
