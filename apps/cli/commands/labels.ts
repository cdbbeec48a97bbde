/** `countersign label …`: what tools are to the flow of data. spec/labels.md (LBL-8). @module */
import type { Command } from 'commander'
import type { JsonObject } from '../../../src/core/json.ts'
import { canonicalize } from '../../../src/core/json.ts'
import { counted } from '../../../src/core/words.ts'
import { LABELS_MAX } from '../../../src/log/label-bodies.ts'
import type { LabelFile } from '../../../src/registry/label-file.ts'
import { suggestLabel } from '../../../src/registry/suggest/suggest.ts'
import {
  approveLabels,
  listFlowPolicies,
  listLabelProposals,
  listLabels,
  proposeLabels,
  type LabelledTool,
  type Labelling,
} from '../labels/acts.ts'
import { readLabelFile, readListing } from '../labels/files.ts'
import { packagedLabels } from '../labels/packaged.ts'
import { effectWords, proposalText, resultWords, suggestionText } from '../labels/words.ts'
import { CliError, listing, result } from '../output.ts'
import { writePrivate, type Profile } from '../profile.ts'
import { inspectToolServer } from '../tool-server.ts'
import { approveCommand } from './approve.ts'
import { profileOf, wantsJson } from './globals.ts'

interface SuggestOptions {
  readonly tools?: string
  readonly server?: string
  readonly out?: string
}

interface ProposeOptions {
  readonly packaged?: boolean
  readonly server?: string
}

export function labelCommands(program: Command): void {
  const label = program.command('label').description('labels: what tools are to the flow of data')
  suggestCommand(label)
  label
    .command('propose')
    .description('propose labels of registered tools, which someone else approves')
    .argument('[file]', 'labels file, as "countersign label suggest -o FILE" writes one')
    .option('--packaged', 'in its place: the labels that come with Countersign, for well-known tool servers')
    .option('--server <name>', 'only of this tool server')
    .action(async (file: string | undefined, options: ProposeOptions, command: Command) => {
      const proposed = await propose(await profileOf(command), file, options)
      result(wantsJson(command), proposed, () => proposedText(proposed, file === undefined))
    })
  label
    .command('pending')
    .description('labels that wait for approval, each with what is in force')
    .action(async (_: unknown, command: Command) => {
      const proposals = await listLabelProposals(await profileOf(command))
      result(wantsJson(command), proposals, () =>
        proposals.length === 0 ? 'no labels wait' : proposals.map(proposalText).join('\n\n'),
      )
    })
  approveCommand(label, {
    does: 'put labels in force, with your authenticator',
    noun: 'labels',
    id: 'lbl_…',
    status: 'approved',
    approve: approveLabels,
  })
  label
    .command('list')
    .description('registered tools, each with the label in force')
    .action(async (_: unknown, command: Command) => {
      const labels = await listLabels(await profileOf(command))
      result(wantsJson(command), labels, () =>
        listing(
          ['server', 'tool', 'effect', 'accepts', 'result'],
          labels.map(rowOf),
          'no tool yet: countersign tool inspect COMMAND, then countersign tool register NAME',
        ),
      )
    })
}

function rowOf({ server, name, label }: LabelledTool): string[] {
  if (label === null) return [server, name, 'not labelled', '', '']
  return [server, name, effectWords(label), label.accepts, resultWords(label.result)]
}

function suggestCommand(label: Command): void {
  label
    .command('suggest')
    .description(
      'suggest labels from the definitions of tools, each with its reasons, for a person to look at',
    )
    .argument('[command]', 'the tool server')
    .argument('[args...]', 'its arguments; put -- before the command when one begins with -')
    .option('--tools <file>', 'in its place: an answer to tools/list, or what "tool inspect --json" printed')
    .option('--server <name>', 'whose tools they are, as grants name it')
    .option('-o, --out <file>', 'write the labels file there')
    .action(async (server: string | undefined, args: string[], options: SuggestOptions, command: Command) => {
      const file = suggested(await definitionsOf(server, args, options), options.server)
      if (options.out !== undefined) await writePrivate(options.out, file)
      result(wantsJson(command), file, () => suggestedText(file, options.out))
    })
}

/** @throws {CliError} `ARGUMENT_INVALID`, `TOOL_SERVER_FAILED` */
async function definitionsOf(
  server: string | undefined,
  args: readonly string[],
  { tools }: SuggestOptions,
): Promise<JsonObject[]> {
  if ((server === undefined) === (tools === undefined))
    throw new CliError(
      'ARGUMENT_INVALID',
      'say of which tools: give the command of a tool server, or --tools FILE',
    )
  if (tools !== undefined) return readListing(tools)
  return (await inspectToolServer(server ?? '', args)).map(({ definition }) => definition)
}

