/**
 * Checkpoints (C2SP tlog-checkpoint): origin, size and root of the tree as a signed note. spec/log.md.
 * Invariant: no extension lines, written or read, so that one tree head has one text.
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import { base64, fromBase64 } from '../core/encoding.ts'
import { LogError } from './entries.ts'
import { HASH_BYTES } from './merkle.ts'
import { isKeyName, openNote, parseVkey, signNote } from './note.ts'

export interface Checkpoint {
  /** The log's name, a URL without a scheme; also the name of the key that signs. */
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** 32 bytes: RFC 6962 root over them. */
  readonly root: Uint8Array
}

/** @throws {LogError} `CHECKPOINT_INVALID`: origin, size or root that the format cannot carry. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isKeyName(origin))
    throw new LogError('CHECKPOINT_INVALID', 'an origin has no spaces, no + and is not empty')
  if (!Number.isSafeInteger(size) || size < 0) throw new LogError('CHECKPOINT_INVALID', 'size is not a count')
  if (root.length !== HASH_BYTES) throw new LogError('CHECKPOINT_INVALID', 'root is not a SHA-256 hash')
  return `${origin}\n${size}\n${base64(root)}\n`
}

/**
 * Reads the text of a checkpoint. Not checked: any signature.
 * @throws {LogError} `CHECKPOINT_INVALID`: malformed, or it has extension lines.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', digits = '', encoded = '', ...rest] = text.split('\n')
  if (rest.length !== 1 || rest[0] !== '') {
    throw new LogError('CHECKPOINT_INVALID', 'a checkpoint of this log has exactly three lines')
  }
  if (!isKeyName(origin)) throw new LogError('CHECKPOINT_INVALID', 'malformed origin')
  const size = /^(0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isSafeInteger(size)) throw new LogError('CHECKPOINT_INVALID', 'malformed tree size')
  let root: Uint8Array
  try {
    root = fromBase64(encoded)
  } catch (cause) {
    throw new LogError('CHECKPOINT_INVALID', 'root is not base64', { cause })
  }
  if (root.length !== HASH_BYTES) throw new LogError('CHECKPOINT_INVALID', 'root is not a SHA-256 hash')
  return { origin, size, root }
}

/**
 * The signed note of `checkpoint`; the key's name is the origin.
 * @throws {LogError} `CHECKPOINT_INVALID`; `VKEY_INVALID`: the signer is not an Ed25519 key.
 */
export function signCheckpoint(crypto: Crypto, signer: Signer, checkpoint: Checkpoint): Uint8Array {
  return signNote(crypto, formatCheckpoint(checkpoint), checkpoint.origin, signer)
}

/**
 * Verifies and reads a signed checkpoint. The origin must be the key's name: one key, one log.
 * Not checked: that the tree exists, or extends an earlier one.
 * @throws {LogError} `VKEY_INVALID`, `NOTE_INVALID`, `CHECKPOINT_INVALID`
 */
export function openCheckpoint(crypto: Crypto, note: Uint8Array, vkey: string): Checkpoint {
  const key = parseVkey(crypto, vkey)
  const checkpoint = parseCheckpoint(openNote(crypto, note, [key]).text)
  if (checkpoint.origin !== key.name) {
    throw new LogError('CHECKPOINT_INVALID', 'the checkpoint is of another log than its key')
  }
  return checkpoint
}
