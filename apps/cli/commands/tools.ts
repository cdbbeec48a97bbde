/** `countersign tool …`: tools of in-scope systems, and changes of them. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { canonicalize, type JsonObject } from '../../../src/core/json.ts'
import { DEFINITION_LENGTH_MAX } from '../../../src/log/entries.ts'
import { CliError, listing, result } from '../output.ts'
import { readJson } from '../profile.ts'
import { inspectToolServer } from '../tool-server.ts'
import { approveChange, listChanges, registerTool, type ToolChange } from '../tools.ts'
import { approveCommand } from './approve.ts'
import { assertDigest, collect, profileOf, wantsJson } from './globals.ts'

const inspectedSchema = z.array(
  z.object({ tool: z.string(), definition_hash: z.string(), definition: z.record(z.string(), z.json()) }),
)

interface ToolOptions {
  readonly system: string
  readonly server: string
  readonly definition?: string
  readonly from?: string
  readonly measures?: string
  readonly resource?: string[]
}

export function toolCommands(program: Command): void {
  const tool = program.command('tool').description('tools of in-scope systems')
  tool
    .command('inspect')
    .description('start a tool server and list its tools, each with the hash of its definition')
    .argument('<command>', 'the tool server')
    .argument('[args...]', 'its arguments; put -- before the command when one begins with -')
    .action(async (server: string, args: string[], _: unknown, command: Command) => {
      const tools = await inspectToolServer(server, args)
      result(wantsJson(command), tools, () =>
        listing(
          ['tool', 'definition'],
          tools.map((each) => [each.tool, each.definition_hash]),
          'the tool server lists no tools: see its own manual',
        ),
      )
    })
  tool
    .command('register')
    .description('register a tool: where it then differs from its definition, calls are denied')
    .argument('<tool>', 'its name, as the server lists it')
    .requiredOption('--system <id>', 'the system that it belongs to')
    .requiredOption('--server <name>', 'the tool server, as grants name it')
    .option('--definition <hash>', 'definition hash (countersign tool inspect)')
    .option('--from <file>', 'in its place: what "countersign tool inspect --json" printed, with the text')
    .option('--measures <file>', 'JSON file: {name: {path, of, unit}}')
    .option(
      '--resource <pointer>',
      'JSON Pointer to an argument that names what a call touches (repeat)',
      collect,
    )
    .action(async (name: string, options: ToolOptions, command: Command) => {
      const measures = options.measures === undefined ? {} : await readObject(options.measures)
      const { system, server } = options
      const defined = await definitionOf(name, options)
      const profile = await profileOf(command)
      const { id, waiting } = await registerTool(profile, {
        system,
        server,
        tool: name,
        ...defined,
        measures,
        ...(options.resource === undefined ? {} : { resources: options.resource }),
      })
      result(wantsJson(command), { tool: id, ...(waiting === undefined ? {} : { waiting }) }, () =>
        waiting === undefined
          ? id
          : `${id} stays as it was: another person approves with "countersign tool approve ${waiting}"`,
      )
    })
  const list = tool.command('list').description('registered tools, each with the hash of its definition')
  list.action(async (_: unknown, command: Command) => {
    const answer = await (await profileOf(command)).client.get('/v1/tools')
    const { tools } = z
      .object({
        tools: z.array(
          z.object({ id: z.string(), server: z.string(), tool: z.string(), definition_hash: z.string() }),
        ),
      })
      .parse(answer)
    result(wantsJson(command), tools, () =>
      listing(
        ['id', 'server', 'tool', 'definition'],
        tools.map((each) => [each.id, each.server, each.tool, each.definition_hash]),
        'no tool yet: countersign tool inspect COMMAND, then countersign tool register NAME',
      ),
    )
  })
  changeCommands(tool)
}

/** @throws {CliError} `ARGUMENT_INVALID` */
async function definitionOf(
  name: string,
  { definition, from }: ToolOptions,
): Promise<{ definition_hash: string; definition?: string }> {
  if (from !== undefined) {
    const read = inspectedSchema.safeParse(await readJson(from))
    const found = read.data?.find(({ tool }) => tool === name)
    if (found === undefined)
      throw new CliError(
        'ARGUMENT_INVALID',
        `${from} does not list ${name}: make it with "countersign tool inspect --json COMMAND"`,
      )
    const text = canonicalize(found.definition)
    const { definition_hash } = found
    return text.length > DEFINITION_LENGTH_MAX ? { definition_hash } : { definition_hash, definition: text }
  }
  if (definition === undefined)
    throw new CliError('ARGUMENT_INVALID', 'say which definition: give --definition HASH or --from FILE')
  assertDigest(definition, '--definition', 'countersign tool inspect COMMAND')
  return { definition_hash: definition }
}

function changeCommands(tool: Command): void {
  tool
    .command('pending')
    .description('changes of pinned tools that wait for approval, each with what the tool is pinned to')
    .action(async (_: unknown, command: Command) => {
      const changes = await listChanges(await profileOf(command))
      result(wantsJson(command), changes, () =>
        changes.length === 0 ? 'no change waits' : changes.map(changeText).join('\n\n'),
      )
    })
  approveCommand(tool, {
    does: 'pin a tool to a changed definition, with your authenticator',
    noun: 'change',
    id: 'tch_…',
    status: 'approved',
    approve: approveChange,
  })
}

function changeText({ id, server, tool, proposer, was, becomes }: ToolChange): string {
  const text = ({ definition_hash, definition }: ToolChange['was']): string =>
    definition === null
      ? `${definition_hash}, of which the log has no text`
      : `${definition_hash}\n${JSON.stringify(JSON.parse(definition), null, 2)}`
  return [
    `${id}: ${server} / ${tool}, listed to or proposed by ${proposer}`,
    `was: ${text(was)}`,
    `becomes: ${text(becomes)}`,
  ].join('\n')
}

async function readObject(path: string): Promise<JsonObject> {
  const value = z.record(z.string(), z.json()).safeParse(await readJson(path))
  if (!value.success) throw new CliError('ARGUMENT_INVALID', `${path} does not hold a JSON object`)
  return value.data
}
