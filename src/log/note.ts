/**
 * Signed notes (C2SP signed-note) with Ed25519 keys (signature type 0x01). spec/log.md.
 * Invariant: the text of a note is handed out only when a known key's signature over it has verified.
 * @module
 */
import type { Crypto, OkpPublicJwk, Signer } from '../core/crypto.ts'
import {
  base64,
  base64url,
  concat,
  fromBase64,
  fromBase64url,
  fromUtf8,
  hex,
  utf8,
} from '../core/encoding.ts'
import { publicJwk } from '../core/jwk.ts'
import { LogError } from './entries.ts'

/** The largest note we read, in bytes: room for 100 signatures, post-quantum ones (5 kB) among them. */
export const NOTE_BYTES_MAX = 512 * 1024
/** Signature lines of a note. C2SP wants at least 16 to be accepted. */
export const NOTE_SIGNATURES_MAX = 100
/** The name of a key in a vkey or a signature line, in UTF-16 units. */
const KEY_NAME_LENGTH_MAX = 256
/** Signature types (C2SP signed-note): of a log's own key, and of a cosigner's (tlog-cosignature). */
const ED25519 = 0x01
export const COSIGNATURE_TYPE = 0x04
const SIGNATURE_PREFIX = '\u2014 '
const KEY_NAME = /^[^\s+\p{Cc}]+$/u

/** A key whose signatures we know. Written as `<name>+<8 hex digits of id>+<base64(0x01 || public key)>`. */
export interface NoteKey {
  readonly name: string
  /** 8 hex digits: SHA-256(name || "\n" || 0x01 || public key), first four bytes. */
  readonly id: string
  readonly key: OkpPublicJwk
}

/** @throws {LogError} `VKEY_INVALID`: a name with spaces or `+`, or a key that is not Ed25519. */
export function noteKey(crypto: Crypto, name: string, key: Signer['publicJwk']): NoteKey {
  if (!isKeyName(name)) throw new LogError('VKEY_INVALID', 'a key name is not empty and has no spaces or +')
  if (key.kty !== 'OKP') throw new LogError('VKEY_INVALID', 'notes are signed with Ed25519 keys')
  return { name, id: keyId(crypto, name, ED25519, fromBase64url(key.x)), key }
}

export function formatVkey(key: NoteKey): string {
  return `${key.name}+${key.id}+${base64(concat(Uint8Array.of(ED25519), fromBase64url(key.key.x)))}`
}

/** @throws {LogError} `VKEY_INVALID`: malformed, not Ed25519, a weak key, or an id that is not the key's. */
export function parseVkey(crypto: Crypto, vkey: string): NoteKey {
  return parseTypedVkey(crypto, vkey, ED25519)
}

