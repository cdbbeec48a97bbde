/** `countersign start`: the control plane in the foreground. @module */
import type { OtlpTarget } from '../../server/otlp-exporter.ts'
import { isIP } from 'node:net'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../../src/core/encoding.ts'
import { KeyStoreError } from '../../../src/ports/key-store.ts'
import { VaultError } from '../../../src/ports/vault.ts'
import type { RelyingParty } from '../../../src/token/gesture.ts'
import { readAnchorSettings } from '../../server/anchor-settings.ts'
import { createServer, type RunningServer } from '../../server/server.ts'
import type { ServerOptions } from '../../server/server-options.ts'
import { outsideLines, outsideSaid } from '../anchors-said.ts'
import { joinLink } from '../join-link.ts'
import { CliError, paint, result, say, tell } from '../output.ts'
import { readText } from '../profile.ts'
import { askSecret, hasTerminal } from '../prompt.ts'
import { port, wantsJson } from './globals.ts'
import { givenIdentity, identityOptions, type GivenIdentity } from './identity-options.ts'
import { givenPassphrase } from './passphrase.ts'
import { givenVault, vaultOption } from './vault.ts'

interface StartOptions extends GivenIdentity {
  readonly data: string
  readonly store?: string
  readonly host: string
  readonly port: number
  readonly publicUrl?: string
  readonly separation?: 'independent' | 'after'
  readonly origin?: string
  readonly rpId?: string
  readonly rpOrigin?: string
  readonly passphraseFile?: string
  readonly anchors?: string
  readonly publisherThread?: boolean
  readonly listenersAnywhere?: boolean
  readonly otlp?: string
  readonly tiles?: string
  readonly s3Endpoint?: string
  readonly s3Style?: 'path' | 'virtual-host'
  readonly vault?: string
  readonly keys?: string
  readonly newVault?: boolean
  readonly peer?: readonly string[]
  readonly recover?: string
  readonly takeOverFrom?: string
  readonly controls?: string
  readonly clientClass?: Readonly<Record<string, string>>
}

export function startCommand(program: Command): void {
  const command = program
    .command('start')
    .description('start the control plane; the first start makes keys and a one-time secret')
    .option('--data <dir>', 'where keys, database and log live', '.countersign')
    .addOption(
      new Option(
        '--store <url>',
        'postgres://… to keep state and log in PostgreSQL, where several nodes may share them; else SQLite in --data. ' +
          'A password goes into the variable COUNTERSIGN_STORE, not into an argument',
      ).argParser(storeUrl),
    )
    .option('--host <address>', 'address to bind', '127.0.0.1')
    .option('--port <port>', 'port to bind, 0 for any', port, 7400)
    .option('--public-url <url>', 'where callers reach it, when behind a proxy')
    .option('--controls <dir>', "control files of your own, for what auditors' previews show")
    .option(
      '--client-class <host=class>',
      'class of the agents that OAuth clients of a host are; else mcp-client',
      clientClass,
    )
    .option(
      '--tiles <s3 url>',
      'keep the public log in a bucket, s3://bucket/prefix; keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a file',
    )
    .option('--s3-endpoint <url>', 'an S3-compatible service other than AWS')
    .addOption(
      new Option('--s3-style <style>', 'where the bucket stands in addresses').choices([
        'path',
        'virtual-host',
      ]),
    )
    .addOption(
      new Option(
        '--separation <mode>',
        'first start only: who asks does not approve (unless you choose), or may, and another reviews it afterwards',
      ).choices(['independent', 'after']),
    )
    .option('--origin <name>', 'first start only: name of the log and the issuer')
    .option('--rp-id <domain>', 'first start only: domain that passkeys are bound to')
    .option('--rp-origin <url>', 'first start only: origin that passkeys are used at')
    .option(
      '--passphrase-file <file>',
      'holds the passphrase of the key files and the vault; or the variable COUNTERSIGN_PASSPHRASE. Plain ones are encrypted',
    )
    .option('--publisher-thread', 'publish the log from a thread of its own: more appends a second in bursts')
    .option(
      '--otlp <url>',
      'tell an OpenTelemetry collector of every call; headers from OTEL_EXPORTER_OTLP_HEADERS',
    )
    .option('--listeners-anywhere', 'tell listeners on this machine and in its private network too')
    .option('--anchors <file>', 'JSON: who cosigns the log and where it is anchored (spec/witness.md)')
    .addOption(vaultOption('one for all nodes; vault.db in --data unless given'))
    .option('--keys <dir>', 'the folder of the key files, which nodes may share; keys in --data unless given')
    .option(
      '--new-vault',
      'the vault is lost: begin an empty one, without the names, instructions and arguments',
    )
    .option('--peer <url>', 'another node of this log, with a folder of its own; may be repeated', peers)
    .option(
      '--recover <person>',
      'per_…, who lost every passkey: prints a secret to register anew. The log and an alert say that this machine did it',
    )
    .option(
      '--take-over-from <file>',
      'the checkpoint that was signed last, when no other node can say so any more (lock/last-checkpoint of the one that signed)',
    )
  identityOptions(command).action(async (options: StartOptions, own: Command) => {
    await start(options, wantsJson(own))
  })
}

