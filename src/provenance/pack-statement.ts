/**
 * The statement that a control plane signs over the manifest of a pack. spec/pack.md (PCK-7).
 * Not checked here: any signature, and that the log says the same.
 * @module
 */
import { z } from 'zod'
import { fromUtf8 } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { canonicalize, isJsonObject, parseJson } from '../core/json.ts'
import { ProvenanceError } from './errors.ts'
import { STATEMENT_TYPE } from './statement.ts'

export const PACK_PREDICATE_TYPE = 'urn:countersign:pack:1'
/** What the statement is about. */
const SUBJECT_NAME = 'manifest.json'
const STATEMENT_LIMITS = { bytes_max: 16 * 1024, depth_max: 8 }

const time = z.iso.datetime()
const name = z.string().min(1).max(256)
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)

export const packPredicateSchema = z.strictObject({
  v: z.literal(1),
  origin: name,
  /** RFC 3339 UTC, half-open. */
  period: z.strictObject({ from: time, to: time }),
  /** Entries of the tree, and its root in base64 as the checkpoint has it. */
  log: z.strictObject({ size: z.int().positive(), root: z.string().length(44) }),
  generator: name,
  /** Hex SHA-256 of the files of the generator (PCK-8). */
  release: sha256Schema,
  /** The person for whom the pack was made. */
  runner: z.string().min(1).max(64),
  /** Of the last entry of the tree: no clock is asked, so that the same pack has the same bytes. */
  time,
  zone: z.literal('UTC'),
})
export type PackPredicate = z.infer<typeof packPredicateSchema>

const packStatementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(
      z.strictObject({ name: z.literal(SUBJECT_NAME), digest: z.strictObject({ sha256: sha256Schema }) }),
    )
    .length(1),
  predicateType: z.literal(PACK_PREDICATE_TYPE),
  predicate: packPredicateSchema,
})
export type PackStatement = z.infer<typeof packStatementSchema>

/** @param sha256 hex, of the manifest */
export function packStatement(sha256: string, predicate: Omit<PackPredicate, 'v' | 'zone'>): PackStatement {
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: SUBJECT_NAME, digest: { sha256 } }],
    predicateType: PACK_PREDICATE_TYPE,
    predicate: { v: 1, zone: 'UTC', ...predicate },
  }
}

/**
 * The payload of an envelope, strictly.
 * @throws {ProvenanceError} `STATEMENT_INVALID`, `PREDICATE_UNSUPPORTED`
 */
export function readPackStatement(payload: Uint8Array): PackStatement {
  const value = jsonOf(payload)
  if (isJsonObject(value) && value._type === STATEMENT_TYPE && value.predicateType !== PACK_PREDICATE_TYPE)
    throw new ProvenanceError('PREDICATE_UNSUPPORTED', 'a statement of another predicate')
  const read = packStatementSchema.safeParse(value)
  if (!read.success)
    throw new ProvenanceError('STATEMENT_INVALID', 'the payload is no statement about a pack')
  return read.data
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    const text = fromUtf8(payload)
    const value = parseJson(text, STATEMENT_LIMITS)
    return canonicalize(value) === text ? value : null
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw new ProvenanceError('STATEMENT_INVALID', 'the payload is not strict JSON', { cause })
  }
}
