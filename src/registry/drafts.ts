/**
 * Drafts: roots that wait for the gestures they need, and who said what. spec/delegation.md (DLG-10).
 * Nothing of it is logged. Invariant: one person, one answer that counts; a refusal is final.
 * @module
 */
import type { Kysely } from 'kysely'
import { gestureSchema, type Gesture } from '../core/gesture.ts'
import { canonicalize, parseJson, type JsonObject } from '../core/json.ts'
import { awaited } from '../core/words.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { Grant } from '../token/grant.ts'
import { gestureFault } from '../token/gesture.ts'
import type { RootDraft } from '../token/issue.ts'
import type { Offered } from '../token/template.ts'
import type { GestureParts, RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled, gestureBy } from './people.ts'
import { openFor, sealFor } from './personal.ts'

/** How long a draft waits for its principal alone. */
export const DRAFT_TTL_MS = 10 * 60 * 1000
/** How long one waits for several people: a working day of each, wherever they are. */
export const QUORUM_DRAFT_TTL_MS = 24 * 3600 * 1000
/** Drafts a person may have open at once. */
export const DRAFTS_MAX = 100
/** Drafts that a list shows: those that expire first. */
const LISTED_MAX = 200

export interface StoredDraft {
  readonly draft: RootDraft
  readonly agent: string
  readonly jkt: string
  /** Seconds. */
  readonly exp: number
  /** What a template bounds of it; the root has the handles of its approvers, and of the consent `cns_…` it rests on. By `ema_…` it goes without approvers. */
  readonly offered: Offered
  readonly consent?: string
  readonly emergency?: string
}

export interface OpenDraft extends StoredDraft {
  readonly jti: string
  readonly principal: string
  /** Milliseconds. */
  readonly expires: number
}

type Vaulted = Pick<RegistryContext, 'vault'>
const placeOf = (jti: string): string => `draft/${jti}`

/** @throws {RegistryError} `LIMIT_EXCEEDED` */
export async function insertDraft(
  ctx: Vaulted,
  tx: Tx,
  jti: string,
  principal: string,
  stored: StoredDraft,
): Promise<number> {
  await assertRoom(tx, principal)
  const ttl_ms = stored.offered.approvers === null ? DRAFT_TTL_MS : QUORUM_DRAFT_TTL_MS
  const expires = Math.min(tx.now + ttl_ms, stored.exp * 1000)
  await tx.db
    .insertInto('drafts')
    .values({ jti, principal, draft_box: await sealFor(ctx, principal, placeOf(jti), stored), expires })
    .execute()
  const asked = [
    { person: principal, role: 'principal' as const },
    ...(stored.offered.approvers?.of ?? []).map((person) => ({ person, role: 'approver' as const })),
  ]
  await tx.db
    .insertInto('draft_answers')
    .values(asked.map((each) => ({ jti, ...each, answer: 'open' as const, gesture_json: null })))
    .execute()
  return expires
}

async function assertRoom(tx: Tx, principal: string): Promise<void> {
  await tx.db.deleteFrom('drafts').where('expires', '<=', tx.now).execute()
  const open = await tx.db.selectFrom('drafts').select('jti').where('principal', '=', principal).execute()
  if (open.length >= DRAFTS_MAX) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `at most ${DRAFTS_MAX} drafts wait for a gesture: seal or decline one first`,
    )
  }
}

type AskedDraft = OpenDraft & { readonly answer: Schema['draft_answers']['answer'] }

function draftsOf(db: Kysely<Schema>, person: string, now_ms: number) {
  return db
    .selectFrom('drafts')
    .innerJoin('draft_answers', 'draft_answers.jti', 'drafts.jti')
    .select(['drafts.jti', 'principal', 'draft_box', 'expires', 'answer'])
    .where('person', '=', person)
    .where('expires', '>', now_ms)
}

/** @returns null when its principal was erased: then it is as good as gone */
async function readDraft<
  R extends { readonly jti: string; readonly principal: string; readonly draft_box: Uint8Array },
>(ctx: Vaulted, { draft_box, ...rest }: R) {
  const stored = await openFor(ctx, rest.principal, placeOf(rest.jti), draft_box)
  return stored === null ? null : { ...(stored as unknown as StoredDraft), ...rest }
}

/**
 * @throws {RegistryError} `UNKNOWN_DELEGATION`: no draft in which the person has that part, or it has expired;
 * `SAME_PERSON`: its approver is asked for and they are its principal.
 */
export async function findDraft(
  ctx: Vaulted,
  db: Kysely<Schema>,
  jti: string,
  person: string,
  now_ms: number,
  role?: Gesture['role'],
): Promise<AskedDraft> {
  const row = await draftsOf(db, person, now_ms).where('drafts.jti', '=', jti).executeTakeFirst()
  const draft = row ? await readDraft(ctx, row) : null
  const part = draft?.principal === person ? 'principal' : 'approver'
  if (draft && (role ?? part) === part) return draft
  if (draft && part === 'principal') {
    const { m, answers } = await viewOf(db, draft)
    const whose = awaited({ m, answers })
    throw new RegistryError('SAME_PERSON', `you are its principal, it waits for the approval of ${whose}`)
  }
  throw new RegistryError('UNKNOWN_DELEGATION', 'no such draft of yours, or it has expired')
}

/**
 * Takes one person's gesture over a draft. The principal may make it again, nobody else.
 * @throws {RegistryError} as {@link findDraft}; `GESTURE_INVALID`, `NOT_ENDORSED`; `STATE_CONFLICT`: answered already.
 */