async function start(options: StartOptions, json: boolean): Promise<void> {
  const rp = chosenRp(options)
  const rpDefault = placeOf(options)
  const anchors = options.anchors === undefined ? undefined : readAnchorSettings(nodeCrypto, options.anchors)
  const server = await startUnlocked({
    dataDir: options.data,
    host: options.host,
    port: options.port,
    ...(options.separation === undefined ? {} : { separation: options.separation }),
    ...givenStore(options),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.publisherThread === true ? { publisherThread: true } : {}),
    ...(options.listenersAnywhere === true ? { listenersAnywhere: true } : {}),
    ...(options.otlp === undefined ? {} : { otlp: otlpTarget(options.otlp) }),
    ...(options.tiles === undefined ? {} : { tilesUrl: options.tiles }),
    ...(options.s3Endpoint === undefined ? {} : { s3Endpoint: options.s3Endpoint }),
    ...(options.s3Style === undefined ? {} : { s3Style: options.s3Style }),
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    ...(rp === undefined ? {} : { rp }),
    ...(rpDefault === undefined ? {} : { rpDefault }),
    ...(await givenPassphrase(options)),
    ...(anchors === undefined ? {} : { anchors }),
    ...givenVault(options),
    ...(await givenIdentity(options)),
    ...(options.keys === undefined ? {} : { keys: options.keys }),
    ...(options.newVault === true ? { newVault: true } : {}),
    ...(options.controls === undefined ? {} : { controls: options.controls }),
    ...(options.clientClass === undefined ? {} : { clientClasses: options.clientClass }),
    ...(options.peer === undefined ? {} : { peers: options.peer }),
    ...(options.recover === undefined ? {} : { recover: options.recover }),
    ...(options.takeOverFrom === undefined
      ? {}
      : { takeOverFrom: utf8(`${await readText(options.takeOverFrom)}\n`) }),
    onEncrypted: (file) => tell(`${file} is encrypted now`),
    onBreakGlass: (file) =>
      tell(
        `${file} is the break-glass key: it stops agents when this control plane is gone. Move it to a medium that is kept ` +
          'offline, under a passphrase, and see "countersign kill --help"',
      ),
    onErasedAgain: (subjects) =>
      tell(`${subjects.join(', ')}: erased, but the key was there again. It is destroyed now`),
    onUnpublished: ({ message }) => tell(`the log waits: ${message}`),
    report: (error) => tell(error instanceof Error ? error.message : 'unexpected fault'),
  })
  const { url, vkey, bootstrapSecret, recoverySecret, dueAnchors } = server
  const { witnesses = null } = anchors ?? {}
  const said = {
    url,
    vkey,
    bootstrap_secret: bootstrapSecret,
    ...(recoverySecret === null ? {} : { recovery_secret: recoverySecret }),
    ...(anchors === undefined ? {} : outsideSaid(witnesses, dueAnchors)),
  }
  result(json, said, () =>
    [
      `${paint('green', 'control plane')} at ${paint('bold', url)}`,
      `log key        ${vkey}`,
      ...(anchors === undefined ? [] : outsideLines(witnesses, dueAnchors)),
      ...(bootstrapSecret === null ? [] : firstStart(url, bootstrapSecret)),
      ...(recoverySecret === null ? [] : recovered(url, recoverySecret)),
    ].join('\n'),
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
  const why = await server.stopped
  if (why !== null) throw why
  if (!json) say('stopped')
}

