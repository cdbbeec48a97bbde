/** `countersign gateway --stdio -- COMMAND…`: an enforcement point in front of an MCP server. @module */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { RECORDINGS, type Recording } from '../../../src/enforce/central.ts'
import { openPoint, type Hosted } from '../../gateway/point.ts'
import type { Listening } from '../../gateway/statement-listener.ts'
import { runStdioGateway } from '../../gateway/stdio.ts'
import { CliError, tell } from '../output.ts'
import { readJson, readText } from '../profile.ts'
import { port } from './start.ts'
import { collect } from './globals.ts'

interface GatewayOptions {
  readonly point: string
  readonly delegation?: string
  readonly key?: string
  readonly listen?: Listening
  readonly recording: Recording
  readonly relay?: readonly string[]
}

export function gatewayCommand(program: Command): void {
  program
    .command('gateway')
    .description('stand between an MCP client and a tool server; every call is decided and recorded first')
    .requiredOption('--stdio', 'speak MCP over standard input and output')
    .requiredOption('--point <file>', 'enrolment file (countersign point enroll)')
    .option('--delegation <file>', 'hosted: the chain that the gateway uses for clients that hold no key')
    .option('--key <file>', "hosted: the agent's key that the chain is bound to")
    .option(
      '--listen <host:port>',
      'take statements of the kill switch at POST /statements; a port alone means loopback, 0 any free one',
      listening,
    )
    .addOption(
      new Option(
        '--recording <mode>',
        'central: a call waits until the log of the control plane has its record',
      )
        .choices(RECORDINGS)
        .default('spool'),
    )
    .option('--relay <url>', 'learn of revocations from this relay; may be given again', collect)
    .argument('<command>', 'the tool server')
    .argument('[args...]', 'its arguments')
    .action(async (server: string, args: string[], options: GatewayOptions) => {
      const hosted = await hostedOf(options)
      const {
        point,
        server: name,
        listens,
      } = await openPoint(options.point, {
        ...(hosted === undefined ? {} : { hosted }),
        ...(options.listen === undefined ? {} : { listen: options.listen }),
        recording: options.recording,
        ...(options.relay === undefined ? {} : { relays: options.relay }),
        onFault: (error) => tell(`countersign gateway: ${error instanceof Error ? error.message : 'fault'}`),
      })
      if (listens !== null) tell(`countersign gateway: takes statements at ${listens}/statements`)
      try {
        process.exitCode = await runStdioGateway({
          point,
          server: name,
          hosted: hosted !== undefined,
          command: server,
          args,
          stdin: process.stdin,
          stdout: process.stdout,
          stderr: process.stderr,
        })
      } finally {
        await point.close()
      }
    })
}

async function hostedOf({ delegation, key }: GatewayOptions): Promise<Hosted | undefined> {
  if (delegation === undefined && key === undefined) return undefined
  if (delegation === undefined || key === undefined) {
    throw new CliError('ARGUMENT_INVALID', '--delegation and --key go together: give both, or neither')
  }
  return { chain: await readText(delegation), key: await readJson(key) }
}

/** Loopback unless told: whoever reaches it can make a point check signatures. */
export function listening(text: string): Listening {
  const at = text.lastIndexOf(':')
  const host = at < 0 ? '127.0.0.1' : text.slice(0, at).replace(/^\[|\]$/g, '')
  if (host === '') throw new InvalidArgumentError('not HOST:PORT')
  return { host, port: port(text.slice(at + 1)) }
}
