/**
 * `countersign log …`: what an auditor does with a published log. Exit codes of `verify` and `verify-proof`: 0 it holds,
 * 1 it does not, 2 it could not be checked. spec/log.md.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { tokenImprint } from '../../../src/adapters/tsa/token.ts'
import { base64, fromUtf8, utf8 } from '../../../src/core/encoding.ts'
import { openCheckpoint, type Checkpoint } from '../../../src/log/checkpoint.ts'
import { LogError } from '../../../src/log/entries.ts'
import { exportLog } from '../../../src/log/export.ts'
import { findEntry, type FoundEntry } from '../../../src/log/lookup.ts'
import { formatProof, verifyProof } from '../../../src/log/proof-file.ts'
import { CHECKPOINT_PATH } from '../../../src/log/tiles.ts'
import { verifyLog, type HeldCheckpoint, type LogReport } from '../../../src/log/verify.ts'
import { outsideRules, readTrust, trustOptions, type Outside, type TrustOptions } from '../log-outside.ts'
import { checkedKey, openLog, openSource, type SourceOptions } from '../log-source.ts'
import { CliError, EXIT_FAILED, EXIT_USAGE, fail, paint, progress, progressDone, result } from '../output.ts'
import { unwritable } from '../profile.ts'
import { collect, globals, wantsJson } from './globals.ts'

/** @returns the group, for what belongs to it and lies elsewhere */
export function logCommands(program: Command): Command {
  const log = program.command('log').description('the published log: verify, copy, prove')
  verifyCommand(log)
  exportCommand(log)
  lookupCommands(log)
  verifyProofCommand(log)
  return log
}

interface VerifyOptions extends TrustOptions {
  readonly key: string
  readonly from?: readonly string[]
  readonly s3Endpoint?: string
  readonly details?: true
}

function verifyCommand(log: Command): void {
  const verifying = log
    .command('verify')
    .description('recompute a whole log: every entry, tile and checkpoint; names the first that is wrong')
    .argument('<where>', 'URL of its files, s3://bucket/prefix, directory that holds them, or evidence pack')
    .requiredOption('--key <vkey>', "the log's verifier key, from another source than the log")
    .option('--from <file>', 'checkpoint that you hold and that it must extend; may be repeated', collect)
    .option('--s3-endpoint <url>', 'with s3://…: an S3-compatible service other than AWS')
  trustOptions(verifying)
    .option(
      '--details',
      'with --json: also origin, root, who cosigned, anchors, and what was held against it',
    )
    .action(async (where: string, options: VerifyOptions, command: Command) => {
      const json = wantsJson(command)
      const verified = await orCannot(json, () => verify(where, options, command))
      if (verified === null) return
      const { report, outside } = verified
      const value =
        report.ok && options.details === undefined ? bare(report) : { ...full(report), ...outside.details() }
      result(json, value, () => describe(report, options.from?.length ?? 0, outside.describe()))
      if (!report.ok) process.exitCode = EXIT_FAILED
    })
}

async function verify(
  where: string,
  options: VerifyOptions,
  command: Command,
): Promise<{ report: LogReport; outside: Outside }> {
  const vkey = checkedKey(options.key)
  const trust = await readTrust(options, vkey)
  const given = await Promise.all((options.from ?? []).map(heldCheckpoint))
  const log = await openLog(where, globals(command).profile, options.s3Endpoint)
  try {
    // Before the checkpoint is read, which is then of every tree that the index of anchors knows.
    const outside = await outsideRules(trust, log)
    const report = await verifyLog(nodeCrypto, log.store, {
      vkey,
      from: [...log.held, ...given],
      ...outside.rules,
      onProgress: (n, of) => progress(`${n} of ${of} entries`),
    })
    return { report, outside }
  } finally {
    progressDone()
    log.close()
  }
}

