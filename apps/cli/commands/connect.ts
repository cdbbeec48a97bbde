/** `countersign connect …`: tell other software what a verified pack says. spec/connectors.md. @module */
import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { hex } from '../../../src/core/encoding.ts'
import { counted } from '../../../src/core/words.ts'
import { CATALOGUE_FILE, readCatalogue } from '../../../src/evidence/controls/catalogue.ts'
import { findingsOf } from '../../../src/evidence/findings/findings.ts'
import { verifyPack } from '../../../src/evidence/verify/verify.ts'
import { FINDINGS_SERVICES, type Finding, type FindingsServiceName } from '../../../src/ports/findings.ts'
import { connectTo, SERVICES, variableOf } from '../connect/services.ts'
import { readControls } from '../controls/read.ts'
import { CliError, listing, paint, progress, progressDone, result } from '../output.ts'
import { unreadable } from '../profile.ts'
import { wantsJson } from './globals.ts'

/** A push of a thousand findings takes minutes where each is a request. */
const PUSH_MS_MAX = 30 * 60_000
const UNTRIED = 'written from its published documentation, and not tried against the service itself'

interface PushOptions {
  readonly to: FindingsServiceName
  readonly pack: string
  readonly key: string
  readonly where?: string
  readonly config?: string
  readonly dryRun?: boolean
}

export function connectCommands(program: Command): void {
  const connect = program
    .command('connect')
    .description('tell compliance platforms and trackers what a pack says')
  const list = connect.command('list').description('services, what each takes, and its settings')
  list.action((_: unknown, command: Command) => {
    const services = FINDINGS_SERVICES.map((name) => {
      const { takes, settings } = SERVICES[name]
      return { name, takes, settings, variables: settings.map((one) => variableOf(name, one)), tried: false }
    })
    result(wantsJson(command), { services, note: UNTRIED }, () =>
      [
        listing(
          ['service', 'takes', 'settings'],
          services.map(({ name, takes, settings }) => [name, takes, settings.join(', ')]),
          '',
        ),
        `Settings: --config FILE (JSON, mode 600), or variables such as ${variableOf('vanta', 'client_secret')}.`,
        paint('yellow', `Each is ${UNTRIED}.`),
      ].join('\n'),
    )
  })
  pushCommand(connect)
}

function pushCommand(connect: Command): void {
  connect
    .command('push')
    .description('verify a pack, and push its results; a second push brings the first up to date')
    .addOption(
      new Option('--to <service>', 'which: see connect list')
        .choices([...FINDINGS_SERVICES])
        .makeOptionMandatory(),
    )
    .requiredOption('--pack <file>', 'file that evidence build wrote')
    .requiredOption('--key <vkey>', "the log's verifier key, from another source than the pack")
    .option('--where <url>', 'where people find the pack: an https address', address)
    .option('--config <file>', 'settings of the service, JSON; the environment holds over it')
    .option('--dry-run', 'show what would be pushed, and push nothing')
    .action(async (options: PushOptions, command: Command) => {
      const isDry = options.dryRun === true
      // Before minutes go into verifying: wrong settings are found at once.
      const service = isDry ? null : await connectTo(options.to, options.config ?? null)
      const all = await findingsIn(options)
      const findings = all.filter(({ kind }) => SERVICES[options.to].kinds.has(kind))
      const pushed = service === null ? null : await service.push(findings, AbortSignal.timeout(PUSH_MS_MAX))
      const said = {
        to: options.to,
        tried: false,
        dry_run: isDry,
        pushed,
        findings: isDry ? findings : undefined,
      }
      result(wantsJson(command), said, () =>
        [
          pushed === null ? dryText(options.to, findings) : pushedText(options.to, pushed),
          paint('yellow', `The connector is ${UNTRIED}: look there whether it says what it should.`),
        ].join('\n'),
      )
    })
}

/** @throws {CliError} `PACK_NOT_WHOLE`: nothing is told of a pack that is not what it claims to be */
async function findingsIn({ pack: file, key, where }: PushOptions): Promise<Finding[]> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  const { report, files } = await verifyPack(nodeCrypto, bytes, key, {
    onProgress: (n, of) => progress(`${n} of ${of} entries`),
  })
  progressDone()
  if (!report.integrity)
    throw new CliError(
      'PACK_NOT_WHOLE',
      `the pack is not what it claims to be, and nothing was pushed: see "countersign verify ${file} --key …"`,
    )
  const own = files.get(CATALOGUE_FILE)
  const { origin, simulated, period, entries, tests, results } = report
  return findingsOf(nodeCrypto, {
    origin,
    simulated,
    period,
    entries,
    tests,
    results: Object.values(results),
    catalogue: own === undefined ? await readControls() : readCatalogue(own),
    sha256: hex(nodeCrypto.sha256(bytes)),
    where: where ?? null,
  })
}

function dryText(to: string, findings: readonly Finding[]): string {
  return [
    `${counted(findings.length, 'finding')} would go to ${to}; nothing was pushed`,
    listing(
      ['id', 'kind', 'title'],
      findings.map(({ id, kind, title }) => [id, kind, title]),
      'nothing: the pack has no deviation',
    ),
  ].join('\n')
}

function pushedText(
  to: string,
  {
    sent,
    created,
    updated,
  }: { readonly sent: number; readonly created: number | null; readonly updated: number | null },
): string {
  const which = created === null ? '' : ` (${created} new, ${updated ?? 0} brought up to date)`
  return `${counted(sent, 'finding')} went to ${to}${which}`
}

function address(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return url.href
  throw new InvalidArgumentError('not an https address without user and password')
}
