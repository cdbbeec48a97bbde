/**
 * Chain segments that receipts refer to, logged once each. spec/enforcement.md (SEG-1).
 * Invariant: a segment in the log discloses grants only, never a claim about a person.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { CoreError } from '../core/errors.ts'
import type { Actor } from '../log/entries.ts'
import type { Tx } from '../ports/store.ts'
import { isGrantDisclosure } from '../token/disclosure.ts'
import { segmentId, type ChainSegment } from '../token/segment.ts'
import { RegistryError } from './errors.ts'

/** @throws {RegistryError} `SEGMENT_INVALID`: another ID, an unknown parent, or a disclosure that is not a grant. */
export async function insertSegments(
  crypto: Crypto,
  tx: Tx,
  actor: Actor,
  segments: readonly ChainSegment[],
): Promise<void> {
  for (const { id, parent, segment } of segments) {
    if (await isKnown(tx, id)) continue
    if (segmentId(crypto, parent, segment) !== id) {
      throw new RegistryError('SEGMENT_INVALID', 'the ID is not that of the segment')
    }
    if (parent !== null && !(await isKnown(tx, parent))) {
      throw new RegistryError('SEGMENT_INVALID', 'the parent segment is not known: send it first')
    }
    assertGrantsOnly(segment)
    await tx.db.insertInto('segments').values({ id }).execute()
    await tx.append({ type: 'chain.segment', actor, subject: id, body: { id, parent, segment } })
  }
}

async function isKnown(tx: Tx, id: string): Promise<boolean> {
  const row = await tx.db.selectFrom('segments').select('id').where('id', '=', id).executeTakeFirst()
  return row !== undefined
}

function assertGrantsOnly(segment: string): void {
  const disclosures = segment
    .split('~')
    .slice(1)
    .filter((part) => part !== '')
  let good: boolean
  try {
    good = disclosures.every(isGrantDisclosure)
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    good = false
  }
  if (!good) throw new RegistryError('SEGMENT_INVALID', 'a segment for the log discloses grants only')
}
