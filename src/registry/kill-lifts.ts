/**
 * Rosters, and lifts that people of the roster make together, one by one. spec/kill.md (KIL-4 to KIL-6, KIL-15).
 * Invariants: a roster holds by the break-glass key alone; a lift by the gestures of as many people as the roster says.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { liftAct, liftFault, rosterFault, rosterShapeFault, type LiftAct } from '../revoke/kill-rules.ts'
import {
  liftSchema,
  rosterSchema,
  signedRosterSchema,
  type Lift,
  type Roster,
  type SignedLift,
  type SignedRoster,
  type Statement,
} from '../revoke/statement.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { replacedFrameKeys, takeFrameKey } from './frame-keys.ts'
import { appendFrame } from './frames.ts'
import { askedOf, signedBy } from './gestures.ts'
import { isLifted, takeKill } from './kills.ts'
import { countingIn, gesturesOf } from './lift-gestures.ts'
import { findEnrolled } from './people.ts'
import { find, keepStatement } from './statements.ts'

/** How long a lift waits for the others: a working day of each, wherever they are. */
const LIFT_TTL_MS = 24 * 3600 * 1000
/** Lifts that wait at once. */
const LIFTS_MAX = 100

/** The one in force, or null. */
export async function currentRoster(db: Kysely<Schema>): Promise<SignedRoster | null> {
  const row = await db
    .selectFrom('statements')
    .select('statement_json')
    .where('kind', '=', 'roster')
    .orderBy('entry', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : signedRosterSchema.parse(parseJson(row.statement_json))
}

/**
 * What the break-glass key is to sign.
 * @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT`, `NOT_ENDORSED`: of one of them; `STATEMENT_REFUSED`
 */
export async function rosterOf(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  people: readonly string[],
  m: number,
  now_ms: number,
): Promise<Roster> {
  const seq = ((await currentRoster(db))?.roster.seq ?? 0) + 1
  const named: Roster['people'] = []
  for (const id of people) {
    // Points know one key of each (PPL-14).
    const { rev, passkeys } = await findEnrolled(db, id)
    named.push({ rev, jwk: passkeys[0].jwk })
  }
  const roster = rosterSchema.parse({ v: 1, seq, iss: ctx.iss, people: named, m, t: now_ms })
  const fault = rosterShapeFault(roster, ctx.separation === 'after')
  if (fault !== null) throw new RegistryError('STATEMENT_REFUSED', `no such roster: ${fault}`)
  return roster
}

/** Kills, lifts, rosters and frame keys from outside, by whom they are signed: who brings them does not matter. @throws {RegistryError} `STATEMENT_REFUSED`; of frame keys also `STATE_CONFLICT`, `FRAME_KEY_MISSING` */
export async function takeStatement(ctx: RegistryContext, actor: Actor, statement: Statement): Promise<void> {
  await ctx.store.write(async (tx) => {
    if ('kill' in statement) return takeKill(ctx, tx, actor, statement)
    if ('roster' in statement) return takeRoster(ctx, tx, actor, statement)
    if ('lift' in statement) return takeLift(ctx, tx, actor, statement)
    if ('frame_key' in statement) return takeFrameKey(ctx, tx, actor, statement)
    throw new RegistryError('STATEMENT_REFUSED', 'a probe is for points: nothing of it is kept here')
  })
  if (!('frame_key' in statement)) return
  await ctx.frame.destroyReplaced(await ctx.store.query((db) => replacedFrameKeys(ctx, db)))
}

async function takeRoster(ctx: RegistryContext, tx: Tx, actor: Actor, signed: SignedRoster): Promise<void> {
  const { roster } = signed
  const fault =
    roster.iss === ctx.iss
      ? rosterFault(ctx.crypto, ctx.breakGlass, ctx.separation === 'after', signed)
      : 'it is of another control plane'
  if (fault !== null) throw new RegistryError('STATEMENT_REFUSED', `the roster does not hold: ${fault}`)
  if (roster.seq <= ((await currentRoster(tx.db))?.roster.seq ?? 0)) return
  // Who verifies a pack finds each of them in the log.
  for (const { rev, jwk } of roster.people) await assertRegistered(tx.db, rev, jwk)
  const entry = await tx.append({ type: 'roster.set', actor, subject: String(roster.seq), body: signed })
  await keepStatement(tx.db, entry, 'roster', String(roster.seq), signed)
}

async function assertRegistered(db: Kysely<Schema>, rev: string, jwk: object): Promise<void> {
  const row = await db
    .selectFrom('passkeys')
    .innerJoin('people', 'people.id', 'passkeys.person')
    .select('passkeys.registration')
    .where('people.rev', '=', rev)
    .where('people.status', '=', 'enrolled')
    .where('passkeys.status', '=', 'counts')
    .where('passkeys.credential_json', '=', canonicalize({ ...jwk }))
    .executeTakeFirst()
  if (row === undefined)
    throw new RegistryError(
      'STATEMENT_REFUSED',
      'the roster names somebody who is not enrolled and endorsed here',
    )
}

async function takeLift(ctx: RegistryContext, tx: Tx, actor: Actor, signed: SignedLift): Promise<void> {
  const { lift } = signed
  if ((await find(tx.db, 'lift', lift.id)) !== null) return
  const roster = (await currentRoster(tx.db))?.roster ?? null
  const enrolled = await countingIn(tx.db, signed)
  const fault =
    lift.iss === ctx.iss
      ? liftFault(ctx.crypto, ctx.rp, roster, signed, (rev) => !enrolled.has(rev))
      : 'it is of another control plane'
  if (fault !== null) throw new RegistryError('STATEMENT_REFUSED', `the lift does not hold: ${fault}`)
  const entry = await tx.append({
    type: 'kill.lifted',
    actor,
    subject: lift.id,
    body: { statement: signed },
  })
  await keepStatement(tx.db, entry, 'lift', lift.id, signed)
  await keepLifted(tx.db, lift)
  const { id, reason } = lift
  await appendFrame(ctx, tx, actor, { kind: 'lift', handle: id, reason, target: id, statement: signed })
}

export async function keepLifted(db: Kysely<Schema>, { id, kills }: Lift): Promise<void> {
  for (const kill of kills)
    await db
      .insertInto('lifted')
      .values({ kill, lift: id })
      .onConflict((on) => on.column('kill').doNothing())
      .execute()
}

/**
 * Names kills to be lifted. Kills that are lifted already may be named again: a point that missed the lift, and has
 * another roster by now, ends them by this one.
 * @throws {RegistryError} `UNKNOWN_KILL`; `STATE_CONFLICT`: there is no roster; `LIMIT_EXCEEDED`; `NOT_ENDORSED`
 */
export function beginLift(
  ctx: RegistryContext,
  person: string,
  asked: { readonly kills: readonly string[]; readonly reason: string },
): Promise<{ lift: string }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person) // so many wait at once: a stranger's would keep out the others
    const roster = await rosterInForce(tx.db)
    for (const kill of asked.kills) {
      const known = (await find(tx.db, 'kill', kill)) !== null || (await isLifted(tx.db, kill))
      if (!known) throw new RegistryError('UNKNOWN_KILL', `no such kill: ${kill}`)
    }
    await tx.db.deleteFrom('lift_drafts').where('expires', '<=', tx.now).execute()
    const open = await tx.db.selectFrom('lift_drafts').select('id').execute()
    if (open.length >= LIFTS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', 'too many lifts wait: finish one, or wait a day')
    const id = newId(ctx.crypto, 'lft', tx.now)
    const lift: Lift = {
      v: 1,
      id,
      iss: ctx.iss,
      ...asked,
      kills: [...asked.kills],
      roster: roster.seq,
      t: tx.now,
    }
    await tx.db
      .insertInto('lift_drafts')
      .values({ id, lift_json: canonicalize(lift), expires: tx.now + LIFT_TTL_MS })
      .execute()
    return { lift: id }
  })
}

