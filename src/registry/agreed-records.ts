/**
 * What a person proposes and another agrees to with a gesture, of notices, bases and consent managers alike.
 * spec/consent.md (CNS-5, CNS-6, CNS-13). Invariant: nothing is in force but by a person who did not propose it.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Gesture } from '../core/gesture.ts'
import type { JsonObject } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { NewEntry, Tx } from '../ports/store.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError, type RegistryErrorCode } from './errors.ts'
import { findEnrolled, gestureOf } from './people.ts'

interface Proposed {
  readonly status: string
  readonly proposer: string
  readonly proposal: number
}

/** One kind of record. */
export interface Agreed<Act extends JsonObject> {
  /** For people: `a notice`. */
  readonly what: string
  readonly unknown: RegistryErrorCode
  find(db: Kysely<Schema>, id: string): Promise<Proposed | undefined>
  act(id: string, proposal: number, approver: string): Act
  /** Its entry. */
  entry(subject: string, body: { act: Act; gesture: Gesture; acted_alone: boolean }): Omit<NewEntry, 'actor'>
  /** Puts it in force. @throws {RegistryError} what speaks against it by now */
  settle(db: Kysely<Schema>, id: string, approval: number): Promise<void>
}

/** What the approver signs, and its WebAuthn challenge. @throws {RegistryError} that it is unknown, `STATE_CONFLICT` */
export async function agreementOf<Act extends JsonObject>(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  kind: Agreed<Act>,
  { id, approver }: { readonly id: string; readonly approver: string },
): Promise<{ act: Act; challenge: string; proposer: string }> {
  const row = await kind.find(db, id)
  if (row === undefined) throw new RegistryError(kind.unknown, `there is no such thing as this ${kind.what}`)
  if (row.status !== 'waiting') throw new RegistryError('STATE_CONFLICT', `this ${kind.what} is ${row.status}`)
  const act = kind.act(id, row.proposal, approver)
  return { act, challenge: challengeOf(ctx.crypto, ACT_TAG, act), proposer: row.proposer }
}

/**
 * @throws {RegistryError} that it is unknown, `STATE_CONFLICT`, `GESTURE_INVALID`, `NOT_ENDORSED`; `SAME_PERSON`: the
 * proposer approves although the mode is `independent`
 */
export function agree<Act extends JsonObject>(
  ctx: RegistryContext,
  kind: Agreed<Act>,
  by: { readonly id: string; readonly approver: string },
  parts: GestureParts,
): Promise<{ acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    const { act, challenge, proposer } = await agreementOf(ctx, tx.db, kind, by)
    const acted_alone = by.approver === proposer
    if (acted_alone && ctx.separation === 'independent')
      throw new RegistryError('SAME_PERSON', `who proposed a ${kind.what} does not approve it: ask another person`)
    const gesture = gestureOf(await findEnrolled(tx.db, by.approver), 'approver', parts)
    const fault = gestureFault(ctx.crypto, ctx.rp, challenge, gesture)
    if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
    const actor = personActor(by.approver)
    const entry = { ...kind.entry(by.id, { act, gesture, acted_alone }), actor } as NewEntry
    await kind.settle(tx.db, by.id, await tx.append(entry))
    return { acted_alone }
  })
}

/** A person must be able to read what waits. @throws {RegistryError} `STATE_CONFLICT` */
export async function assertRoom(
  tx: Tx,
  table: 'notices' | 'bases' | 'managers',
  what: string,
): Promise<void> {
  const { n } = await tx.db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow()
  if (Number(n) >= WAITING_MAX)
    throw new RegistryError('STATE_CONFLICT', `${WAITING_MAX} of ${what} wait: approve one`)
}

const WAITING_MAX = 64
