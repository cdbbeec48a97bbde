/**
 * What `verify.mjs` is: the verifier of packs as one file for Node, without a dependency. docs/verifying.md
 * It reads the files that it is given and writes none.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { verifyRolled } from '../../src/evidence/verify/roll-forward.ts'
import { CliError, endWhenUnread, EXIT_FAILED, fail, progress, progressDone, result } from '../cli/output.ts'
import { describeReport } from '../cli/pack-report.ts'
import { readShared, serveBundles, withReaders } from './threads.ts'

const USAGE = `node verify.mjs PACK --key VKEY [--checkpoint FILE]... [--witness VKEY]... [--earlier PACK] [--json]

  PACK              an evidence pack
  --key VKEY        the log's verifier key, from another source than the pack
  --checkpoint FILE a checkpoint of the log that you hold; may be repeated
  --witness VKEY    of a witness that you trust: whether it cosigned; may be repeated
  --earlier PACK    a pack that you were given before: shows what changed since
  --json            print one JSON value

Exit code 0: no fault. 1: a fault of the pack, or of what was done in it, or no pack. 2: wrong arguments.`

const HOW = '(run with --help to see what it takes)'

interface Asked {
  readonly pack: string
  readonly key: string
  readonly checkpoints: readonly string[]
  readonly witnesses: readonly string[]
  readonly earlier: string | null
}

async function run(asked: Asked, json: boolean): Promise<void> {
  const began_ms = performance.now()
  const held = await Promise.all(asked.checkpoints.map(async (name) => ({ name, note: await read(name) })))
  const earlier = asked.earlier === null ? null : { name: asked.earlier, archive: await read(asked.earlier) }
  const pack = await read(asked.pack, readShared)
  const { report } = await withReaders(new URL(import.meta.url), pack, (readers) =>
    verifyRolled(nodeCrypto, pack, asked.key, {
      ...readers,
      codec: nodeZlib,
      held,
      earlier,
      witnesses: asked.witnesses,
      onProgress: (n, of) => progress(`${n} of ${of} entries`),
    }),
  )
  progressDone()
  const seconds = Math.round(performance.now() - began_ms) / 1000
  result(json, { ...report, seconds }, () => describeReport(report))
  if (!report.ok) process.exitCode = EXIT_FAILED
}

/** Null: help was asked for. @throws {CliError} `ARGUMENT_INVALID` */
function askedOf(args: string[]): Asked | null {
  const { values, positionals } = parsed(args)
  if (values.help === true) return null
  const [pack, ...more] = positionals
  if (pack === undefined || more.length > 0 || values.key === undefined)
    throw new CliError('ARGUMENT_INVALID', `one pack and --key are needed ${HOW}`)
  const { key, checkpoint: checkpoints = [], witness: witnesses = [], earlier = null } = values
  return { pack, key, checkpoints, witnesses, earlier }
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        key: { type: 'string' },
        checkpoint: { type: 'string', multiple: true },
        witness: { type: 'string', multiple: true },
        earlier: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('ARGUMENT_INVALID', `${why} ${HOW}`, { cause })
  }
}

async function read(
  file: string,
  how: (file: string) => Promise<Uint8Array> = readFile,
): Promise<Uint8Array> {
  try {
    return await how(file)
  } catch (cause) {
    throw new CliError('FILE_UNREADABLE', `${file} cannot be read: check the name and its permissions`, {
      cause,
    })
  }
}

async function main(args: string[]): Promise<void> {
  const wantsJson = args.includes('--json')
  endWhenUnread()
  try {
    const asked = askedOf(args)
    if (asked === null) process.stdout.write(`${USAGE}\n`)
    else await run(asked, wantsJson)
  } catch (error) {
    progressDone()
    fail(error, wantsJson)
  }
}

// The threads that read bundles run this file too: it is the only one.
if (isMainThread) await main(process.argv.slice(2))
else serveBundles()