async function rosterInForce(db: Kysely<Schema>): Promise<Roster> {
  const roster = (await currentRoster(db))?.roster
  if (roster === undefined)
    throw new RegistryError(
      'STATE_CONFLICT',
      'there is no roster: set one with "countersign kill roster set --key break-glass.jwk --person … --m 2"',
    )
  return roster
}

export interface OpenLift {
  readonly lift: Lift
  /** What each of them signs, and its challenge. */
  readonly act: LiftAct
  readonly challenge: string
  readonly made: readonly string[]
  /** Gestures without which it is not committed. */
  readonly missing: number
  /** Milliseconds. */
  readonly expires: number
}

/** @throws {RegistryError} `UNKNOWN_KILL` */
export async function openLift(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  id: string,
  now_ms: number,
): Promise<OpenLift> {
  const row = await db
    .selectFrom('lift_drafts')
    .selectAll()
    .where('id', '=', id)
    .where('expires', '>', now_ms)
    .executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_KILL', 'no such lift waits, or it has expired')
  const lift = liftSchema.parse(parseJson(row.lift_json))
  const act = liftAct(lift)
  const gestures = await db.selectFrom('lift_gestures').select('person').where('lift', '=', id).execute()
  const made = gestures.map(({ person }) => person).sort()
  const m = (await currentRoster(db))?.roster.m ?? 0
  const missing = Math.max(0, m - made.length)
  return { lift, ...askedOf(ctx, act), made, missing, expires: row.expires }
}

