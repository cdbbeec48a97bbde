/**
 * The witness, composed: a key file, one folder of state an origin, HTTP. It imports the log's proofs and nothing of the
 * control plane, so that another party runs it and answers for it. spec/witness.md.
 * @module
 */
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { replaceFile } from '../../src/adapters/fs/files.ts'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url, fromUtf8, utf8 } from '../../src/core/encoding.ts'
import { CountersignError } from '../../src/core/errors.ts'
import { formatCosignerVkey } from '../../src/log/cosignature.ts'
import { LogError } from '../../src/log/entries.ts'
import { formatVkey, parseNote, parseVkey, type NoteKey } from '../../src/log/note.ts'
import { sameSizeSplit } from '../../src/log/split-view.ts'
import { Witness, type Contradiction } from '../../src/log/witness.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import { witnessApp } from './app.ts'

/** Whoever asks is a stranger: how long a request may take, in milliseconds, and how many are open at once. */
const REQUEST_MS_MAX = 10_000
const CONNECTIONS_MAX = 256
/** WIT-8: files of one kind and origin, so that a log with a stolen key does not fill the disk. */
const EVIDENCE_MAX = 64

export interface WitnessServerOptions {
  readonly dataDir: string
  readonly name: string
  /** Vkeys of the logs. */
  readonly logs: readonly string[]
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Of the key file (KEY-10). */
  readonly passphrase?: string
  readonly onEncrypted?: (file: string) => void
  readonly clock?: Clock
  /** Hears of faults and of evidence that was written. */
  readonly report: (message: string) => void
}

export interface RunningWitness {
  readonly url: string
  readonly vkey: string
  close(): Promise<void>
}

export type WitnessServerErrorCode = 'ADDRESS_UNAVAILABLE' | 'PORT_IN_USE'
export class WitnessServerError extends CountersignError<WitnessServerErrorCode> {}

/** @throws {KeyStoreError}, {LogError}, {WitnessServerError} */
export async function createWitness(options: WitnessServerOptions): Promise<RunningWitness> {
  const { dataDir, name, report } = options
  const logs = options.logs.map((vkey) => parseVkey(nodeCrypto, vkey))
  const keys = await openFsKeyStore(join(dataDir, 'keys'), {
    crypto: nodeCrypto,
    passphrase: options.passphrase ?? null,
    ...(options.onEncrypted === undefined ? {} : { onEncrypted: options.onEncrypted }),
  })
  const witness = new Witness({
    crypto: nodeCrypto,
    clock: options.clock ?? systemClock,
    name,
    signer: nodeCrypto.signer(await keys.first('witness')),
    logs,
    stateOf: (origin) => fsCheckpointLock(join(dataDir, 'origins', folderOf(origin))),
    onContradiction: evidenceWriter(join(dataDir, 'evidence'), logs, report),
  })
  await started(witness)
  const { fetch } = witnessApp(witness, (error) => report(error instanceof Error ? error.message : 'fault'))
  const server = createAdaptorServer({ fetch }) as Server
  server.requestTimeout = REQUEST_MS_MAX
  server.headersTimeout = REQUEST_MS_MAX
  server.maxConnections = CONNECTIONS_MAX
  try {
    const url = await listen(server, options.host, options.port)
    return { url, vkey: formatCosignerVkey(witness.key), close: () => close(server, witness) }
  } catch (cause) {
    await witness.stop()
    throw cause
  }
}

async function started(witness: Witness): Promise<void> {
  try {
    await witness.start()
  } catch (cause) {
    if (!(cause instanceof LogError) || cause.code !== 'LOG_LOCKED') throw cause
    throw new LogError('LOG_LOCKED', 'another process is this witness: stop it first', { cause })
  }
}

/** Origins may hold what a path may not. */
function folderOf(origin: string): string {
  return base64url(nodeCrypto.sha256(utf8(origin)))
}

/**
 * WIT-8: one file for each checkpoint that contradicts, named by the hash of its text, which only the log can vary. What
 * strangers add to a note makes no other file, and what they hold back from a proof leaves the proofs of forks their own
 * room. A failure to write one refuses no request.
 */
function evidenceWriter(
  folder: string,
  logs: readonly NoteKey[],
  report: (message: string) => void,
): (found: Contradiction) => Promise<void> {
  const kinds = new Map<string, Set<string>>()
  return async (found) => {
    const kind = `${found.isProof ? 'proof' : 'unproven'} ${found.origin}`
    const written = kinds.get(kind) ?? new Set()
    kinds.set(kind, written)
    const file = `${base64url(nodeCrypto.sha256(utf8(parseNote(found.submitted).text)))}.json`
    if (written.has(file)) return
    const isFull = written.size >= EVIDENCE_MAX
    if (isFull && !found.isProof) return
    const path = join(folder, file)
    const bytes = utf8(`${JSON.stringify(evidenceOf(found, logs), null, 2)}\n`)
    const what = found.isProof
      ? 'SPLIT_VIEW: the log signed two trees of one size'
      : 'no consistency was shown'
    if (isFull) {
      report(
        `${found.origin}: ${what}; there is evidence of ${EVIDENCE_MAX} in ${folder}, and no more is kept`,
      )
      return
    }
    written.add(file)
    try {
      await replaceFile(path, bytes, { file: 0o600, dir: 0o700 })
      report(`${found.origin}: ${what}; evidence in ${path}`)
    } catch {
      report(`${found.origin}: ${what}; the evidence could not be written to ${path}`)
    }
  }
}

/** Evidence that anyone checks (WIT-12) where there is any; else both notes as they are. */
function evidenceOf({ origin, cosigned, submitted }: Contradiction, logs: readonly NoteKey[]): unknown {
  for (const key of logs.filter(({ name }) => name === origin)) {
    try {
      const split = sameSizeSplit(nodeCrypto, formatVkey(key), [cosigned, submitted])
      if (split) return split
    } catch (cause) {
      if (!(cause instanceof LogError)) throw cause // signed by another key of the origin, or with extension lines
    }
  }
  return { v: 1, kind: 'unproven', cosigned: fromUtf8(cosigned), submitted: fromUtf8(submitted) }
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isUsed = cause.code === 'EADDRINUSE'
      const message = isUsed
        ? `another process listens on ${host}:${port}: stop it, or choose another --port`
        : `cannot listen on ${host}:${port} (${cause.code ?? 'unknown'})`
      reject(new WitnessServerError(isUsed ? 'PORT_IN_USE' : 'ADDRESS_UNAVAILABLE', message, { cause }))
    })
    server.listen(port, host, () => {
      const { address, family, port: bound } = server.address() as AddressInfo
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`)
    })
  })
}

async function close(server: Server, witness: Witness): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  await witness.stop()
}
