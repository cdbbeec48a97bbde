/**
 * Cosignatures (C2SP tlog-cosignature, `cosignature/v1`): keys of cosigners, making and verifying. spec/witness.md,
 * WIT-1 to WIT-3.
 * Invariant: a cosignature is handed out only when it has verified over the text of the note that carries it.
 * @module
 */
import type { Crypto, OkpPublicJwk, Signer } from '../core/crypto.ts'
import { base64, concat, fromBase64url, utf8 } from '../core/encoding.ts'
import { TIME_S_MAX } from '../core/time.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import {
  COSIGNATURE_TYPE,
  formatNote,
  keyId,
  noteKey,
  parseNote,
  parseTypedVkey,
  signatureLine,
  type NoteSignature,
} from './note.ts'

const TIME_BYTES = 8
const SIGNATURE_BYTES = TIME_BYTES + 64

/** A key whose cosignatures we know. Not a `NoteKey`: neither verifies what the other signed. */
export interface CosignerKey {
  readonly name: string
  /** 8 hex digits (WIT-1). */
  readonly id: string
  readonly publicKey: OkpPublicJwk
}

/** @throws {LogError} `VKEY_INVALID`: a name with spaces or `+`, or a key that is not Ed25519. */
export function cosignerKey(crypto: Crypto, name: string, key: Signer['publicJwk']): CosignerKey {
  const { key: publicKey } = noteKey(crypto, name, key)
  return { name, id: keyId(crypto, name, COSIGNATURE_TYPE, fromBase64url(publicKey.x)), publicKey }
}

export function formatCosignerVkey({ name, id, publicKey }: CosignerKey): string {
  return `${name}+${id}+${base64(concat(Uint8Array.of(COSIGNATURE_TYPE), fromBase64url(publicKey.x)))}`
}

/** @throws {LogError} `VKEY_INVALID`: malformed, of another type than 0x04, weak, or an id that is not the key's. */
export function parseCosignerVkey(crypto: Crypto, vkey: string): CosignerKey {
  const { name, id, key } = parseTypedVkey(crypto, vkey, COSIGNATURE_TYPE)
  return { name, id, publicKey: key }
}

/**
 * The signature of WIT-2 over `text`, which must have been checked: it says that this tree is the largest consistent
 * one that the cosigner has seen.
 * @param time_s seconds since 1970
 */
export function cosign(
  crypto: Crypto,
  text: string,
  name: string,
  signer: Signer,
  time_s: number,
): NoteSignature {
  const { id } = cosignerKey(crypto, name, signer.publicJwk)
  if (!isTime(time_s))
    throw new LogError('NOTE_INVALID', 'the time of a cosignature is whole seconds since 1970')
  const time = new Uint8Array(TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(time_s))
  return { name, id, signature: concat(time, signer.sign(signedBytes(text, time_s))) }
}

export interface Cosignature {
  readonly by: CosignerKey
  /** Seconds since 1970: when the cosigner says it made it. */
  readonly time_s: number
  /** As the note carries it. */
  readonly signature: NoteSignature
}

/**
 * The cosignatures of known cosigners, each cosigner once (the latest time), in the order of the note.
 * Not checked: the log's own signature.
 * @throws {LogError} `NOTE_INVALID`: malformed, or one of a known cosigner does not verify.
 */
export function openCosignatures(
  crypto: Crypto,
  note: Uint8Array,
  known: readonly CosignerKey[],
): Cosignature[] {
  const { text, signatures } = parseNote(note)
  const found = new Map<CosignerKey, Cosignature>()
  for (const signature of signatures) {
    for (const by of known) {
      if (by.name !== signature.name || by.id !== signature.id) continue
      const time_s = verifiedTime(crypto, text, by, signature)
      if (time_s > (found.get(by)?.time_s ?? -1)) found.set(by, { by, time_s, signature })
    }
  }
  return [...found.values()]
}

export interface CosignedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly cosignatures: readonly Cosignature[]
}

/**
 * A checkpoint that its log signed, and who of `known` cosigned it. Whether those are enough, a policy says.
 * @throws {LogError} `VKEY_INVALID`, `NOTE_INVALID`, `CHECKPOINT_INVALID`
 */
export function openCosigned(
  crypto: Crypto,
  note: Uint8Array,
  vkey: string,
  known: readonly CosignerKey[],
): CosignedCheckpoint {
  const checkpoint = openCheckpoint(crypto, note, vkey)
  return { checkpoint, cosignatures: openCosignatures(crypto, note, known) }
}

/** The note with more signature lines; one of a key that has a line already replaces it. */
export function addCosignatures(note: Uint8Array, added: readonly NoteSignature[]): Uint8Array {
  const { text, signatures } = parseNote(note)
  const isAdded = ({ name, id }: NoteSignature): boolean =>
    added.some((other) => other.name === name && other.id === id)
  return formatNote(text, [...signatures.filter((each) => !isAdded(each)), ...added])
}

/** What a witness answers: signature lines, verified as if they stood under `text`. @throws {LogError} `NOTE_INVALID` */
export function openAnswer(
  crypto: Crypto,
  text: string,
  lines: Uint8Array,
  known: CosignerKey,
): Cosignature | null {
  const note = concat(utf8(`${text}\n`), lines)
  if (parseNote(note).text !== text) throw new LogError('NOTE_INVALID', 'the answer is not signature lines')
  return openCosignatures(crypto, note, [known])[0] ?? null
}

export function cosignatureLines(cosignatures: readonly NoteSignature[]): string {
  return cosignatures.map(signatureLine).join('')
}

function verifiedTime(
  crypto: Crypto,
  text: string,
  by: CosignerKey,
  { name, signature }: NoteSignature,
): number {
  const fault = new LogError('NOTE_INVALID', `the cosignature by ${name} does not verify`)
  if (signature.length !== SIGNATURE_BYTES) throw fault
  const time_s = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0))
  if (!isTime(time_s)) throw fault
  if (!crypto.verify(by.publicKey, signedBytes(text, time_s), signature.subarray(TIME_BYTES))) throw fault
  return time_s
}

function signedBytes(text: string, time_s: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time_s}\n${text}`)
}

function isTime(time_s: number): boolean {
  return Number.isSafeInteger(time_s) && time_s >= 0 && time_s <= TIME_S_MAX
}