/** A fault of the log is an answer; what stopped us from looking at it is said, with an exit code of its own. */
async function orCannot<T>(json: boolean, check: () => Promise<T>): Promise<T | null> {
  try {
    return await check()
  } catch (error) {
    fail(error, json)
    process.exitCode = EXIT_USAGE
    return null
  }
}

async function heldCheckpoint(name: string): Promise<HeldCheckpoint> {
  return { name, note: await readBytes(name) }
}

function bare({ ok, size, entries_checked, entries_pruned }: LogReport): object {
  return { ok, size, entries_checked, ...(entries_pruned === 0 ? {} : { entries_pruned }) }
}

function full(report: LogReport): object {
  const { origin, root, faults, faults_n } = report
  return { ...bare(report), origin, root: base64(root), faults, faults_n }
}

function describe(report: LogReport, held: number, outside = ''): string {
  const { origin, size, entries_checked, entries_pruned, faults, faults_n } = report
  if (report.ok) {
    const extended =
      held === 0 ? '' : `; it extends the ${held === 1 ? 'checkpoint' : `${held} checkpoints`} given`
    const gone = entries_pruned === 0 ? '' : `, and the hashes of ${entries_pruned} that it says were pruned`
    return `${paint('green', 'ok')} ${origin}: ${entries_checked} entries, all in the signed tree of ${size}${gone}${extended}${outside}`
  }
  return [
    `${paint('red', 'FAIL')} ${origin}: ${entries_checked} of ${size} entries are in the signed tree`,
    ...faults.map(({ code, message, index, path }) => {
      const place = [index === undefined ? [] : `entry ${index}`, path ?? []].flat().join(', ')
      return paint('red', `     ${code}: ${message}${place === '' ? '' : ` [${place}]`}`)
    }),
    ...(faults_n > faults.length ? [`     and ${faults_n - faults.length} more`] : []),
  ].join('\n')
}

/** Options of the commands that read the log of a control plane. */
export function fromSource(command: Command): Command {
  return command
    .option('--from-url <url>', 'read the log under this URL instead of the control plane of the profile')
    .option('--data <dir>', 'read the log of the control plane whose data folder this is')
    .option('--key <vkey>', "the log's verifier key; the control plane of the profile is asked if not given")
}

function exportCommand(log: Command): void {
  fromSource(
    log
      .command('export')
      .description('copy the log into a directory that any C2SP tlog-tiles client reads, and verify the copy')
      .argument('<dir>', 'where to; a copy that is there is brought up to date'),
  ).action(async (dir: string, options: SourceOptions, command: Command) => {
    const { store, vkey } = await openSource(options, globals(command).profile)
    const { report, ...files } = await exportLog(nodeCrypto, store, fsTileStore(dir), {
      vkey,
      imprint: tokenImprint,
      onCopied: (n, of) => progress(`${n} of ${of} files`),
      onVerified: (n, of) => progress(`${n} of ${of} entries verified`),
    }).finally(progressDone)
    const text = (): string =>
      report.ok
        ? `${paint('green', 'exported')} ${report.size} entries to ${dir} (${files.files_written} files written, ${files.files_kept} were there)`
        : `${describe(report, 0)}\nThe checkpoint was not written. Remove what is named, and run it again.`
    result(wantsJson(command), report.ok ? { ...bare(report), dir, ...files } : full(report), text)
    if (!report.ok) process.exitCode = EXIT_FAILED
  })
}

interface LookupOptions extends SourceOptions {
  readonly out?: string
  readonly extra?: string
}