function chosenRp({ rpId, rpOrigin }: StartOptions): RelyingParty | undefined {
  if ((rpId === undefined) !== (rpOrigin === undefined)) {
    throw new CliError('ARGUMENT_INVALID', '--rp-id and --rp-origin go together: give both, or neither')
  }
  return rpId === undefined || rpOrigin === undefined ? undefined : { rp_id: rpId, origins: [rpOrigin] }
}

/**
 * Where passkeys work unless somebody says: a relying party is for ever, so it is the place that people will use, with
 * its port. With a port that nobody chose there is no such place, and browsers are told so when they come.
 */
function placeOf({ publicUrl, port: bound }: StartOptions): RelyingParty | undefined {
  const { hostname = '', origin = '' } = publicUrl === undefined ? {} : new URL(publicUrl)
  if (hostname !== '' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0)
    return { rp_id: hostname, origins: [origin] }
  return bound === 0 ? undefined : { rp_id: 'localhost', origins: [`http://localhost:${bound}`] }
}

/** Neither the argument nor the variable is ever printed: it may hold a password. */
function givenStore({ store }: StartOptions): { store?: string } {
  const { COUNTERSIGN_STORE: variable } = process.env
  delete process.env.COUNTERSIGN_STORE
  const given = store ?? (variable === undefined || variable === '' ? undefined : storeUrl(variable))
  return given === undefined ? {} : { store: given }
}

function storeUrl(text: string): string {
  const { protocol } = URL.parse(text) ?? {}
  if (protocol === 'postgres:' || protocol === 'postgresql:') return text
  throw new CliError('ARGUMENT_INVALID', 'the store is not a postgres://user@host/database URL')
}

/** Asks for the passphrase where somebody can answer. */
async function startUnlocked(options: ServerOptions): Promise<RunningServer> {
  try {
    return await createServer(options)
  } catch (error) {
    const isLocked =
      (error instanceof KeyStoreError && error.code === 'KEY_LOCKED') ||
      (error instanceof VaultError && error.code === 'VAULT_LOCKED')
    if (!isLocked || !hasTerminal()) throw error
    return createServer({ ...options, passphrase: await askSecret('passphrase of the key files: ') })
  }
}

function firstStart(url: string, secret: string): string[] {
  return [
    '',
    'Nobody has enrolled yet. Enrol the first person within 24 hours; this secret works once and replaces earlier ones:',
    `  countersign enroll --url ${url} --secret ${secret}`,
    'With --passkey it asks for a passkey in your browser, instead of a key in the profile. Or all of it in the browser:',
    `  ${joinLink(url, secret)}`,
  ]
}

function recovered(url: string, secret: string): string[] {
  return [
    '',
    'They register anew within 24 hours, in an empty profile; this secret works once and replaces earlier ones:',
    `  countersign --profile NEW-FOLDER enroll --url ${url} --secret ${secret}`,
    `With --passkey in a browser, or all of it there: ${joinLink(url, secret)}`,
    'Where somebody else has a passkey that counts, that person vouches for them then: countersign person endorse PERSON',
  ]
}

function peers(url: string, before: readonly string[] = []): readonly string[] {
  const { protocol, pathname, search, username } = URL.parse(url) ?? {}
  const isOrigin =
    (protocol === 'http:' || protocol === 'https:') && pathname === '/' && `${search}${username}` === ''
  if (!isOrigin) throw new InvalidArgumentError('not the address of a control plane')
  return [...before, url]
}

function clientClass(
  given: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [host = '', agentClass = '', ...more] = given.split('=')
  if (host === '' || agentClass === '' || more.length > 0)
    throw new InvalidArgumentError('It is HOST=CLASS, such as claude.ai=assistant.')
  return { ...before, [host]: agentClass }
}

/** @throws {CliError} `REQUEST_INVALID` */
function otlpTarget(text: string): OtlpTarget {
  const url = URL.canParse(text) ? new URL(text) : null
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.username === ''
  if (!isWeb) throw new CliError('REQUEST_INVALID', '--otlp wants the http or https address of a collector')
  // As every OpenTelemetry exporter reads it: name=value, comma-separated, values percent-encoded.
  const pairs = (process.env.OTEL_EXPORTER_OTLP_HEADERS ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]]
  })
  return { url: text, headers: Object.fromEntries(pairs) as Record<string, string> }
}
