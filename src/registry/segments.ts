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
import { agentOfSegment, segmentId, type ChainSegment } from '../token/segment.ts'
import { RegistryError } from './errors.ts'
import { fileUnder } from './personal.ts'

/**
 * @param jti of our own delegation whose root it is: what arguments are filed under. Another issuer's root is filed
 * under its own ID, because its identifiers are not ours to give.
 * @throws {RegistryError} `SEGMENT_INVALID`: another ID, an unknown parent, or a disclosure that is not a grant.
 */
export async function insertSegments(
  crypto: Crypto,
  tx: Tx,
  actor: Actor,
  segments: readonly ChainSegment[],
  jti?: string,
): Promise<void> {
  for (const { id, parent, segment } of segments) {
    if ((await subjectOfSegment(tx, id)) !== null) continue
    if (segmentId(crypto, parent, segment) !== id) {
      throw new RegistryError('SEGMENT_INVALID', 'the ID is not that of the segment')
    }
    const subject = parent === null ? (jti ?? id) : await subjectOfSegment(tx, parent)
    if (subject === null) {
      throw new RegistryError('SEGMENT_INVALID', 'the parent segment is not known: send it first')
    }
    assertGrantsOnly(segment)
    const entry = await tx.append({
      type: 'chain.segment',
      actor,
      subject: id,
      body: { id, parent, segment },
    })
    await tx.db
      .insertInto('segments')
      .values({ id, subject, agent: agentOfSegment(segment), parent, entry })
      .execute()
    if (subject === id) await fileUnder(tx, { id, owner: null, first: entry })
  }
}

/** What the arguments of calls with a segment are filed under; null: no such segment. */
export async function subjectOfSegment(tx: Pick<Tx, 'db'>, id: string): Promise<string | null> {
  const row = await tx.db.selectFrom('segments').select('subject').where('id', '=', id).executeTakeFirst()
  return row?.subject ?? null
}

/** Whether a chain of our own ends at that agent: another issuer may give its agents the identifiers of ours (KEY-8). */
export async function isChainOf({ db }: Pick<Tx, 'db'>, chain: string, agent: string): Promise<boolean> {
  const row = await db
    .selectFrom('segments')
    .innerJoin('delegations', 'delegations.jti', 'segments.subject')
    .select('segments.agent')
    .where('id', '=', chain)
    .executeTakeFirst()
  return row?.agent === agent
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
