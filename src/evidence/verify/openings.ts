/**
 * A field that somebody opened beside a pack: does it open what its entry committed to? spec/erasure.md (ERA-11).
 * Not checked: anything else about the entry; the pack's verification does that.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { fromBase64url } from '../../core/encoding.ts'
import { CoreError } from '../../core/errors.ts'
import { parseJson, type JsonValue } from '../../core/json.ts'
import { parseJws } from '../../core/sign.ts'
import { commitmentOf, type OpenedField, type Opening } from '../../log/commitment.ts'
import { decodeEntry, type AnyEntry } from '../../log/entries.ts'
import { splitBundle, TILE_WIDTH, tileAt, tilePath } from '../../log/tiles.ts'
import { claimOf } from '../../token/disclosure.ts'
import type { History } from '../history.ts'
import type { VerifiedPack } from './verify.ts'

type OpeningFault = 'ENTRY_MISSING' | 'FIELD_MISSING' | 'OPENING_MISMATCH'

export interface JudgedOpening {
  readonly ok: boolean
  readonly entry: number
  readonly field: string
  readonly fault: OpeningFault | null
  /** What it opens to, when it does. */
  readonly value: JsonValue
}

/** @param pack that verified: its entries are those of the log */
export function judgeOpening(
  crypto: Crypto,
  pack: Pick<VerifiedPack, 'files' | 'history'>,
  opened: OpenedField,
): JudgedOpening {
  const { entry, field, opening } = opened
  const fault = openingFault(crypto, pack.history, entryIn(pack, entry), opened)
  return { ok: fault === null, entry, field, fault, value: fault === null ? valueOf(opening) : null }
}

function entryIn(
  { files, history }: Pick<VerifiedPack, 'files' | 'history'>,
  index: number,
): AnyEntry | null {
  if (index >= history.size) return null
  const tile = tileAt('entries', Math.floor(index / TILE_WIDTH), history.size)
  const bytes = splitBundle(files.get(tilePath(tile)) ?? new Uint8Array(0)).entries[index % TILE_WIDTH]
  return bytes === undefined ? null : decodeEntry(bytes)
}

function valueOf(opening: Opening): JsonValue {
  if (!('disclosure' in opening)) return opening.value
  const parts = parseJson(fromBase64url(opening.disclosure))
  return Array.isArray(parts) ? (parts[2] ?? null) : null
}

/** @returns null: it holds */
function openingFault(
  crypto: Crypto,
  history: History,
  entry: AnyEntry | null,
  opened: OpenedField,
): OpeningFault | null {
  if (entry === null) return 'ENTRY_MISSING'
  const { field, opening } = opened
  try {
    if (!isCommitted(history, entry, opened)) return 'FIELD_MISSING'
    if (commitmentOf(crypto, opening) !== opened.commitment) return 'OPENING_MISMATCH'
    return 'disclosure' in opening && claimOf(opening.disclosure) !== field ? 'OPENING_MISMATCH' : null
  } catch (error) {
    if (error instanceof CoreError) return 'OPENING_MISMATCH'
    throw error
  }
}

/** Salted values in the entry itself, disclosures in the root that the entry names. */
function isCommitted(
  history: History,
  entry: AnyEntry,
  { field, commitment, opening }: OpenedField,
): boolean {
  if (!('disclosure' in opening)) {
    if (entry.commitments?.[field] === commitment) return true
    return (
      entry.type === 'receipt' &&
      entry.body.kind === 'decision' &&
      field === 'args' &&
      entry.body.args_commit === commitment
    )
  }
  if (entry.type !== 'delegation.issued') return false
  const root = history.segments.get(entry.body.segment)?.entry.body.segment.split('~')[0]
  if (root === undefined) return false
  const { _sd: digests } = parseJws(root).payload
  return Array.isArray(digests) && digests.includes(commitment)
}
