/**
 * The cascade report: what a withdrawal or an objection reached, and when. spec/consent.md (CNS-17).
 * What points and listeners say is theirs; what proves that a point denied is its receipts.
 * @module
 */
import type { Kysely } from 'kysely'
import { handleFor } from '../core/consent.ts'
import { rfc3339 } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { frameSchema, type Frame, type SignedFrame } from '../revoke/frame.ts'
import { parseJson } from '../core/json.ts'
import { acknowledgedBy, type Acknowledged } from './acks.ts'
import { SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { delegationsOn } from './statuses.ts'

export interface CascadeFrame {
  readonly seq: number
  readonly handle: string
  /** RFC 3339. */
  readonly committed: string
  /** Points: how many there are, how many said that they have it, and which did not. */
  readonly points: Acknowledged
  /** Those who said that they have it: the first 1,000, by name. `at`: by the clock of the point. */
  readonly heard: readonly { readonly point: string; readonly name: string; readonly at: string }[]
  readonly listeners: readonly { readonly listener: string; readonly taken: string | null }[]
}

export interface Cascade {
  /** Index of the `consent.withdrawn` or `objection.made` entry. */
  readonly entry: number
  readonly consent: string | null
  readonly subject: string
  readonly purposes: readonly string[] | null
  readonly time: string
  readonly frames: readonly CascadeFrame[]
  /** Delegations that were revoked with it. */
  readonly delegations: readonly string[]
}

const HEARD_MAX = 1_000

/** Of a consent, or of a subject: every withdrawal, in order. @throws {RegistryError} `UNKNOWN_CONSENT` */
export async function cascadesOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  of: { readonly consent: string } | { readonly subject: string },
): Promise<Cascade[]> {
  let query = db.selectFrom('withdrawals').selectAll().orderBy('entry')
  if ('consent' in of) {
    const known = await db
      .selectFrom('consents')
      .select('rev')
      .where('id', '=', of.consent)
      .executeTakeFirst()
    if (!known) throw new RegistryError('UNKNOWN_CONSENT', 'no such consent')
    query = query.where('consent', '=', of.consent)
  } else query = query.where('subject', '=', of.subject)
  return Promise.all((await query.execute()).map((row) => cascadeOf(ctx, db, row)))
}

async function cascadeOf(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  row: Schema['withdrawals'],
): Promise<Cascade> {
  const { entry, consent, subject, time_ms } = row
  const purposes = JSON.parse(row.purposes_json) as string[] | null
  const of = consent === null ? subject : await revOf(db, consent)
  const handles = (purposes ?? [null]).map((purpose) => handleFor(ctx.crypto, of, purpose))
  const found = await db
    .selectFrom('frames')
    .select('frame_json')
    .where('kind', '=', consent === null ? 'subject' : 'consent')
    .where('handle', 'in', handles)
    .orderBy('seq')
    .execute()
  const frames = found.map(({ frame_json }) => frameSchema.parse(parseJson(frame_json)))
  return {
    entry,
    consent,
    subject,
    purposes,
    time: rfc3339(time_ms),
    frames: await Promise.all(frames.map((frame) => frameReach(db, frame))),
    // Of one purpose alone the delegation goes on for the others.
    delegations: consent === null || purposes !== null ? [] : await delegationsOn(db, of),
  }
}

async function revOf(db: Kysely<Schema>, consent: string): Promise<string> {
  return (await db.selectFrom('consents').select('rev').where('id', '=', consent).executeTakeFirstOrThrow())
    .rev
}

async function frameReach(db: Kysely<Schema>, { seq, handle, t }: Frame): Promise<CascadeFrame> {
  const heard = await db
    .selectFrom('acks')
    .innerJoin('points', 'points.id', 'acks.point')
    .select(['acks.point', 'points.name', 'acks.t'])
    .where('acks.head', '>=', seq)
    .orderBy('points.name')
    .limit(HEARD_MAX)
    .execute()
  const listeners = await db
    .selectFrom('listeners')
    .leftJoin('taken', (join) => join.onRef('taken.listener', '=', 'listeners.id').on('taken.seq', '=', seq))
    .select(['listeners.id as listener', 'taken.time_ms'])
    .where('listeners.after', '<', seq)
    .where((eb) => eb.or([eb('listeners.removed', 'is', null), eb('taken.time_ms', 'is not', null)]))
    .orderBy('listeners.id')
    .execute()
  return {
    seq,
    handle,
    committed: rfc3339(t),
    points: await acknowledgedBy(db, seq),
    heard: heard.map(({ point, name, t: at }) => ({ point, name, at: rfc3339(at) })),
    listeners: listeners.map(({ listener, time_ms }) => ({
      listener,
      taken: time_ms === null ? null : rfc3339(time_ms),
    })),
  }
}

/** What the event of a frame says besides the frame (SIG-10). @returns null: it is about no data subject */
export async function aboutFrame(
  db: Kysely<Schema>,
  { frame }: SignedFrame,
): Promise<{
  readonly type: string
  readonly data: Readonly<Record<string, string | null | string[]>>
} | null> {
  if (frame.kind !== 'consent' && frame.kind !== 'subject') return null
  const [of = ''] = frame.handle.split('.')
  if (frame.kind === 'subject') return { type: 'objection.made', data: { subject: of } }
  if (of.startsWith('bas_')) return { type: 'basis.ended', data: { basis: of } }
  const row = await db
    .selectFrom('consents')
    .select(['id', 'subject'])
    .where('rev', '=', of)
    .executeTakeFirst()
  return row === undefined
    ? null
    : { type: 'consent.withdrawn', data: { subject: row.subject, consent: row.id } }
}

/** That a listener took the event of a frame. Idempotent; nothing is said of frames about no data subject. */
export async function recordTaken(tx: Tx, listener: string, signed: SignedFrame): Promise<void> {
  const { seq } = signed.frame
  if ((await aboutFrame(tx.db, signed)) === null) return
  const known = await tx.db
    .selectFrom('taken')
    .select('entry')
    .where('listener', '=', listener)
    .where('seq', '=', seq)
    .executeTakeFirst()
  if (known) return
  const body = { seq }
  const entry = await tx.append({ type: 'listener.acknowledged', actor: SYSTEM, subject: listener, body })
  await tx.db.insertInto('taken').values({ listener, seq, entry, time_ms: tx.now }).execute()
}
