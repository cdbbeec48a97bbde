/**
 * What people sign at the registers, and the one way in which one person approves with a gesture what another asked for.
 * A register says what waits and what becomes of it ({@link ApprovalTerms}); the rest is the same for all.
 * Invariant: nothing is approved but by an enrolled person's gesture over exactly the act that was shown, and who asked
 * for it, or owns the program that did, does not approve it, or the entry says so (design.md, invariant 9; SVC-13).
 * @module
 */
import type { Gesture } from '../core/gesture.ts'
import type { JsonObject } from '../core/json.ts'
import type { EntryBody, EntryType } from '../log/entries.ts'
import type { NewEntry, Tx } from '../ports/store.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled, gestureBy, type Signer } from './people.ts'
import { withOwners } from './service-rows.ts'

/** What somebody signs, and its WebAuthn challenge. */
export interface Asked<A> {
  readonly act: A
  readonly challenge: string
}

export function askedOf<A extends JsonObject>(ctx: Pick<RegistryContext, 'crypto'>, act: A): Asked<A> {
  return { act, challenge: challengeOf(ctx.crypto, ACT_TAG, act) }
}

/** The gesture of a person over an act. @throws {RegistryError} `GESTURE_INVALID` */
export function signedBy(
  ctx: Pick<RegistryContext, 'crypto' | 'rp'>,
  person: Signer,
  role: Gesture['role'],
  act: JsonObject,
  parts: GestureParts,
): Gesture {
  const { challenge } = askedOf(ctx, act)
  return gestureBy(person, role, parts, (gesture) => gestureFault(ctx.crypto, ctx.rp, challenge, gesture))
}

interface ApprovalBody {
  readonly act: JsonObject & { readonly approver: string }
  readonly gesture: Gesture
  readonly acted_alone: boolean
}

/** Types of entries that say of an approval what {@link approve} knows, and nothing else. */
export type ApprovalType = {
  [T in EntryType]: EntryBody<T> extends ApprovalBody
    ? Pick<EntryBody<T>, keyof ApprovalBody> extends EntryBody<T>
      ? T
      : never
    : never
}[EntryType]

export type ApprovalAct<T extends ApprovalType> = EntryBody<T>['act']

/** Names what waits, as the path of its routes does. */
export interface ApprovalKey {
  /** The subject of the entry. */
  readonly id: string
}

/** How one register is approved in: `find`, the rules of {@link approve}, the entry, `settle`. */
export interface ApprovalTerms<T extends ApprovalType, K extends ApprovalKey = ApprovalKey> {
  readonly type: T
  /** Said under `independent` to those who asked for it: that they do not approve it, and what to do. */
  readonly notOwn: string
  /**
   * What waits: the act that `approver` signs, and who asked for it or owns it.
   * @throws {RegistryError} `UNKNOWN_…`; `STATE_CONFLICT`: it does not wait any more
   */
  find(
    at: Pick<Tx, 'db' | 'now'>,
    key: K,
    approver: string,
  ): Promise<{ readonly act: ApprovalAct<T>; readonly askedBy: readonly string[] }>
  /** Whether there is room for it, apart from whose gesture it is. @throws {RegistryError} */
  assertRoom?(tx: Tx, act: ApprovalAct<T>): Promise<void>
  /** Puts it in force. @param approved with the index of its entry */
  settle(
    tx: Tx,
    approved: { readonly key: K; readonly act: ApprovalAct<T>; readonly approval: number },
  ): Promise<void>
}

/** What the approver signs, and its WebAuthn challenge. @throws {RegistryError} as `find` of the terms */
export async function approvalOf<T extends ApprovalType, K extends ApprovalKey>(
  ctx: Pick<RegistryContext, 'crypto' | 'store'>,
  terms: ApprovalTerms<T, K>,
  approver: string,
  key: K,
): Promise<Asked<ApprovalAct<T>>> {
  const now = await ctx.store.now()
  const { act } = await ctx.store.query((db) => terms.find({ db, now }, key, approver))
  return askedOf(ctx, act)
}

/**
 * @throws {RegistryError} as the terms, `GESTURE_INVALID`, `NOT_ENDORSED`; `SAME_PERSON`: who asked for it approves
 * although the mode is `independent`
 */
export function approve<T extends ApprovalType, K extends ApprovalKey>(
  ctx: RegistryContext,
  terms: ApprovalTerms<T, K>,
  approver: string,
  key: K,
  parts: GestureParts,
): Promise<{ readonly act: ApprovalAct<T>; readonly acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    const { act, askedBy } = await terms.find(tx, key, approver)
    const acted_alone = (await withOwners(tx.db, askedBy)).includes(approver)
    if (acted_alone && ctx.separation === 'independent') throw new RegistryError('SAME_PERSON', terms.notOwn)
    await terms.assertRoom?.(tx, act)
    const gesture = signedBy(ctx, await findEnrolled(tx.db, approver), 'approver', act, parts)
    const actor = personActor(approver)
    const entry = { type: terms.type, actor, subject: key.id, body: { act, gesture, acted_alone } }
    // Of every type T alone it is one; TypeScript does not see that of T as a whole.
    const approval = await tx.append(entry as NewEntry)
    await terms.settle(tx, { key, act, approval })
    return { act, acted_alone }
  })
}
