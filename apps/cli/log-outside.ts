/**
 * Whom an auditor trusts besides the log's key, from the options of `log verify`, and what that asks of the log.
 * spec/log.md, LOG-41 and LOG-42.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { tokenReader } from '../../src/adapters/tsa/token.ts'
import { rfc3339 } from '../../src/core/time.ts'
import type { AnchorTrust } from '../../src/log/anchor-files.ts'
import { parseCosignerVkey, type Cosignature } from '../../src/log/cosignature.ts'
import { LogError } from '../../src/log/entries.ts'
import { parseVkey } from '../../src/log/note.ts'
import { anchorRules, cosignedBy, type AnchorRules } from '../../src/log/outside.ts'
import { kOfN, parsePolicy, type Policy } from '../../src/log/policy.ts'
import type { VerifyLogOptions } from '../../src/log/verify.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { collect } from './commands/globals.ts'
import type { OpenedLog } from './log-source.ts'
import { CliError } from './output.ts'

export interface TrustOptions {
  readonly witness?: readonly string[]
  readonly quorum?: number
  readonly policy?: string
  readonly tsaRoot?: readonly string[]
  readonly anchored?: true
}

export function trustOptions(command: Command): Command {
  return command
    .option('--witness <vkey>', 'of a witness that you trust; may be repeated', collect)
    .option('--quorum <k>', 'how many of them must have cosigned the checkpoint: all, if not given', quorum)
    .option('--policy <file>', 'C2SP tlog-policy with the witnesses and the quorum, instead')
    .option(
      '--tsa-root <pem>',
      'file with roots of time stamp authorities that you trust; may be repeated',
      collect,
    )
    .option('--anchored', 'an error if nothing that you trust anchors the log, or nothing did for 24 hours')
}

/** Null: nobody was named, so nothing besides the log is looked at. */
export type Trust = (AnchorTrust & { readonly policy: Policy | null; readonly anchored: boolean }) | null

/** @throws {CliError} `ARGUMENT_INVALID`, `FILE_UNREADABLE`. {LogError} `POLICY_INVALID` */
export async function readTrust(options: TrustOptions, vkey: string): Promise<Trust> {
  const { tsaRoot = [], anchored = false } = options
  const policy = await readPolicy(options, vkey)
  if (policy === null && tsaRoot.length === 0) {
    if (anchored)
      throw invalid('--anchored: name whom you trust as well, with --witness, --policy or --tsa-root')
    return null
  }
  const roots = await Promise.all(tsaRoot.map((file) => readGiven(file)))
  const cosigners = policy?.witnesses.map(({ key }) => key) ?? []
  return { crypto: nodeCrypto, vkey, cosigners, tokens: tokensOf(roots), policy, anchored }
}

async function readPolicy(options: TrustOptions, vkey: string): Promise<Policy | null> {
  const { witness = [], quorum: k, policy: file } = options
  if (file === undefined) {
    if (witness.length > 0) return kOfN(k ?? witness.length, witness.map(witnessOf))
    if (k !== undefined) throw invalid('--quorum is of those that --witness names')
    return null
  }
  if (witness.length > 0 || k !== undefined)
    throw invalid('give --policy, or --witness with --quorum, not both')
  const policy = parsePolicy(nodeCrypto, await readGiven(file))
  const { x } = parseVkey(nodeCrypto, vkey).key
  if (policy.logs.length > 0 && !policy.logs.some(({ key }) => key.x === x))
    throw invalid('--policy names logs, and not the one of --key')
  return policy
}

function witnessOf(vkey: string): Policy['witnesses'][number] {
  try {
    return { key: parseCosignerVkey(nodeCrypto, vkey), url: null }
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    throw new CliError('ARGUMENT_INVALID', `--witness: ${cause.message}`, { cause })
  }
}

function tokensOf(roots: readonly Buffer[]): AnchorTrust['tokens'] {
  if (roots.length === 0) return null
  try {
    const pems = roots.map((pem) => pem.toString())
    for (const pem of pems) tokenReader(pem) // each file holds one at least
    return tokenReader(pems.join('\n'))
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    throw new CliError('ARGUMENT_INVALID', `--tsa-root: ${cause.message}`, { cause })
  }
}

export interface Outside {
  readonly rules: Pick<VerifyLogOptions, 'beginnings' | 'checkpointRules' | 'entryRules'>
  /** Members for reports, once the log was verified. */
  readonly details: () => object
  /** What to add when all of it holds. */
  readonly describe: () => string
}

/** @throws {LogError} `LOG_UNAVAILABLE` */
export async function outsideRules(trust: Trust, log: OpenedLog): Promise<Outside> {
  if (trust === null) return { rules: {}, details: () => ({}), describe: () => '' }
  let cosigned: readonly Cosignature[] = []
  const anchors = await anchorRules(log.store, {
    trust,
    required: trust.anchored,
    ...(log.isLive ? { end_ms: systemClock.now() } : {}),
  })
  const cosignatures =
    trust.policy === null
      ? []
      : [
          cosignedBy(nodeCrypto, trust.policy, (found) => {
            cosigned = found
          }),
        ]
  return {
    rules: {
      checkpointRules: [...cosignatures, anchors.checkpointRule],
      entryRules: [anchors.entryRule],
      beginnings: anchors.beginnings,
    },
    details: () => ({ cosigners: cosigned.map(cosignerOf), anchors: anchorsOf(anchors) }),
    describe: () => {
      const by =
        cosigned.length === 0 ? 'nobody that you trust' : cosigned.map((each) => each.by.name).join(', ')
      const n = anchors.trusted.length
      const within = n === 0 ? '' : `; within ${n === 1 ? 'its anchor' : `its ${n} anchors`}`
      return `${trust.policy === null ? '' : `; cosigned by ${by}`}${within}`
    },
  }
}

function cosignerOf({ by, time_s }: Cosignature): object {
  return { name: by.name, id: by.id, at: rfc3339(time_s * 1000) }
}

function anchorsOf({ trusted, refused, report }: AnchorRules): object {
  const gaps = report()?.gaps ?? []
  return {
    trusted: trusted.map(({ kind, by, size, at_ms, sha256 }) => ({
      kind,
      by,
      size,
      at: rfc3339(at_ms),
      sha256,
    })),
    refused: refused.map(({ line, why }) => ({ ...line, at: rfc3339(line.at * 1000), why })),
    gaps: gaps.map(({ from_ms, to_ms }) => ({ from: rfc3339(from_ms), to: rfc3339(to_ms) })),
  }
}

function quorum(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('not a number of witnesses')
  return Number(text)
}

async function readGiven(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new CliError('FILE_UNREADABLE', `${file} cannot be read`, { cause })
  }
}

function invalid(message: string): CliError {
  return new CliError('ARGUMENT_INVALID', message)
}
