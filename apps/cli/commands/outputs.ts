/** `countersign output …`, `review …`, `attest coverage`: what leaves, who looks at it, how much is attested. spec/outputs.md. @module */
import type { Command } from 'commander'
import { outputPolicySchema, type OutputPolicy } from '../../../src/core/output.ts'
import {
  approveOutputPolicy,
  coverageOf,
  deviationsOf,
  listOutputPolicies,
  listOutputs,
  proposeOutputPolicy,
  showOutput,
  type ListedOutput,
} from '../operator-outputs.ts'
import { CliError, listing, result, table, visible } from '../output.ts'
import { readJson } from '../profile.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'
import { outputActs } from './output-acts.ts'

const DAY_MS = 86_400_000

export function outputCommands(program: Command): void {
  const output = program.command('output').description('what leaves, and whether somebody stands behind it')
  output
    .command('list')
    .description('outputs, newest first')
    .option('--waiting', 'those alone that somebody may review')
    .action(async (options: { waiting?: boolean }, command: Command) => {
      const outputs = await listOutputs(await profileOf(command), options.waiting === true)
      result(wantsJson(command), outputs, () => outputsText(outputs, 'no output was registered'))
    })
  output
    .command('show')
    .description('one output: its digests, and how it stands')
    .argument('<output>', 'out_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const shown = await showOutput(await profileOf(command), id)
      result(wantsJson(command), shown, () =>
        [
          outputsText([shown], ''),
          ...shown.subject.map(
            ({ name, digest, annotations }) =>
              `${visible(name)}: ${annotations.form} of ${annotations.bytes} bytes, SHA-256 ${digest.sha256}`,
          ),
          nextText(shown),
        ].join('\n'),
      )
    })
  outputActs(output)
  policyCommands(output)
}

export function outputsText(outputs: readonly ListedOutput[], none: string): string {
  return listing(
    ['output', 'kind', 'agent', 'stands as', 'registered'],
    outputs.map((each) => [each.id, each.kind, each.agent ?? '-', stateText(each), each.registered]),
    none,
  )
}

function stateText({ released, role, held_until, flagged, refusals, seed }: ListedOutput): string {
  if (seed !== null) return `a seeded error, ${seed}`
  const is = released === null ? (held_until === null ? 'registered' : 'held') : 'released'
  const marks = [
    role ?? 'not attested',
    ...(flagged > 0 ? ['flagged: wants another reviewer'] : []),
    ...(refusals > 0 ? [`refused ${refusals} times`] : []),
  ]
  return `${is}, ${marks.join(', ')}`
}

function nextText({ id, attestation, released, seed }: ListedOutput): string {
  if (seed !== null) return 'it was wrong on purpose, and never leaves'
  if (attestation !== null) return `attested: ${attestation}`
  return released === null
    ? `review it: countersign review open ${id}`
    : 'it left without an attestation: its owner is in countersign attest coverage --deviations'
}

function policyCommands(output: Command): void {
  const policy = output.command('policy').description('which outputs there are, and what each kind asks for')
  policy
    .command('propose')
    .description('propose an output policy, which someone else approves')
    .argument('<file>', 'JSON file (spec/attestation.md, ATT-18)')
    .action(async (file: string, _: unknown, command: Command) => {
      const id = await proposeOutputPolicy(await profileOf(command), await readPolicy(file))
      result(
        wantsJson(command),
        { policy: id },
        () => `${id} is proposed; someone else approves it: countersign output policy approve ${id}`,
      )
    })
  approveCommand(policy, {
    does: 'put an output policy in force with your authenticator, in place of the one before',
    noun: 'policy',
    id: 'opl_…',
    status: 'active',
    is: 'in force',
    approve: approveOutputPolicy,
  })
  policy
    .command('list')
    .description('output policies, newest first, each with its status')
    .action(async (_: unknown, command: Command) => {
      const policies = await listOutputPolicies(await profileOf(command))
      result(wantsJson(command), policies, () =>
        policies.length === 0
          ? 'no output policy was proposed: nothing that leaves is registered'
          : policies
              .map(({ id, status, policy: { kinds } }) => `${id} is ${status}\n${kindsText(kinds)}`)
              .join('\n'),
      )
    })
}

function kindsText(kinds: OutputPolicy['kinds']): string {
  return table([
    ['kind', 'release', 'least role', 'tools'],
    ...kinds.map(({ kind, release, minimum, tools }) => [
      kind,
      release,
      minimum,
      tools.map(({ server, tool }) => visible(`${server}/${tool}`)).join(', ') || '-',
    ]),
  ])
}

async function readPolicy(path: string): Promise<OutputPolicy> {
  const read = outputPolicySchema.safeParse(await readJson(path))
  if (read.success) return read.data
  const [issue] = read.error.issues
  const at = issue === undefined || issue.path.length === 0 ? 'the whole' : issue.path.join('.')
  throw new CliError(
    'OUTPUT_POLICY_INVALID',
    `${path} is no output policy at ${at}: see spec/attestation.md, ATT-18`,
  )
}

/** Beside what else `countersign attest` does. */
export function coverageCommand(attest: Command): void {
  attest
    .command('coverage')
    .description('how much of what left is attested, and what is not')
    .option('--by <what>', 'kind, agent, system or day', 'kind')
    .option('--from <day>', 'first day, such as 2026-03-01; 30 days back unless told otherwise')
    .option('--to <day>', 'the day behind the last; tomorrow unless told otherwise')
    .option('--deviations', 'what left without an attestation, with who answers for it')
    .action(async (options: CoverageOptions, command: Command) => {
      const profile = await profileOf(command)
      if (options.deviations === true) {
        const found = await deviationsOf(profile)
        result(wantsJson(command), found, () =>
          listing(
            ['output', 'kind', 'agent', 'left', 'owner'],
            found.deviations.map((each) => [
              each.output,
              each.kind,
              each.agent ?? '-',
              each.released,
              each.owner ?? 'nobody: no policy has the kind any more',
            ]),
            'everything that left is attested',
          ),
        )
        return
      }
      const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
      const { from = day(Date.now() - 30 * DAY_MS), to = day(Date.now() + DAY_MS) } = options
      const covered = await coverageOf(profile, options.by, { from, to })
      result(wantsJson(command), covered, () =>
        listing(
          [options.by, 'left', 'authored', 'supervised', 'directed', 'not attested'],
          covered.rows.map(({ of, released, authored, supervised, directed, uncovered }) => [
            of === '' ? '-' : of,
            ...[released, authored, supervised, directed, uncovered].map(String),
          ]),
          'nothing left in these days',
        ),
      )
    })
}

interface CoverageOptions {
  readonly by: string
  readonly from?: string
  readonly to?: string
  readonly deviations?: boolean
}
