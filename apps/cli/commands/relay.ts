/** `countersign relay`: passes the revocation stream on to many points. @module */
import type { Command } from 'commander'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../../src/core/crypto.ts'
import { killTrustOf } from '../../gateway/kills.ts'
import { readPointFile } from '../../gateway/point-file.ts'
import { createRelay, type RelayOptions } from '../../relay/server.ts'
import { CliError, paint, result, say, tell } from '../output.ts'
import { wantsJson } from './globals.ts'

interface Options {
  readonly from?: string
  readonly enrolment?: string
  readonly listen: string
}

export function relayCommand(program: Command): void {
  program
    .command('relay')
    .description('follow a control plane, or another relay, and pass its revocations on to many points')
    .option(
      '--enrolment <file>',
      'enrolment file (countersign point enroll): its key signs the requests, and statements that do not hold by its pins are not passed on',
    )
    .option('--from <url>', 'what to follow, where that is not the control plane of the enrolment file')
    .option(
      '--listen <host:port>',
      'where points reach it; a port alone means loopback, 0 any free one',
      '127.0.0.1:7420',
    )
    .action(async (options: Options, command: Command) => serve(options, wantsJson(command)))
}

async function serve(options: Options, json: boolean): Promise<void> {
  const upstream = await upstreamOf(options)
  const relay = await createRelay({
    ...upstream,
    ...placeOf(options.listen),
    onUpstream: (isThere) => tell(isThere ? `${upstream.from} is there` : `${upstream.from} is away`),
    report: (error) => tell(`countersign relay: ${error instanceof Error ? error.message : 'fault'}`),
  })
  result(json, { url: relay.url, from: upstream.from }, () =>
    [
      `${paint('green', 'relay')} of ${upstream.from} at ${paint('bold', relay.url)}`,
      'It signs nothing and is trusted with nothing: points check what it passes on.',
      ...(upstream.trust === undefined
        ? ['It knows no keys: statements that anybody pushes are passed on. Give it --enrolment.']
        : []),
    ].join('\n'),
  )
  const asked = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.resolve())
  await asked.promise
  await relay.close()
  if (!json) say('stopped')
}

async function upstreamOf({
  from,
  enrolment,
}: Options): Promise<Pick<RelayOptions, 'from' | 'signer' | 'trust'>> {
  const url = from === undefined ? undefined : httpUrl(from)
  if (enrolment === undefined) {
    if (url === undefined) {
      throw new CliError('ARGUMENT_INVALID', 'give --enrolment to follow a control plane, or --from a relay')
    }
    return { from: url }
  }
  const file = await readPointFile(enrolment)
  const signer = nodeCrypto.signer(file.key as unknown as PrivateJwk)
  return { from: url ?? httpUrl(file.control_plane), signer, trust: killTrustOf(file) }
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new CliError('ARGUMENT_INVALID', `${text} is no URL of a control plane or a relay`)
  }
  return text.replace(/\/+$/, '')
}

function placeOf(listen: string): { host: string; port: number } {
  const [, host = '127.0.0.1', port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(listen) ?? []
  if (port === '' || Number(port) > 65_535) {
    throw new CliError('ARGUMENT_INVALID', '--listen takes an address and a port: 127.0.0.1:7420')
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}
