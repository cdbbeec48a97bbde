/** `countersign gateway …`: an enforcement point in front of MCP servers. @module */
import { once } from 'node:events'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { counted } from '../../../src/core/words.ts'
import { RECORDINGS, type Recording } from '../../../src/enforce/central.ts'
import { childLink } from '../../gateway/child.ts'
import { readConfig, type ServerConfig } from '../../gateway/config.ts'
import { assertEnrolled, openHttpGateway } from '../../gateway/http-gateway.ts'
import { HttpLink, HttpServer } from '../../gateway/http-link.ts'
import { openPoint, type Hosted } from '../../gateway/point.ts'
import { readPointFile } from '../../gateway/point-file.ts'
import type { Listening } from '../../gateway/statement-listener.ts'
import { runStdioFront } from '../../gateway/stdio-front.ts'
import { runStdioGateway } from '../../gateway/stdio.ts'
import { APPROVAL_TTL_MAX_MS } from '../../../src/enforce/approvals.ts'
import { CliError, result, tell } from '../output.ts'
import { readJson, readText } from '../profile.ts'
import { collect, port, wantsJson, whole } from './globals.ts'
import { versionsOf, type VersionOptions, type Versions } from './versions.ts'

interface GatewayOptions extends VersionOptions {
  readonly stdio?: true
  readonly config?: string
  readonly server?: string
  readonly point?: string
  readonly delegation?: string
  readonly key?: string
  readonly listen?: Listening
  readonly recording?: Recording
  readonly relay?: readonly string[]
  readonly approvalTimeout: number
}

/** What every kind of gateway is opened with. */
interface Common {
  readonly hosted?: Hosted
  readonly versions: Versions
  readonly listen?: Listening
  readonly relays?: readonly string[]
  readonly approvalTtlMs: number
  readonly onFault: (error: unknown) => void
}

export function gatewayCommand(program: Command): void {
  const gateway = program
    .command('gateway')
    .description('stand between MCP clients and tool servers; every call is decided and recorded first')
    .option('--config <file>', 'countersign.yaml: many servers, over HTTP unless --stdio')
    .option('--server <name>', 'with --config and --stdio: the server to serve')
    .option('--stdio', 'speak MCP over standard input and output')
    .option('--point <file>', 'without --config: enrolment file (countersign point enroll)')
    .option('--delegation <file>', 'hosted: the chain that the gateway uses for clients that hold no key')
    .option('--key <file>', "hosted: the agent's key that the chain is bound to")
    .option(
      '--listen <host:port>',
      'take statements of the kill switch at POST /statements; a port alone means loopback, 0 any free one',
      listening,
    )
    .option('--approval-timeout <seconds>', 'how long a call waits for a person', approvalSeconds, 300)
    .addOption(
      new Option(
        '--recording <mode>',
        'central: a call waits until the log of the control plane has its record',
      ).choices(RECORDINGS),
    )
    .option('--relay <url>', 'learn of revocations from this relay; may be given again', collect)
    .option('--manifest <file>', 'hosted: JSON file of the version that the client runs')
    .option(
      '--version-statement <file>',
      'hosted: the word of the issuer for that version (countersign agent version statement)',
    )
    .option('--require-version', 'deny agents that do not report which version they run')
    .argument('[command]', 'without --config: the tool server')
    .argument('[args...]', 'its arguments')
    .action(async (command: string | undefined, args: string[], options: GatewayOptions) => {
      if (options.config === undefined) return oneServer(options, command, args)
      if (command !== undefined || options.point !== undefined || options.recording !== undefined)
        throw new CliError(
          'ARGUMENT_INVALID',
          '--config names the point, its servers and its recording: give no --point, no --recording, no command',
        )
      return options.stdio === true ? oneOfMany(options, options.config) : many(options, options.config)
    })
  gateway
    .command('check')
    .description('check a countersign.yaml and what it points at, and change nothing')
    .argument('<file>')
    .action(async (path: string, _: unknown, command: Command) => {
      const config = await readConfig(path)
      assertEnrolled(config, await readPointFile(config.point), path)
      const servers = [...config.servers.values()].map(({ name, access, upstream }) => ({
        name,
        access,
        upstream: upstream.kind,
      }))
      result(
        wantsJson(command),
        { ok: true, servers },
        () => `${path} is good: ${counted(servers.length, 'server')}`,
      )
    })
}