function suggested(definitions: readonly JsonObject[], server: string | undefined): LabelFile {
  const tools = definitions.flatMap((definition) => {
    const found = suggestLabel(definition)
    return found === null ? [] : [{ ...(server === undefined ? {} : { server }), ...found }]
  })
  return { v: 1, tools }
}

function suggestedText({ tools }: LabelFile, out: string | undefined): string {
  if (tools.length === 0) return 'the tool server lists no tools: see its own manual'
  const open = tools.filter(({ look = [] }) => look.length > 0)
  const last =
    open.length === 0
      ? 'Read them before you propose them'
      : `Read them before you propose them; look twice at: ${open.map(({ tool }) => tool).join(', ')}`
  const next = out === undefined ? 'the same with -o FILE' : `countersign label propose ${out}`
  return [...tools.map(suggestionText), `${last}\nthen: ${next}`].join('\n\n')
}

interface Proposed {
  /** Identifiers of proposals. */
  readonly proposals: readonly string[]
  readonly labelled: number
  /** Of those that are in force as they are. */
  readonly unchanged: number
  /** Of tools that are not registered, or by another definition than a packaged label is of. */
  readonly passed_over: readonly string[]
}

async function propose(
  profile: Profile,
  file: string | undefined,
  options: ProposeOptions,
): Promise<Proposed> {
  if ((file === undefined) === (options.packaged !== true))
    throw new CliError('ARGUMENT_INVALID', 'say which labels: give a FILE, or --packaged')
  const all = await listLabels(profile)
  const tools = options.server === undefined ? all : all.filter(({ server }) => server === options.server)
  const { labels, passed_over } =
    file === undefined ? await fromPackage(tools) : await fromFile(profile, file, tools, options.server)
  const inForce = new Map(tools.map(({ tool, label }) => [tool, label]))
  const changed = labels.filter(
    ({ tool, label }) => canonicalize(label) !== canonicalize(inForce.get(tool) ?? null),
  )
  const proposals: string[] = []
  for (let at = 0; at < changed.length; at += LABELS_MAX)
    proposals.push(await proposeLabels(profile, changed.slice(at, at + LABELS_MAX)))
  return { proposals, labelled: changed.length, unchanged: labels.length - changed.length, passed_over }
}

interface Matched {
  readonly labels: readonly Labelling[]
  readonly passed_over: readonly string[]
}

/** A label without a server is of every tool of its name; one of the very server goes before it. */
async function fromFile(
  profile: Profile,
  path: string,
  tools: readonly LabelledTool[],
  only: string | undefined,
): Promise<Matched> {
  const policies = await listFlowPolicies(profile)
  const aliases = policies.find(({ status }) => status === 'active')?.policy.aliases
  const file = await readLabelFile(path, aliases)
  const labels = tools.flatMap(({ tool, server, name, definition_hash }) => {
    const named = file.tools.filter((each) => each.tool === name)
    const found =
      named.find((each) => each.server === server) ?? named.find((each) => each.server === undefined)
    return found === undefined ? [] : [{ tool, definition_hash, label: found.label }]
  })
  const passed_over = file.tools
    .filter(({ server }) => only === undefined || server === undefined || server === only)
    .filter(
      ({ server, tool }) =>
        !tools.some((each) => each.name === tool && (server ?? each.server) === each.server),
    )
    .map(({ tool }) => tool)
  return { labels, passed_over }
}

/** By the hash of the definition: what another version of the server does, nobody here has looked at. */
async function fromPackage(tools: readonly LabelledTool[]): Promise<Matched> {
  const known = new Map(
    (await packagedLabels()).flatMap((each) => each.tools).map((each) => [each.definition_hash, each]),
  )
  const labels = tools.flatMap(({ tool, name, definition_hash }) => {
    const found = known.get(definition_hash)
    return found?.tool === name ? [{ tool, definition_hash, label: found.label }] : []
  })
  const labelled = new Set(labels.map(({ tool }) => tool))
  const passed_over = tools.filter(({ tool }) => !labelled.has(tool)).map(({ name }) => name)
  return { labels, passed_over }
}

function proposedText({ proposals, labelled, unchanged, passed_over }: Proposed, packaged: boolean): string {
  const lines = []
  const each = proposals.map((id) => `countersign label approve ${id}`)
  if (labelled > 0)
    lines.push(
      `${proposals.join(', ')} proposed: labels of ${counted(labelled, 'tool')}; someone else approves: ${each.join(', and ')}`,
    )
  else if (unchanged > 0) lines.push('nothing to propose')
  else lines.push('nothing to propose: see "countersign label list" for the tools that are registered')
  if (unchanged > 0) lines.push(`in force as they are: ${counted(unchanged, 'tool')}`)
  if (passed_over.length > 0)
    lines.push(
      packaged
        ? `passed over, for no label comes with Countersign for what these are now: ${passed_over.join(', ')}; see "countersign label suggest"`
        : `passed over, for want of such a registered tool: ${passed_over.join(', ')}`,
    )
  return lines.join('\n')
}
