/** `countersign system …`, `point …`: what agents touch, and where they are held. @module */
import { Option, type Command } from 'commander'
import { z } from 'zod'
import type { PointFile } from '../../gateway/point-file.ts'
import { addSystem, enrollPointAs } from '../operator.ts'
import { listing, result } from '../output.ts'
import { assertWritable, writePrivate } from '../profile.ts'
import { collect, profileOf, wantsJson } from './globals.ts'
import { admitCommand } from './issuers.ts'
import { toolCommands } from './tools.ts'

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

interface EnrollOptions {
  readonly server: string[]
  readonly placement: PointFile['placement']
  readonly out: string
}

function pointCommands(program: Command): void {
  const point = program.command('point').description('enforcement points')
  point
    .command('enroll')
    .description('register an enforcement point and write its enrolment file (holds its key)')
    .argument('<name>')
    .requiredOption('--server <name>', 'a tool server behind it, as grants name it (repeat)', collect)
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
      const { placement, server } = options
      const file = await enrollPointAs(placement, await profileOf(command), name, server)
      await writePrivate(options.out, file)
      result(
        wantsJson(command),
        { point: file.point, file: options.out },
        () => `${file.point} in ${options.out}`,
      )
    })
  admitCommand(point)
  const list = point.command('list').description('enrolled points, each with the tool servers behind it')
  list.action(async (_: unknown, command: Command) => {
    const answer = await (await profileOf(command)).client.get('/v1/points')
    const { points } = z
      .object({
        points: z.array(z.looseObject({ id: z.string(), name: z.string(), servers: z.array(z.string()) })),
      })
      .parse(answer)
    result(wantsJson(command), points, () =>
      listing(
        ['point', 'servers', 'name'],
        points.map((each) => [each.id, each.servers.join(', '), each.name]),
        'no enforcement point yet: countersign point enroll NAME --server NAME -o FILE',
      ),
    )
  })
}
