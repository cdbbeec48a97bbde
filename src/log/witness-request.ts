/**
 * The body of `add-checkpoint` (C2SP tlog-witness), written by the log and read by the witness. spec/witness.md, WIT-5.
 * @module
 */
import { base64, concat, fromBase64, fromUtf8, utf8 } from '../core/encoding.ts'
import { LogError } from './entries.ts'
import { HASH_BYTES } from './merkle.ts'

/** Room for the proof and a checkpoint with 16 post-quantum signatures, in bytes. */
export const REQUEST_BYTES_MAX = 128 * 1024
const PROOF_LINES_MAX = 63

export interface AddCheckpoint {
  /** Size of the tree that the witness cosigned last, as the log believes. */
  readonly old_size: number
  /** RFC 6962 consistency proof from there; empty from 0. */
  readonly proof: readonly Uint8Array[]
  /** The signed checkpoint. */
  readonly note: Uint8Array
}

export function formatAddCheckpoint({ old_size, proof, note }: AddCheckpoint): Uint8Array {
  const hashes = proof.map((hash) => `${base64(hash)}\n`).join('')
  return concat(utf8(`old ${old_size}\n${hashes}\n`), note)
}

/** @throws {LogError} `WITNESS_REQUEST_INVALID`. The checkpoint itself is not looked at. */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpoint {
  if (bytes.length > REQUEST_BYTES_MAX) throw invalid(`the body is over ${REQUEST_BYTES_MAX} bytes`)
  let body: string
  try {
    body = fromUtf8(bytes)
  } catch (cause) {
    throw new LogError('WITNESS_REQUEST_INVALID', 'the body is not UTF-8', { cause })
  }
  const split = body.indexOf('\n\n')
  if (split < 0) throw invalid('the body has no empty line')
  const [first = '', ...lines] = body.slice(0, split).split('\n')
  const digits = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1]
  const old_size = digits === undefined ? Number.NaN : Number(digits)
  if (!Number.isSafeInteger(old_size)) throw invalid('the first line is not "old" and a size')
  if (lines.length > PROOF_LINES_MAX) throw invalid(`the proof has over ${PROOF_LINES_MAX} lines`)
  return { old_size, proof: lines.map(hashOf), note: utf8(body.slice(split + 2)) }
}

function hashOf(line: string): Uint8Array {
  let hash: Uint8Array
  try {
    hash = fromBase64(line)
  } catch (cause) {
    throw new LogError('WITNESS_REQUEST_INVALID', 'a line of the proof is not base64', { cause })
  }
  if (hash.length !== HASH_BYTES) throw invalid('a line of the proof is not a SHA-256 hash')
  return hash
}

function invalid(message: string): LogError {
  return new LogError('WITNESS_REQUEST_INVALID', message)
}
