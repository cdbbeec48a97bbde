/**
 * Memory domains as people see them, and the one way in which what was read in one comes to an end: a person says that
 * the agent's memory was wiped. spec/flow.md (FLW-21).
 * @module
 */
import type { Kysely } from 'kysely'
import { DOMAIN_GRACE_MS } from '../core/domain.ts'
import type { DataLabel } from '../core/label.ts'
import type { Schema } from '../ports/schema.ts'
import { recordCleared, taintOf, type DomainRow } from './domain-rows.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'

export interface DomainView {
  readonly agent: string
  readonly turn: number
  /** The point that holds it; null: it was handed over, or its holder's lease is long over. */
  readonly point: string | null
  /** What its turn began with: its holder may have read more since. */
  readonly taint: DataLabel
}

/** Answers of a listing. */
const LISTED_MAX = 1_000

/** By agent. */
export async function listDomains(db: Kysely<Schema>, now_ms: number): Promise<DomainView[]> {
  const rows = await db
    .selectFrom('domains')
    .selectAll()
    .where('turn', '>', 0)
    .orderBy('agent')
    .limit(LISTED_MAX)
    .execute()
  return rows.map((row) => ({
    agent: row.agent,
    turn: row.turn,
    point: isHeld(row, now_ms) ? row.point : null,
    taint: taintOf(row),
  }))
}

function isHeld({ point, expires }: DomainRow, now_ms: number): boolean {
  return point !== null && expires + DOMAIN_GRACE_MS > now_ms
}

/** The next turn begins at the bottom. Nobody clears what a point holds. */
export const domainClearing: ApprovalTerms<'domain.cleared'> = {
  type: 'domain.cleared',
  notOwn: 'who owns an agent does not clear its memory: ask another person',
  async find({ db, now }, { id: agent }, approver) {
    const row = await db.selectFrom('domains').selectAll().where('agent', '=', agent).executeTakeFirst()
    if (row === undefined || row.turn === 0)
      throw new RegistryError('UNKNOWN_DOMAIN', 'nothing was read in the memory of such an agent')
    if (isHeld(row, now))
      throw new RegistryError(
        'STATE_CONFLICT',
        'an enforcement point holds the domain: stop the agent, and try again a minute after its last call',
      )
    const known = await db.selectFrom('agents').select('owner').where('id', '=', agent).executeTakeFirst()
    const askedBy = known === undefined ? [] : [known.owner]
    return { act: { act: 'domain.clear', agent, turn: row.turn, approver }, askedBy }
  },
  settle: (tx, { act }) => recordCleared(tx.db, { act }),
}
