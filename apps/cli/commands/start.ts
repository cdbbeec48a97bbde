/** `countersign start`: the control plane in the foreground. @module */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { createServer } from '../../server/server.ts'
import { CliError, paint, result, say, tell } from '../output.ts'
import { wantsJson } from './globals.ts'

interface StartOptions {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly publicUrl?: string
  readonly separation: 'independent' | 'after'
  readonly origin?: string
  readonly rpId?: string
  readonly rpOrigin?: string
}

export function startCommand(program: Command): void {
  program
    .command('start')
    .description('start the control plane; the first start makes keys and a one-time secret')
    .option('--data <dir>', 'where keys, database and log live', '.countersign')
    .option('--host <address>', 'address to bind', '127.0.0.1')
    .option('--port <port>', 'port to bind, 0 for any', port, 7400)
    .option('--public-url <url>', 'where callers reach it, when behind a proxy')
    .addOption(
      new Option(
        '--separation <mode>',
        'first start only: who asks does not approve, or may and the log shows it',
      )
        .choices(['independent', 'after'])
        .default('independent'),
    )
    .option('--origin <name>', 'first start only: name of the log and the issuer')
    .option('--rp-id <domain>', 'first start only: domain that passkeys are bound to')
    .option('--rp-origin <url>', 'first start only: origin that passkeys are used at')
    .action(async (options: StartOptions, command: Command) => {
      await start(options, wantsJson(command))
    })
}

async function start(options: StartOptions, json: boolean): Promise<void> {
  if ((options.rpId === undefined) !== (options.rpOrigin === undefined)) {
    throw new CliError('ARGUMENT_INVALID', '--rp-id and --rp-origin go together')
  }
  const rp =
    options.rpId === undefined || options.rpOrigin === undefined
      ? undefined
      : { rp_id: options.rpId, origins: [options.rpOrigin] }
  const server = await createServer({
    dataDir: options.data,
    host: options.host,
    port: options.port,
    separation: options.separation,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    ...(rp === undefined ? {} : { rp }),
    report: (error) => tell(error instanceof Error ? error.message : 'unexpected fault'),
  })
  const { url, vkey, bootstrapSecret } = server
  result(json, { url, vkey, bootstrap_secret: bootstrapSecret }, () =>
    [
      `${paint('green', 'control plane')} at ${paint('bold', url)}`,
      `log key        ${vkey}`,
      ...(bootstrapSecret === null ? [] : firstStart(url, bootstrapSecret)),
    ].join('\n'),
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
  const why = await server.stopped
  if (why !== null) throw why
  if (!json) say('stopped')
}

function firstStart(url: string, secret: string): string[] {
  return [
    '',
    'Nobody has enrolled yet. Enrol the first person within 24 hours; this secret works once and replaces earlier ones:',
    `  countersign enroll --url ${url} --secret ${secret}`,
  ]
}

function port(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('not a port')
  return value
}