/** A vkey of the given signature type. @throws {LogError} `VKEY_INVALID` */
export function parseTypedVkey(crypto: Crypto, vkey: string, type: number): NoteKey {
  const [, name = '', id, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(vkey) ?? []
  if (!isKeyName(name)) throw new LogError('VKEY_INVALID', 'not a vkey: <name>+<8 hex digits>+<base64>')
  const bytes = fromBase64(encoded) // 44 characters without padding: 33 bytes, always canonical
  if (bytes[0] !== type) throw new LogError('VKEY_INVALID', `the key of this vkey is not of type ${type}`)
  if (keyId(crypto, name, type, bytes.subarray(1)) !== id)
    throw new LogError('VKEY_INVALID', 'the id of this vkey does not belong to its name and key')
  try {
    const key = publicJwk({ kty: 'OKP', crv: 'Ed25519', x: base64url(bytes.subarray(1)) })
    if (key.kty === 'OKP') return { name, id, key }
  } catch (cause) {
    throw new LogError('VKEY_INVALID', 'the public key of this vkey is malformed or weak', { cause })
  }
  throw new LogError('VKEY_INVALID', 'the public key of this vkey is not Ed25519')
}

/**
 * Signs `text`, which ends with a newline.
 * @throws {LogError} `NOTE_INVALID`: the text has no final newline, or a control character. `VKEY_INVALID`.
 */
export function signNote(crypto: Crypto, text: string, name: string, signer: Signer): Uint8Array {
  const { id } = noteKey(crypto, name, signer.publicJwk)
  if (!isNoteText(text)) throw new LogError('NOTE_INVALID', 'note text must end with a newline')
  return formatNote(text, [{ name, id, signature: signer.sign(utf8(text)) }])
}

/** A note of these signatures, which are not looked at. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): Uint8Array {
  return utf8(`${text}\n${signatures.map(signatureLine).join('')}`)
}

/** With its newline. */
export function signatureLine({ name, id, signature }: NoteSignature): string {
  return `${SIGNATURE_PREFIX}${name} ${base64(concat(hexBytes(id), signature))}\n`
}

export interface NoteSignature {
  readonly name: string
  /** 8 hex digits. */
  readonly id: string
  readonly signature: Uint8Array
}

/** A note taken apart. Nothing in it has been verified. */
export interface ParsedNote {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** @throws {LogError} `NOTE_INVALID`: too large, not UTF-8, a control character, or a malformed signature line. */
export function parseNote(bytes: Uint8Array): ParsedNote {
  if (bytes.length > NOTE_BYTES_MAX) throw new LogError('NOTE_INVALID', `note over ${NOTE_BYTES_MAX} bytes`)
  let note: string
  try {
    note = fromUtf8(bytes)
  } catch (cause) {
    throw new LogError('NOTE_INVALID', 'note is not UTF-8', { cause })
  }
  const split = note.lastIndexOf('\n\n')
  const text = note.slice(0, split + 1)
  const lines = note.slice(split + 2)
  if (split < 0 || !lines.endsWith('\n') || !isNoteText(text)) {
    throw new LogError('NOTE_INVALID', 'note is not a text, an empty line and signature lines')
  }
  const signatures = lines.slice(0, -1).split('\n')
  if (signatures.length > NOTE_SIGNATURES_MAX) {
    throw new LogError('NOTE_INVALID', `note has over ${NOTE_SIGNATURES_MAX} signatures`)
  }
  return { text, signatures: signatures.map(parseSignature) }
}

function parseSignature(line: string): NoteSignature {
  const [name = '', encoded = '', ...rest] = line.slice(SIGNATURE_PREFIX.length).split(' ')
  if (!line.startsWith(SIGNATURE_PREFIX) || !isKeyName(name) || rest.length > 0) {
    throw new LogError('NOTE_INVALID', 'malformed signature line in note')
  }
  let bytes: Uint8Array
  try {
    bytes = fromBase64(encoded)
  } catch (cause) {
    throw new LogError('NOTE_INVALID', 'a signature of the note is not base64', { cause })
  }
  if (bytes.length < 5) throw new LogError('NOTE_INVALID', 'a signature of the note is too short')
  return { name, id: hex(bytes.subarray(0, 4)), signature: bytes.subarray(4) }
}

export interface OpenedNote {
  readonly text: string
  /** The known keys that signed it, each once, in the order of the note. Never empty. */
  readonly verified: readonly NoteKey[]
}

/**
 * Verifies a note. Signatures of unknown keys are ignored. Every signature of a known key must verify, a repeated
 * one too; it counts once.
 * @throws {LogError} `NOTE_INVALID`: malformed, no known signature, or a known key's signature fails.
 */
export function openNote(crypto: Crypto, bytes: Uint8Array, known: readonly NoteKey[]): OpenedNote {
  const { text, signatures } = parseNote(bytes)
  const signed = utf8(text)
  const verified = new Set<NoteKey>()
  for (const { name, id, signature } of signatures) {
    const keys = known.filter((key) => key.name === name && key.id === id)
    for (const key of keys) {
      if (!crypto.verify(key.key, signed, signature)) {
        throw new LogError('NOTE_INVALID', `the signature by ${name} does not verify`)
      }
      verified.add(key)
    }
  }
  if (verified.size === 0) throw new LogError('NOTE_INVALID', 'the note has no signature by a known key')
  return { text, verified: [...verified] }
}

export function isKeyName(name: string): boolean {
  return name.length <= KEY_NAME_LENGTH_MAX && KEY_NAME.test(name) && name.isWellFormed()
}

/** Ends with a newline and has no other ASCII control character. */
function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what C2SP signed-note refuses
  return text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f]/.test(text) && text.isWellFormed()
}

/** 8 hex digits of `SHA-256(name || "\n" || type || key)`. */
export function keyId(crypto: Crypto, name: string, type: number, key: Uint8Array): string {
  return hex(crypto.sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key)).subarray(0, 4))
}

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
