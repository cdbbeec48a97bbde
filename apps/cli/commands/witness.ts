/** `countersign witness`: cosigns other people's logs. `countersign witness compare`: looks for a split view. @module */
import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { publicTiles } from '../../../src/adapters/http/tiles.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { checkSplitView, compareViews, type Comparison, type SplitView } from '../../../src/log/split-view.ts'
import { KeyStoreError } from '../../../src/ports/key-store.ts'
import { createWitness, type RunningWitness, type WitnessServerOptions } from '../../witness/server.ts'
import { CliError, EXIT_FAILED, paint, result, say, tell } from '../output.ts'
import { readJson, unwritable } from '../profile.ts'
import { askSecret, hasTerminal } from '../prompt.ts'
import { port, wantsJson } from './globals.ts'
import { givenPassphrase } from './passphrase.ts'

interface WitnessOptions {
  readonly data: string
  readonly name?: string
  readonly log: readonly string[]
  readonly host: string
  readonly port: number
  readonly passphraseFile?: string
}

interface CompareOptions {
  readonly key: string
  readonly tiles?: string
  readonly out: string
}

const many = (value: string, before: readonly string[]): string[] => [...before, value]

export function witnessCommand(program: Command): void {
  const witness = program
    .command('witness')
    .description(
      'cosign checkpoints of logs that only grow. Not for the company whose log it is, and not for its service auditor',
    )
    .option(
      '--data <dir>',
      'where its key and what it cosigned live; never restore it from a backup',
      '.witness',
    )
    .option('--name <name>', 'name of the key: a URL without scheme that you control')
    .option('--log <vkey>', 'a log that it serves, by its key; may be given again', many, [])
    .option('--host <address>', 'address to bind', '127.0.0.1')
    .option('--port <port>', 'port to bind, 0 for any', port, 7410)
    .option('--passphrase-file <file>', 'holds the passphrase of the key file; or COUNTERSIGN_PASSPHRASE')
    .action(async (options: WitnessOptions, command: Command) => serve(options, wantsJson(command)))
  witness
    .command('compare')
    .description('two checkpoints of one log: of one history, or a split view')
    .argument('<first>', 'file with a checkpoint')
    .argument('<second>', 'file with another')
    .requiredOption('--key <vkey>', 'the key of the log')
    .option('--tiles <url|dir>', 'where the tiles of the larger tree are; not wanted for two of one size')
    .option('--out <file>', 'where evidence of a split view is written', 'split-view.json')
    .action(async (first: string, second: string, options: CompareOptions, command: Command) =>
      compare([first, second], options, wantsJson(command)),
    )
  witness
    .command('check')
    .description('whether a file is evidence of a split view')
    .argument('<file>', 'what compare, or a witness, wrote')
    .requiredOption('--key <vkey>', 'the key of the log, from whom you trust')
    .action(async (file: string, { key }: { key: string }, command: Command) => {
      const proven = checkSplitView(nodeCrypto, await readJson(file), key)
      result(wantsJson(command), { ok: true, split_view: proven }, () =>
        proven
          ? `${paint('red', 'SPLIT_VIEW')} the holder of this key signed two histories`
          : 'no evidence of anything',
      )
      if (!proven) process.exitCode = EXIT_FAILED
    })
}

async function serve(options: WitnessOptions, json: boolean): Promise<void> {
  const { name, log: logs, data: dataDir, host, port: wanted } = options
  if (name === undefined)
    throw new CliError(
      'ARGUMENT_INVALID',
      '--name is wanted, and stands in every cosignature: give a URL without scheme that you control, such as ' +
        '--name witness.example.org',
    )
  if (logs.length === 0)
    throw new CliError(
      'ARGUMENT_INVALID',
      '--log is wanted, the key of a log to cosign: give the line "log key" that its "countersign start" prints',
    )
  const witness = await startUnlocked({
    dataDir,
    name,
    logs,
    host,
    port: wanted,
    ...(await givenPassphrase(options)),
    onEncrypted: (file) => tell(`${file} is encrypted now`),
    report: tell,
  })
  const { url, vkey } = witness
  result(json, { url, vkey }, () =>
    [
      `${paint('green', 'witness')} at ${paint('bold', url)} for ${logs.length} log${logs.length === 1 ? '' : 's'}`,
      `vkey    ${vkey}`,
      'What you cosign, you answer for. The company whose log this is cannot be its own witness, and its service auditor',
      'must not run one: an auditor who operates a control is not independent of it.',
    ].join('\n'),
  )
  const asked = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.resolve())
  await asked.promise
  await witness.close()
  if (!json) say('stopped')
}

/** Asks for the passphrase where somebody can answer. */
async function startUnlocked(options: WitnessServerOptions): Promise<RunningWitness> {
  try {
    return await createWitness(options)
  } catch (error) {
    if (!(error instanceof KeyStoreError) || error.code !== 'KEY_LOCKED' || !hasTerminal()) throw error
    return createWitness({ ...options, passphrase: await askSecret('passphrase of the key file: ') })
  }
}

async function compare(
  files: readonly [string, string],
  options: CompareOptions,
  json: boolean,
): Promise<void> {
  const notes = await Promise.all([readNote(files[0]), readNote(files[1])])
  const { tiles: where = '.', key } = options
  const tiles = /^https?:/.test(where) ? publicTiles(where) : fsTileStore(where)
  const compared = await compareViews(nodeCrypto, key, notes, tiles)
  if (compared.kind === 'SPLIT_VIEW') await writeEvidence(options.out, compared.evidence)
  const ok = compared.kind === 'consistent'
  const file = compared.kind === 'SPLIT_VIEW' ? { evidence: options.out } : {}
  result(json, { ok, result: compared.kind, ...file }, () => said(compared, options.out))
  if (!ok) process.exitCode = EXIT_FAILED
}

function said({ kind }: Comparison, out: string): string {
  switch (kind) {
    case 'consistent':
      return `${paint('green', 'consistent')} one history has both`
    case 'SPLIT_VIEW':
      return `${paint('red', 'SPLIT_VIEW')} the log signed two histories: both checkpoints and the proof are in ${out}`
    case 'unknown':
      return `${paint('yellow', 'unknown')} these tiles are not those of the larger tree: give --tiles where it is served`
  }
}

async function readNote(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    throw new CliError('FILE_UNREADABLE', `${path} cannot be read`, { cause })
  }
}

async function writeEvidence(path: string, evidence: SplitView): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(evidence, null, 2)}\n`, { flag: 'wx' })
  } catch (cause) {
    throw unwritable(path, cause)
  }
}