export async function openLifts(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  now_ms: number,
): Promise<OpenLift[]> {
  const rows = await db
    .selectFrom('lift_drafts')
    .select('id')
    .where('expires', '>', now_ms)
    .orderBy('id')
    .execute()
  const open: OpenLift[] = []
  for (const { id } of rows) open.push(await openLift(ctx, db, id, now_ms))
  return open
}

/**
 * One person's gesture; the last that it takes commits the lift.
 * @returns how many are missing still
 * @throws {RegistryError} `UNKNOWN_KILL`, `GESTURE_INVALID`, `NOT_ENDORSED`; `STATE_CONFLICT`: not of the roster, or the
 * roster is another by now
 */
export function signLift(
  ctx: RegistryContext,
  person: string,
  id: string,
  parts: GestureParts,
): Promise<{ missing: number }> {
  return ctx.store.write(async (tx) => {
    const { lift, act } = await openLift(ctx, tx.db, id, tx.now)
    const roster = await rosterInForce(tx.db)
    if (roster.seq !== lift.roster)
      throw new RegistryError('STATE_CONFLICT', 'the roster was replaced since: begin the lift again')
    const signer = await findEnrolled(tx.db, person)
    if (!roster.people.some(({ rev }) => rev === signer.rev))
      throw new RegistryError('STATE_CONFLICT', 'you are not on the roster: its people lift')
    const named = roster.people.find(({ rev }) => rev === signer.rev)
    const gesture = signedBy(ctx, signer, 'approver', act, parts)
    if (canonicalize({ ...named?.jwk }) !== canonicalize({ ...gesture.jwk }))
      throw new RegistryError(
        'STATE_CONFLICT',
        'the roster names another passkey of yours: sign with that one, or set another roster',
      )
    await tx.db.deleteFrom('lift_gestures').where('lift', '=', id).where('person', '=', person).execute()
    await tx.db
      .insertInto('lift_gestures')
      .values({ lift: id, person, gesture_json: canonicalize({ ...gesture }) })
      .execute()
    const gestures = await gesturesOf(tx.db, id)
    if (gestures.length < roster.m) return { missing: roster.m - gestures.length }
    await takeLift(ctx, tx, personActor(person), { lift, gestures })
    await tx.db.deleteFrom('lift_drafts').where('id', '=', id).execute()
    return { missing: 0 }
  })
}
