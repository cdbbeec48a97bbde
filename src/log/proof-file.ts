/**
 * Proofs that stand alone (C2SP tlog-proof): index, inclusion proof and the checkpoint that it leads to, as one text
 * file. spec/log.md, LOG-37.
 * Invariant: pure; what a file says is handed out only once it has verified, its extra data apart, which nobody signed.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { base64, fromBase64, fromUtf8, utf8 } from '../core/encoding.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import { HASH_BYTES, leafHash, PROOF_HASHES_MAX, verifyInclusion } from './merkle.ts'
import { NOTE_BYTES_MAX } from './note.ts'

export const PROOF_FILE_TYPE = 'c2sp.org/tlog-proof@v1'
/** The most extra data, in bytes: an entry's openings fit. */
export const EXTRA_BYTES_MAX = 64 * 1024
/** Base64 of the extra data, the hashes and the other lines, before the checkpoint. */
const PROOF_BYTES_MAX = Math.ceil(EXTRA_BYTES_MAX / 3) * 4 + (PROOF_HASHES_MAX + 3) * 64

export interface LogProof {
  /** Of the entry. */
  readonly index: number
  /** From the leaf's sibling up. */
  readonly proof: readonly Uint8Array[]
  /** The signed note, as the log serves it. */
  readonly checkpoint: Uint8Array
  /** Whatever goes with it. Covered by no signature. */
  readonly extra?: Uint8Array
}

/** @throws {LogError} `PROOF_INVALID`: what the format cannot carry */
export function formatProof({ index, proof, checkpoint, extra }: LogProof): Uint8Array {
  if (!Number.isSafeInteger(index) || index < 0) throw invalid('the index is not one of an entry')
  if (proof.length > PROOF_HASHES_MAX || proof.some((hash) => hash.length !== HASH_BYTES))
    throw invalid('the proof is not a list of SHA-256 hashes')
  if (extra !== undefined && extra.length > EXTRA_BYTES_MAX)
    throw invalid(`extra data over ${EXTRA_BYTES_MAX} bytes`)
  const lines = [
    PROOF_FILE_TYPE,
    ...(extra === undefined ? [] : [`extra ${base64(extra)}`]),
    `index ${index}`,
    ...proof.map(base64),
  ]
  return utf8(`${lines.join('\n')}\n\n${fromUtf8(checkpoint)}`)
}

/**
 * Reads a file. Not checked: the proof, and any signature.
 * @throws {LogError} `PROOF_INVALID`
 */
export function parseProof(bytes: Uint8Array): LogProof {
  if (bytes.length > PROOF_BYTES_MAX + NOTE_BYTES_MAX) throw invalid('the file is too large')
  const text = textOf(bytes)
  const end = text.indexOf('\n\n')
  const [type, ...lines] = text.slice(0, Math.max(0, end)).split('\n')
  if (type !== PROOF_FILE_TYPE) throw invalid(`the file does not begin with ${PROOF_FILE_TYPE}`)
  const extra = lines[0]?.startsWith('extra ') === true ? decode(lines.shift()?.slice(6) ?? '') : undefined
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '') ?? []
  const index = Number(digits)
  if (!Number.isSafeInteger(index)) throw invalid('the file does not say the index of the entry')
  if (lines.length > PROOF_HASHES_MAX) throw invalid('the proof has more hashes than any tree needs')
  const proof = lines.map(decode)
  if (proof.some((hash) => hash.length !== HASH_BYTES)) throw invalid('a line of the proof is not a hash')
  if (extra !== undefined && extra.length > EXTRA_BYTES_MAX) throw invalid('the extra data is too large')
  const checkpoint = utf8(text.slice(end + 2))
  return extra === undefined ? { index, proof, checkpoint } : { index, proof, checkpoint, extra }
}

export interface ProvenEntry {
  readonly index: number
  readonly checkpoint: Checkpoint
  /** The note, for those who also want its cosignatures. */
  readonly note: Uint8Array
  /** Covered by no signature: trust it only as far as it leads to the entry. */
  readonly extra?: Uint8Array
}

/**
 * That `entry` is in the log of the key, at the index that the file says.
 * @throws {LogError} `PROOF_INVALID`; `VKEY_INVALID`, `NOTE_INVALID`, `CHECKPOINT_INVALID`
 */
export function verifyProof(crypto: Crypto, file: Uint8Array, entry: Uint8Array, vkey: string): ProvenEntry {
  const { index, proof, checkpoint: note, extra } = parseProof(file)
  const checkpoint = openCheckpoint(crypto, note, vkey)
  const leaf = leafHash(crypto, entry)
  if (!verifyInclusion(crypto, { ...checkpoint, index, leaf, proof }))
    throw invalid(`the proof does not lead from this entry at ${index} to the signed root`)
  return { index, checkpoint, note, ...(extra === undefined ? {} : { extra }) }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new LogError('PROOF_INVALID', 'the file is not text', { cause })
  }
}

function decode(line: string): Uint8Array {
  try {
    return fromBase64(line)
  } catch (cause) {
    throw new LogError('PROOF_INVALID', 'a line of the proof is not base64', { cause })
  }
}

function invalid(message: string): LogError {
  return new LogError('PROOF_INVALID', message)
}
