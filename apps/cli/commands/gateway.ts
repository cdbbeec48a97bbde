/** `countersign gateway --stdio -- COMMAND…`: an enforcement point in front of an MCP server. @module */
import type { Command } from 'commander'
import { openPoint } from '../../gateway/point.ts'
import { runStdioGateway } from '../../gateway/stdio.ts'
import { tell } from '../output.ts'
import { readText } from '../profile.ts'

interface GatewayOptions {
  readonly point: string
  readonly delegation?: string
}

export function gatewayCommand(program: Command): void {
  program
    .command('gateway')
    .description('stand between an MCP client and a tool server; every call is decided and recorded first')
    .requiredOption('--stdio', 'speak MCP over standard input and output')
    .requiredOption('--point <file>', 'enrolment file (countersign point enroll)')
    .option('--delegation <file>', 'a chain bound to this gateway, for clients that hold no key')
    .argument('<command>', 'the tool server')
    .argument('[args...]', 'its arguments')
    .action(async (server: string, args: string[], options: GatewayOptions) => {
      const hosted = options.delegation === undefined ? undefined : await readText(options.delegation)
      const { point, server: name } = await openPoint(options.point, {
        ...(hosted === undefined ? {} : { hosted }),
        onFault: (error) => tell(`countersign gateway: ${error instanceof Error ? error.message : 'fault'}`),
      })
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
