/** `countersign system …`, `tool …`, `point …`: what agents touch, and where they are held. @module */
import { Option, type Command } from 'commander'
import { z } from 'zod'
import type { JsonObject } from '../../../src/core/json.ts'
import type { PointFile } from '../../gateway/point.ts'
import { addSystem, enrollPoint, registerTool } from '../operator.ts'
import { CliError, listing, result } from '../output.ts'
import { assertWritable, readJson, writePrivate } from '../profile.ts'
import { inspectToolServer } from '../tool-server.ts'
import { assertDigest, collect, profileOf, wantsJson } from './globals.ts'
import { admitCommand } from './issuers.ts'

export function inventoryCommands(program: Command): void {
  const system = program.command('system').description('systems in scope')
  system
    .command('add')
    .description('register a system; prints its identifier')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      const id = await addSystem(await profileOf(command), name)
      result(wantsJson(command), { system: id }, () => id)
    })
  const list = system.command('list').description('registered systems')
  list.action(async (_: unknown, command: Command) => {
    const answer = await (await profileOf(command)).client.get('/v1/systems')
    const { systems } = z
      .object({ systems: z.array(z.object({ id: z.string(), name: z.string() })) })
      .parse(answer)
    result(wantsJson(command), systems, () =>
      listing(
        ['system', 'name'],
        systems.map((each) => [each.id, each.name]),
        'no system yet: countersign system add NAME',
      ),
    )
  })
  toolCommands(program)
  pointCommands(program)
}

interface ToolOptions {
  readonly system: string
  readonly server: string
  readonly definition: string
  readonly measures?: string
  readonly resource?: string[]
}

function toolCommands(program: Command): void {
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
    .requiredOption('--definition <hash>', 'definition hash (countersign tool inspect)')
    .option('--measures <file>', 'JSON file: {name: {path, of, unit}}')
    .option(
      '--resource <pointer>',
      'JSON Pointer to an argument that names what a call touches (repeat)',
      collect,
    )
    .action(async (name: string, options: ToolOptions, command: Command) => {
      const measures = options.measures === undefined ? {} : await readObject(options.measures)
      const { system, server, definition: definition_hash } = options
      assertDigest(definition_hash, '--definition', 'countersign tool inspect COMMAND')
      const profile = await profileOf(command)
      const id = await registerTool(profile, {
        system,
        server,
        tool: name,
        definition_hash,
        measures,
        ...(options.resource === undefined ? {} : { resources: options.resource }),
      })
      result(wantsJson(command), { tool: id }, () => id)
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
}

interface EnrollOptions {
  readonly server: string
  readonly placement: PointFile['placement']
  readonly out: string
}

function pointCommands(program: Command): void {
  const point = program.command('point').description('enforcement points')
  point
    .command('enroll')
    .description('register a gateway and write its enrolment file (holds its key)')
    .argument('<name>')
    .requiredOption('--server <name>', 'the tool server behind it, as grants name it')
    .addOption(
      new Option(
        '--placement <where>',
        'in_process: in the agent (SDK); tool_side: in the tool server or service',
      )
        .choices(['gateway', 'in_process', 'tool_side'])
        .default('gateway'),
    )
    .requiredOption('-o, --out <file>', 'where to write the enrolment file')
    .action(async (name: string, options: EnrollOptions, command: Command) => {
      await assertWritable(options.out)
      const file = await enrollPoint(await profileOf(command), name, options.server, options.placement)
      await writePrivate(options.out, file)
      result(
        wantsJson(command),
        { point: file.point, file: options.out },
        () => `${file.point} in ${options.out}`,
      )
    })
  admitCommand(point)
  const list = point.command('list').description('enrolled points, each with the tool server behind it')
  list.action(async (_: unknown, command: Command) => {
    const answer = await (await profileOf(command)).client.get('/v1/points')
    const { points } = z
      .object({ points: z.array(z.looseObject({ id: z.string(), name: z.string(), server: z.string() })) })
      .parse(answer)
    result(wantsJson(command), points, () =>
      listing(
        ['point', 'server', 'name'],
        points.map((each) => [each.id, each.server, each.name]),
        'no enforcement point yet: countersign point enroll NAME --server NAME -o FILE',
      ),
    )
  })
}

async function readObject(path: string): Promise<JsonObject> {
  const value = z.record(z.string(), z.json()).safeParse(await readJson(path))
  if (!value.success) throw new CliError('ARGUMENT_INVALID', `${path} does not hold a JSON object`)
  return value.data
}
