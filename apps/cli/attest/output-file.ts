/**
 * An output in a file, and the attestations that lie beside it or in it. spec/carriers.md (CAR-1, CAR-4, CAR-8).
 * Invariant: a file is read in pieces, so that its length does not matter (ATT-4).
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { fromUtf8 } from '../../../src/core/encoding.ts'
import { CoreError } from '../../../src/core/errors.ts'
import type { Form } from '../../../src/core/output.ts'
import {
  CANDIDATES_MAX,
  candidate,
  firstGood,
  judgeBundle,
  refusal,
  type Candidate,
  type CarrierAnswer,
  type Trust,
} from '../../../src/provenance/carriers/commit.ts'
import { fieldValues, HEAD_BYTES_MAX } from '../../../src/provenance/carriers/fields.ts'
import { LineMeasurer, Measurer, type LineEndings, type Measured } from '../../../src/provenance/digest.ts'
import { ProvenanceError } from '../../../src/provenance/errors.ts'
import { BUNDLE_BYTES_MAX, type Bundle } from '../../../src/provenance/statement.ts'
import { openStatement, type Given } from '../../../src/provenance/verify.ts'
import { unreadable } from '../profile.ts'

/** Bytes that are read at once. */
const PIECE_BYTES = 1024 * 1024

export const newHash = (): ReturnType<typeof createHash> => createHash('sha256')

/** @throws {CliError} `FILE_UNREADABLE`; {ProvenanceError} `FORM_INVALID` */
export async function measureFile(path: string, form: Form): Promise<Measured> {
  const measurer = new Measurer(form, newHash)
  for await (const piece of pieces(path)) measurer.update(piece)
  return measurer.end()
}

async function lineEndingsOf(path: string): Promise<LineEndings> {
  const measurer = new LineMeasurer(newHash)
  for await (const piece of pieces(path)) measurer.update(piece)
  return measurer.end()
}

async function* pieces(path: string): AsyncIterable<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES }))
      yield piece as Uint8Array
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** @throws {CliError} `FILE_UNREADABLE` */
export async function judgeFile(
  path: string,
  found: readonly Candidate[],
  trust: Trust,
): Promise<CarrierAnswer> {
  const some = found.slice(0, CANDIDATES_MAX)
  const answers = new Map<Bundle, CarrierAnswer>()
  for (const each of some) if (!(each instanceof Error)) answers.set(each, await judgeOne(path, each, trust))
  return firstGood(some, (bundle) => answers.get(bundle) ?? judgeBundle(nodeCrypto, bundle, null, trust))
}

async function judgeOne(path: string, bundle: Bundle, trust: Trust): Promise<CarrierAnswer> {
  try {
    const { statement } = openStatement(nodeCrypto, bundle, trust.keysFor(bundle))
    const forms = [...new Set(statement.subject.map(({ annotations }) => annotations.form))]
    const wanted = new Set(
      statement.subject.map(({ annotations, digest }) => `${annotations.form} ${digest.sha256}`),
    )
    let given: Given | null = null
    for (const form of forms) {
      const measured = await measureFile(path, form)
      const isWanted = wanted.has(`${form} ${measured.sha256}`)
      if (given === null || isWanted) given = { ...measured, name: basename(path) }
      if (isWanted) break
    }
    if (given?.form === 'file' && !wanted.has(`file ${given.sha256}`))
      given = { ...given, lines: await lineEndingsOf(path) }
    return judgeBundle(nodeCrypto, bundle, given, trust)
  } catch (error) {
    if (error instanceof ProvenanceError) return refusal(error)
    throw error
  }
}

/** Beside the output, or else in its header. @throws {CliError} `FILE_UNREADABLE` */
export async function candidatesFor(path: string, attestation: string | undefined): Promise<Candidate[]> {
  if (attestation !== undefined) return candidatesIn(await start(attestation, BUNDLE_BYTES_MAX + 1))
  const beside = await start(`${path}.attestation.json`, BUNDLE_BYTES_MAX + 1).catch(() => null)
  return beside === null ? fieldsIn(await start(path, HEAD_BYTES_MAX)) : candidatesIn(beside)
}

/** A bundle, its compact form, or a header that has it: what a person saved. */
export function candidatesIn(bytes: Uint8Array): Candidate[] {
  const first = bytes.find((byte) => byte > 0x20)
  if (first === 0x7b) return [candidate(nodeCrypto, bytes)]
  const text = textOf(bytes)
  if (text !== null && /^1\.[\w.-]+$/.test(text)) return [candidate(nodeCrypto, text)]
  const fields = fieldsIn(bytes)
  return fields.length === 0 ? [candidate(nodeCrypto, bytes)] : fields
}

function fieldsIn(bytes: Uint8Array): Candidate[] {
  return fieldValues(bytes).map((value) => candidate(nodeCrypto, value))
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes).trim()
  } catch (error) {
    if (error instanceof CoreError) return null
    throw error
  }
}

/** At most so many bytes of a file. @throws {CliError} `FILE_UNREADABLE` */
export async function start(path: string, bytes_max: number): Promise<Uint8Array> {
  try {
    await using file = await open(path)
    const into = new Uint8Array(bytes_max)
    let at = 0
    for (;;) {
      const { bytesRead } = await file.read(into, at, bytes_max - at)
      at += bytesRead
      if (bytesRead === 0) return into.subarray(0, at)
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}
