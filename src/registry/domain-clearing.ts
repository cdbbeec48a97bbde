/**
 * Memory domains as people see them, and the one way in which what was read in one comes to an end: a person says that
 * the agent's memory was wiped. spec/flow.md (FLW-21).
 * @module
 */
import type { Kysely } from 'kysely'
import { DOMAIN_GRACE_MS } from '../core/domain.ts'
import type { DataLabel } from '../core/label.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { recordCleared, taintOf, type DomainRow } from './domain-rows.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled, gestureOf } from './people.ts'

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

type ClearingAct = EntryBody<'domain.cleared'>['act']

/**
 * What a person signs, and its WebAuthn challenge.
 * @throws {RegistryError} `UNKNOWN_DOMAIN`; `STATE_CONFLICT`: a point holds it
 */
export async function clearingOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  agent: string,
  asked: { readonly approver: string; readonly now_ms: number },
): Promise<{ act: ClearingAct; challenge: string }> {
  const row = await db.selectFrom('domains').selectAll().where('agent', '=', agent).executeTakeFirst()
  if (row === undefined || row.turn === 0)
    throw new RegistryError('UNKNOWN_DOMAIN', 'nothing was read in the memory of such an agent')
  if (isHeld(row, asked.now_ms))
    throw new RegistryError(
      'STATE_CONFLICT',
      'an enforcement point holds the domain: stop the agent, and try again a minute after its last call',
    )
  const act: ClearingAct = { act: 'domain.clear', agent, turn: row.turn, approver: asked.approver }
  return { act, challenge: challengeOf(ctx.crypto, ACT_TAG, act) }
}

/**
 * The next turn begins at the bottom.
 * @throws {RegistryError} `UNKNOWN_DOMAIN`, `STATE_CONFLICT`, `GESTURE_INVALID`, `NOT_ENDORSED`; `SAME_PERSON`: the
 * agent's owner clears it although the mode is `independent`
 */
export function clearDomain(
  ctx: RegistryContext,
  approver: string,
  agent: string,
  parts: GestureParts,
): Promise<{ acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    const { act, challenge } = await clearingOf(ctx, tx.db, agent, { approver, now_ms: tx.now })
    const known = await tx.db.selectFrom('agents').select('owner').where('id', '=', agent).executeTakeFirst()
    const acted_alone = known?.owner === approver
    if (acted_alone && ctx.separation === 'independent')
      throw new RegistryError(
        'SAME_PERSON',
        'who owns an agent does not clear its memory: ask another person',
      )
    const gesture = gestureOf(await findEnrolled(tx.db, approver), 'approver', parts)
    const fault = gestureFault(ctx.crypto, ctx.rp, challenge, gesture)
    if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
    const body = { act, gesture, acted_alone }
    await tx.append({ type: 'domain.cleared', actor: personActor(approver), subject: agent, body })
    await recordCleared(tx.db, body)
    return { acted_alone }
  })
}