async function oneServer(
  options: GatewayOptions,
  command: string | undefined,
  args: string[],
): Promise<void> {
  const { stdio, point: path, server } = options
  if (stdio !== true || path === undefined || command === undefined)
    throw new CliError('ARGUMENT_INVALID', 'give --config FILE, or --stdio --point FILE -- COMMAND')
  const common = await commonOf(options)
  const recording = options.recording ?? 'spool'
  const { point, releases, servers, listens } = await openPoint(path, { ...common, recording })
  sayListens(listens)
  try {
    process.exitCode = await runStdioGateway({
      point,
      releases,
      server: chosen(servers, server),
      hosted: common.hosted !== undefined,
      command,
      args,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
    })
  } finally {
    await point.close()
  }
}

async function many(options: GatewayOptions, config: string): Promise<void> {
  const gateway = await openHttpGateway({ ...(await commonOf(options)), config, say })
  sayListens(gateway.listens)
  say(`listens at ${gateway.url}`)
  await whenStopped()
  await gateway.close()
}

async function oneOfMany(options: GatewayOptions, path: string): Promise<void> {
  const config = await readConfig(path)
  const name = chosen([...config.servers.keys()], options.server)
  assertEnrolled(config, await readPointFile(config.point), path)
  const server = config.servers.get(name)
  if (server === undefined) return
  const common = await commonOf(options)
  const { point, releases, listens } = await openPoint(config.point, {
    ...common,
    recording: config.recording,
  })
  sayListens(listens)
  const stop = new AbortController()
  void whenStopped().then(() => stop.abort())
  try {
    await runStdioFront(
      {
        point,
        releases,
        server: name,
        hosted: common.hosted !== undefined,
        link: (events, passed) => linkOf(server, events, passed),
        stdin: process.stdin,
        stdout: process.stdout,
        say,
      },
      stop.signal,
    )
  } finally {
    await point.close()
  }
}

function linkOf(
  { upstream, limits }: ServerConfig,
  events: Parameters<typeof childLink>[1],
  passed: () => Readonly<Record<string, string>>,
): ReturnType<typeof childLink> {
  if (upstream.kind === 'stdio') return childLink(upstream, events, say)
  return new HttpLink(new HttpServer(upstream.url, upstream.headers, limits.answer_s * 1000), events, passed)
}

/** @throws {CliError} `ARGUMENT_INVALID` */
function chosen(servers: readonly string[], wanted: string | undefined): string {
  const [first] = servers
  if (wanted === undefined && servers.length === 1 && first !== undefined) return first
  if (wanted !== undefined && servers.includes(wanted)) return wanted
  throw new CliError('ARGUMENT_INVALID', `--server is one of ${servers.join(', ')}`)
}

async function commonOf(options: GatewayOptions): Promise<Common> {
  const hosted = await hostedOf(options)
  return {
    ...(hosted === undefined ? {} : { hosted }),
    versions: await versionsOf(options),
    approvalTtlMs: options.approvalTimeout * 1000,
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.relay === undefined ? {} : { relays: options.relay }),
    onFault: (error) => say(error instanceof Error ? error.message : 'fault'),
  }
}

function say(text: string): void {
  tell(`countersign gateway: ${text}`)
}

function sayListens(listens: string | null): void {
  if (listens !== null) say(`takes statements at ${listens}/statements`)
}

async function whenStopped(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}

/** APR-5. */
function approvalSeconds(text: string): number {
  const seconds = whole(text)
  if (seconds < 1 || seconds * 1000 > APPROVAL_TTL_MAX_MS)
    throw new InvalidArgumentError('not 1 to 3600 seconds')
  return seconds
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