export async function takeGesture(
  ctx: RegistryContext,
  tx: Tx,
  jti: string,
  person: string,
  role: Gesture['role'],
  parts: GestureParts,
): Promise<OpenDraft> {
  const found = await findDraft(ctx, tx.db, jti, person, tx.now, role)
  if (role === 'approver' && found.answer !== 'open')
    throw new RegistryError('STATE_CONFLICT', `you have ${found.answer} this draft already, which is final`)
  const { challenge } = found.draft
  const gesture = gestureBy(await findEnrolled(tx.db, person), role, parts, (made) =>
    gestureFault(ctx.crypto, ctx.rp, challenge, made),
  )
  await tx.db
    .updateTable('draft_answers')
    .set({ answer: 'approved', gesture_json: canonicalize({ ...gesture }) })
    .where('jti', '=', jti)
    .where('person', '=', person)
    .execute()
  return found
}

/**
 * An approver refuses, for good, and takes back a gesture that they made; a principal ends the draft.
 * @throws {RegistryError} `UNKNOWN_DELEGATION`
 */
export function declineDraft(ctx: RegistryContext, person: string, jti: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    const { principal } = await findDraft(ctx, tx.db, jti, person, tx.now)
    if (person === principal) await dropDraft(tx, jti)
    else
      await tx.db
        .updateTable('draft_answers')
        .set({ answer: 'declined', gesture_json: null })
        .where('jti', '=', jti)
        .where('person', '=', person)
        .execute()
  })
}

export async function dropDraft(tx: Tx, jti: string): Promise<void> {
  await tx.db.deleteFrom('drafts').where('jti', '=', jti).execute()
}

/** The gestures that count now: of people who are still enrolled, by passkeys that were not removed since (PPL-9). */
export async function gesturesOf(db: Kysely<Schema>, jti: string): Promise<Gesture[]> {
  const rows = await answersOf(db, jti)
  return rows.flatMap(({ gesture_json, status }) =>
    gesture_json === null || status !== 'enrolled' ? [] : gestureSchema.parse(parseJson(gesture_json)),
  )
}

function answersOf(
  db: Kysely<Schema>,
  jti: string,
): Promise<(Schema['draft_answers'] & { readonly status: Schema['people']['status'] })[]> {
  return db
    .selectFrom('draft_answers')
    .innerJoin('people', 'people.id', 'draft_answers.person')
    .selectAll('draft_answers')
    .select('people.status')
    .where('jti', '=', jti)
    .orderBy('role', 'desc')
    .orderBy('person')
    .execute()
}

export interface DraftAnswer {
  readonly person: string
  readonly role: Gesture['role']
  /** `left`: whatever they said does not count any more. */
  readonly answer: 'open' | 'approved' | 'declined' | 'left'
}

/** What everybody sees who has a part in a draft. */
export interface DraftView {
  readonly jti: string
  readonly principal: string
  readonly agent: string
  /** Seconds: of the delegation. */
  readonly exp: number
  /** Milliseconds: of the draft. */
  readonly expires: number
  /** Approvals that it needs besides the principal's gesture. */
  readonly m: number
  readonly answers: readonly DraftAnswer[]
  /** Gestures without which it is not sealed. */
  readonly missing: number
}

/** @param person only the drafts in which this person has a part */
export async function listDrafts(
  ctx: Vaulted,
  db: Kysely<Schema>,
  person: string,
  now_ms: number,
): Promise<DraftView[]> {
  // In one read: a draft that is sealed meanwhile is still listed as it was.
  const rows = await draftsOf(db, person, now_ms).orderBy('expires').limit(LISTED_MAX).execute()
  const views: DraftView[] = []
  for (const row of rows) {
    const draft = await readDraft(ctx, row)
    if (draft !== null) views.push(await viewOf(db, draft))
  }
  return views
}

/** Exactly what is signed: the challenge digests header and payload, which digest the disclosures. */
export interface Shown {
  readonly header: JsonObject
  readonly payload: JsonObject
  readonly grants: readonly Grant[]
  /** What the payload has digests of: the grants and the claims, as SD-JWT discloses them. */
  readonly disclosures: readonly string[]
}

export function shownOf({ draft, offered }: StoredDraft): Shown {
  const { grants } = offered
  return { header: draft.header, payload: draft.payload, grants, disclosures: draft.disclosures }
}

/** For its principal and those who are asked. @throws {RegistryError} `UNKNOWN_DELEGATION` */
export async function showDraft(
  ctx: Vaulted,
  db: Kysely<Schema>,
  jti: string,
  person: string,
  now_ms: number,
): Promise<DraftView & { readonly challenge: string; readonly shown: Shown }> {
  const found = await findDraft(ctx, db, jti, person, now_ms)
  return { ...(await viewOf(db, found)), challenge: found.draft.challenge, shown: shownOf(found) }
}

async function viewOf(db: Kysely<Schema>, open: OpenDraft): Promise<DraftView> {
  const { jti, principal, agent, exp, expires, offered } = open
  const answers = (await answersOf(db, jti)).map(({ person, role, answer, status }) => ({
    person,
    role,
    answer: status === 'enrolled' ? answer : ('left' as const),
  }))
  const made = answers.filter(({ answer }) => answer === 'approved')
  const m = offered.approvers?.m ?? 0
  return { jti, principal, agent, exp, expires, m, answers, missing: missingOf(open, made) }
}

/** Gestures without which a draft is not sealed: its principal's, and `m` of its approvers'. */
export function missingOf(
  { offered }: StoredDraft,
  made: readonly { readonly role: Gesture['role'] }[],
): number {
  const approvals = made.filter(({ role }) => role === 'approver').length
  return (approvals === made.length ? 1 : 0) + Math.max(0, (offered.approvers?.m ?? 0) - approvals)
}
