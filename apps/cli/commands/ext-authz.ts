/** `countersign ext-authz`: an enforcement point that a proxy asks about each request. @module */
import { once } from 'node:events'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { RECORDINGS, type Recording } from '../../../src/enforce/central.ts'
import { listenForChecks } from '../../gateway/ext-authz.ts'
import { openServed } from '../../sdk/in-process.ts'
import { CliError, tell } from '../output.ts'
import { readJson } from '../profile.ts'
import { listening } from './gateway.ts'

interface ExtAuthzCommand {
  readonly point: string
  readonly server?: string
  readonly origin: string
  readonly routes: string
  readonly listen: { readonly host: string; readonly port: number }
  readonly prefix?: string
  readonly recording: Recording
}

const routesSchema = z.array(z.string()).min(1)

export function extAuthzCommand(program: Command): void {
  program
    .command('ext-authz')
    .description(
      'answer the ext_authz checks of Envoy over HTTP; every request is decided and recorded first',
    )
    .requiredOption('--point <file>', 'enrolment file (countersign point enroll)')
    .requiredOption('--origin <url>', 'how clients call the service: scheme, host and port')
    .requiredOption('--routes <file>', 'JSON list of routes, first match first: ["GET /notes/:id", …]')
    .option('--server <name>', 'what grants call the service by, where the point is enrolled for several')
    .option(
      '--listen <host:port>',
      'a port alone means loopback, 0 any free one',
      listening,
      listening('7600'),
    )
    .option('--prefix <path>', "what Envoy puts in front of each path (ext_authz's path_prefix)")
    .addOption(new Option('--recording <mode>', 'as for gateway').choices(RECORDINGS).default('spool'))
    .action(async (options: ExtAuthzCommand) => {
      const routes = routesSchema.safeParse(await readJson(options.routes))
      if (!routes.success)
        throw new CliError(
          'ARGUMENT_INVALID',
          `${options.routes} is no JSON list of routes: ["GET /notes/:id"]`,
        )
      const onFault = (error: unknown): void =>
        tell(`countersign ext-authz: ${error instanceof Error ? error.message : 'fault'}`)
      const { server, prefix } = options
      const served = await openServed(
        { ...options, ...(server === undefined ? {} : { server }), onFault },
        'gateway',
      )
      try {
        const { host, port } = options.listen
        const more = { routes: routes.data, onFault, ...(prefix === undefined ? {} : { prefix }) }
        const checks = await listenForChecks(served, { origin: options.origin, host, port, ...more })
        tell(`countersign ext-authz: answers at ${checks.url}`)
        await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
        await checks.close()
      } finally {
        await served.close()
      }
    })
}
