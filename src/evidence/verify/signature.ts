/**
 * The signature over a manifest: whose key, over what, and whether it says what the pack and its log say. Builder and
 * verifier ask the same. spec/pack.md (PCK-7).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64, fromBase64, hex } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { canonicalize, parseJson } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { envelopeSchema, openEnvelope } from '../../provenance/dsse.ts'
import { ProvenanceError } from '../../provenance/errors.ts'
import { packStatement, readPackStatement, type PackStatement } from '../../provenance/pack-statement.ts'
import type { History } from '../history.ts'
import type { PackFiles } from '../pack/files.ts'
import type { PackMade } from '../report/input.ts'
import { MANIFEST_FILE, SIGNATURE_FILE, type Manifest } from '../pack/manifest.ts'
import type { FaultCode } from './fault-codes.ts'
import { currentKid, issuerKeys } from './keys.ts'
import type { Fault } from './report.ts'

const ENVELOPE_LIMITS = { bytes_max: 64 * 1024, depth_max: 8 }

export interface SignedPack {
  readonly files: PackFiles
  readonly manifest: Manifest
  readonly checkpoint: Checkpoint
  readonly history: History
}

/** Null: it holds. A file that is not there is a fault of the files. */
export function signatureFault(crypto: Crypto, pack: SignedPack): Fault | null {
  const envelope = pack.files.get(SIGNATURE_FILE)
  const manifest = pack.files.get(MANIFEST_FILE)
  if (envelope === undefined || manifest === undefined) return null
  const opened = open(crypto, envelope, pack.history)
  if ('code' in opened) return opened
  const { kid, statement } = opened
  if (kid !== currentKid(pack.history, pack.history.size))
    return fault(
      'MANIFEST_SIGNER_INVALID',
      'the manifest is signed by an issuer key that was not the current one',
    )
  const sha256 = hex(crypto.sha256(manifest))
  if (statement === null || statement.subject[0]?.digest.sha256 !== sha256)
    return fault('MANIFEST_UNSIGNED', 'the signature is good, and over something else than this manifest')
  return isTrue(statement, sha256, pack)
    ? null
    : fault('MANIFEST_MISMATCH', 'the signed statement does not say what the pack and its log say')
}

/** @returns `statement` null: something else was signed */
function open(
  crypto: Crypto,
  envelope: Uint8Array,
  history: History,
): { kid: string; statement: PackStatement | null } | Fault {
  const keys = new Map([...issuerKeys(crypto, history)].map(([kid, { jwk }]) => [kid, jwk]))
  try {
    const { payload, kid } = openEnvelope(crypto, keys, parseJson(envelope, ENVELOPE_LIMITS))
    return { kid, statement: statementIn(payload) }
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    const unknown = error instanceof ProvenanceError && error.code === 'ISSUER_UNKNOWN'
    return unknown
      ? fault('MANIFEST_SIGNER_INVALID', 'the manifest is signed by a key that is not in the log')
      : fault('MANIFEST_FORGED', `the signature over the manifest does not hold: ${error.message}`)
  }
}

/** Who made the pack, as what is signed says; null: nothing legible is. Not checked: the signature. */
export function signedMade(files: Pick<PackFiles, 'get'>): PackMade | null {
  const envelope = files.get(SIGNATURE_FILE)
  if (envelope === undefined) return null
  try {
    const read = envelopeSchema.safeParse(parseJson(envelope, ENVELOPE_LIMITS))
    const statement = read.success ? statementIn(fromBase64(read.data.payload)) : null
    if (statement === null) return null
    const { runner, release } = statement.predicate
    return { runner, release }
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

function statementIn(payload: Uint8Array): PackStatement | null {
  try {
    return readPackStatement(payload)
  } catch (error) {
    if (error instanceof ProvenanceError) return null
    throw error
  }
}

/** Of what it says, the log does not know what software made it: that is the runner's word. */
function isTrue(
  statement: PackStatement,
  sha256: string,
  { manifest, checkpoint, history }: SignedPack,
): boolean {
  const { origin, size, root } = checkpoint
  const { release, runner } = statement.predicate
  const { period, generator } = manifest
  const log = { size, root: base64(root) }
  const time = rfc3339(history.last_ms)
  const expected = packStatement(sha256, { origin, period, log, generator, release, runner, time })
  return isEnrolled(history, runner) && canonicalize(statement) === canonicalize(expected)
}

function isEnrolled(history: History, person: string): boolean {
  return history.people.values().some(({ entry }) => entry.subject === person)
}

function fault(code: FaultCode, message: string): Fault {
  return { code, message, file: SIGNATURE_FILE }
}
