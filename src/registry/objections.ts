/**
 * Objections, and the end of a data subject: standing denials. spec/consent.md (CNS-16, CNS-18).
 * Invariant: what somebody objects to is also taken out of the consents that live, so one that lives was given later.
 * @module
 */
import { handleFor } from '../core/consent.ts'
import { isPurpose, purposeCovers } from '../core/dpv.ts'
import { newId } from '../core/ids.ts'
import { seconds } from '../core/time.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { consentsOf, isLive, recordWithdrawal, withdrawTx, type WithdrawnBy } from './consents.ts'
import type { RegistryContext } from './context.ts'
import { findSubject } from './data-subjects.ts'
import { appendFrame } from './frames.ts'
import { unknownTerm } from './notices.ts'

export interface Objecting {
  readonly subject: string
  readonly right: EntryBody<'objection.made'>['right']
  /** Null: all of them. */
  readonly purposes: readonly string[] | null
}

export interface Objected {
  readonly objection: string
  readonly frames: readonly SignedFrame[]
}

/** @throws {RegistryError} `UNKNOWN_DATA_SUBJECT`, `TERM_UNKNOWN` */
export function object(ctx: RegistryContext, actor: Actor, objecting: Objecting): Promise<Objected> {
  return ctx.store.write((tx) => objectTx(ctx, tx, actor, objecting))
}

/** In the caller's transaction. */
export async function objectTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  { subject, right, purposes }: Objecting,
): Promise<Objected> {
  await findSubject(tx.db, subject)
  if (purposes !== null && !purposes.every(isPurpose)) throw unknownTerm()
  const objection = newId(ctx.crypto, 'obj', tx.now)
  const said = purposes === null ? null : [...new Set(purposes)].sort()
  const body = { objection, right, purposes: said }
  const entry = await tx.append({ type: 'objection.made', actor, subject, body })
  await recordWithdrawal(tx.db, { entry, time_ms: tx.now, subject, consent: null, purposes: said })
  const frames: SignedFrame[] = []
  for (const purpose of said ?? [null]) {
    const handle = handleFor(ctx.crypto, subject, purpose)
    frames.push(
      await appendFrame(ctx, tx, actor, { kind: 'subject', handle, reason: 'objection', target: subject }),
    )
  }
  frames.push(...(await withdrawAll(ctx, tx, actor, { subject, purposes: said, by: 'objection' })))
  return { objection, frames }
}

/** Takes purposes, or everything, out of the consents of a subject that live. */
async function withdrawAll(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  said: { readonly subject: string; readonly purposes: readonly string[] | null; readonly by: WithdrawnBy },
): Promise<SignedFrame[]> {
  const { subject, purposes, by } = said
  const frames: SignedFrame[] = []
  for (const one of await consentsOf(tx.db, subject)) {
    if (!isLive(one, seconds(tx.now))) continue
    const of = purposes === null ? null : purposesIn(one.record.purposes, purposes)
    if (of?.length === 0) continue
    frames.push(...(await withdrawTx(ctx, tx, actor, { consent: one.id, purposes: of, by, reason: by })))
  }
  return frames
}

/** What of a consent's purposes is objected to: narrower ones as a whole, of a broader one the part. */
function purposesIn(given: readonly string[], objected: readonly string[]): string[] {
  const whole = given.filter((one) => objected.some((broad) => purposeCovers(broad, one)))
  const part = objected.filter((one) => given.some((broad) => purposeCovers(broad, one)))
  return [...new Set([...whole, ...part])]
}

/** CNS-18, in the transaction of the tombstone: the subject is denied everywhere within the bound. */
export async function endSubjectTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  subject: string,
): Promise<void> {
  await withdrawAll(ctx, tx, actor, { subject, purposes: null, by: 'erasure' })
  await appendFrame(ctx, tx, actor, { kind: 'subject', handle: subject, reason: 'erased', target: subject })
}