function lookupCommands(log: Command): void {
  fromSource(log.command('checkpoint').description('the latest checkpoint, once its signature has verified'))
    .option('-o, --out <file>', 'write it there, to hold it against the log later')
    .action(async (options: LookupOptions, command: Command) => {
      const { note, checkpoint } = await openHead(options, command)
      if (options.out !== undefined) await write(options.out, note)
      const { origin, size, root } = checkpoint
      result(wantsJson(command), { origin, size, root: base64(root), note: fromUtf8(note) }, () =>
        fromUtf8(note).trimEnd(),
      )
    })
  fromSource(log.command('entry').description('one entry, once its proof has verified'))
    .argument('<index>', 'of the entry', index)
    .option('-o, --out <file>', 'write the bytes of the entry there')
    .action(async (at: number, options: LookupOptions, command: Command) => {
      const { found, checkpoint } = await lookUp(at, options, command)
      if (options.out !== undefined) await write(options.out, found.bytes)
      const entry = fromUtf8(found.bytes)
      const value = { index: at, size: checkpoint.size, entry: JSON.parse(entry) as unknown }
      result(wantsJson(command), value, () => entry)
    })
  fromSource(log.command('proof').description('a proof of one entry that stands alone (C2SP tlog-proof)'))
    .argument('<index>', 'of the entry', index)
    .option('-o, --out <file>', 'write it there, by custom with the ending .tlog-proof')
    .option('--extra <text>', 'goes with the proof; nobody signs it')
    .action(async (at: number, options: LookupOptions, command: Command) => {
      const { found, checkpoint, note } = await lookUp(at, options, command)
      const extra = options.extra === undefined ? {} : { extra: utf8(options.extra) }
      const file = formatProof({ index: at, proof: found.proof, checkpoint: note, ...extra })
      if (options.out !== undefined) await write(options.out, file)
      result(wantsJson(command), { index: at, size: checkpoint.size, proof: fromUtf8(file) }, () =>
        fromUtf8(file).trimEnd(),
      )
    })
}

interface Head {
  readonly store: Awaited<ReturnType<typeof openSource>>['store']
  readonly vkey: string
  readonly note: Uint8Array
  readonly checkpoint: Checkpoint
}

async function openHead(options: SourceOptions, command: Command): Promise<Head> {
  const { store, vkey } = await openSource(options, globals(command).profile)
  const note = await store.read(CHECKPOINT_PATH)
  if (note === null) throw new LogError('TILE_MISSING', 'the log has no checkpoint')
  return { store, vkey, note, checkpoint: openCheckpoint(nodeCrypto, note, vkey) }
}

/** Verifies what it finds: a source that lies is no source. */
async function lookUp(
  at: number,
  options: SourceOptions,
  command: Command,
): Promise<Head & { readonly found: FoundEntry }> {
  const head = await openHead(options, command)
  if (at >= head.checkpoint.size)
    throw new CliError('ARGUMENT_INVALID', `the log has ${head.checkpoint.size} entries, the first is 0`)
  const found = await findEntry(nodeCrypto, head.store, at, head.checkpoint.size)
  const file = formatProof({ index: at, proof: found.proof, checkpoint: head.note })
  verifyProof(nodeCrypto, file, found.bytes, head.vkey)
  return { ...head, found }
}

function verifyProofCommand(log: Command): void {
  log
    .command('verify-proof')
    .description('check a tlog-proof file offline')
    .argument('<file>', 'that log proof wrote')
    .requiredOption('--entry <file>', 'the bytes of the entry, as log entry --out wrote them')
    .requiredOption('--key <vkey>', "the log's verifier key, from another source than the proof")
    .action(async (file: string, options: { entry: string; key: string }, command: Command) => {
      const json = wantsJson(command)
      const read = await orCannot(json, async () => ({
        vkey: checkedKey(options.key),
        proof: await readBytes(file),
        entry: await readBytes(options.entry),
      }))
      if (read === null) return
      const { index: at, checkpoint } = verifyProof(nodeCrypto, read.proof, read.entry, read.vkey)
      const { origin, size } = checkpoint
      result(
        json,
        { ok: true, origin, index: at, size },
        () => `${paint('green', 'ok')} entry ${at} of ${origin}, in its tree of ${size}`,
      )
    })
}

function index(text: string): number {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('not the index of an entry')
  return value
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new CliError('FILE_UNREADABLE', `${file} cannot be read`, { cause })
  }
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx' }) // what was kept before is evidence
  } catch (cause) {
    throw unwritable(file, cause)
  }
}
