/**
 * Kills: pulled by a person's gesture, or signed outside and handed in. spec/kill.md (KIL-13 to KIL-16).
 * Invariants: never refused because of a state; the entry, the frame and the row are of one transaction; a kill that was
 * lifted does not come back.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Gesture } from '../core/gesture.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { killHolds, pullAct, signKill, type PullAct } from '../revoke/kill-rules.ts'
import { signedKillSchema, type Kill, type KillScope, type SignedKill } from '../revoke/statement.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { frameKey } from './frame-ring.ts'
import { appendFrame } from './frames.ts'
import { askedOf, signedBy, type Asked } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { serversOf } from './points.ts'
import { find, keepStatement } from './statements.ts'

/** How long somebody may take over the gesture: as long as a ceremony, and a clock that is off. */
const PULL_MS = 15 * 60 * 1000

/** What a person signs to pull, made anew each time. @throws {RegistryError} `UNKNOWN_SYSTEM`, `UNKNOWN_CLASS`, `UNKNOWN_AGENT`, `NOT_ENDORSED` */
export async function pullOf(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  person: string,
  asked: { readonly scope: KillScope; readonly reason: string },
  now_ms: number,
): Promise<Asked<PullAct>> {
  await findEnrolled(db, person)
  await assertScope(db, asked.scope)
  const kill: Kill = { v: 1, id: newId(ctx.crypto, 'kil', now_ms), iss: ctx.iss, ...asked, t: now_ms }
  return askedOf(ctx, { ...pullAct(person, kill) })
}

/** Something unknown is an error, so that a mistyped scope cannot look like a stop. */
export async function assertScope(db: Kysely<Schema>, scope: KillScope): Promise<void> {
  switch (scope.kind) {
    case 'global':
      return
    case 'agent':
      if (await has(db.selectFrom('agents').select('id').where('id', '=', scope.id))) return
      throw new RegistryError('UNKNOWN_AGENT', 'no such agent')
    case 'class':
      if (await has(db.selectFrom('agents').select('id').where('class', '=', scope.id))) return
      throw new RegistryError('UNKNOWN_CLASS', 'no agent is of that class')
    case 'system':
      for (const found of [
        db.selectFrom('systems').select('id').where('id', '=', scope.id),
        db.selectFrom('tools').select('id').where('server', '=', scope.id),
      ])
        if (await has(found)) return
      if (await isGuarded(db, scope.id)) return
      throw new RegistryError('UNKNOWN_SYSTEM', 'no system has that identifier, and no server that name')
  }
}

/** Whether some point guards a server of that name. */
async function isGuarded(db: Kysely<Schema>, server: string): Promise<boolean> {
  const points = await db.selectFrom('points').select('servers_json').execute()
  return points.some((row) => serversOf(row).includes(server))
}

async function has(query: { limit(n: number): { executeTakeFirst(): Promise<unknown> } }): Promise<boolean> {
  return (await query.limit(1).executeTakeFirst()) !== undefined
}

/**
 * @param kill as {@link pullOf} gave it, and as the gesture is over it
 * @throws {RegistryError} `GESTURE_INVALID`; `STATEMENT_REFUSED`: it is another's, or of another time; `NOT_ENDORSED`
 */
export function pullKill(
  ctx: RegistryContext,
  person: string,
  kill: Kill,
  parts: GestureParts,
): Promise<SignedKill> {
  return ctx.store.write((tx) => pullKillTx(ctx, tx, person, kill, parts))
}

/** {@link pullKill} within a transaction. */
export async function pullKillTx(
  ctx: RegistryContext,
  tx: Tx,
  person: string,
  kill: Kill,
  parts: GestureParts,
): Promise<SignedKill> {
  if (kill.iss !== ctx.iss || Math.abs(tx.now - kill.t) > PULL_MS)
    throw new RegistryError(
      'STATEMENT_REFUSED',
      'the kill is of another control plane, or of another time: pull anew',
    )
  const act = pullAct(person, kill)
  const gesture = signedBy(ctx, await findEnrolled(tx.db, person), 'principal', { ...act }, parts)
  const statement = signKill((await ctx.frame.current(tx.db)).signer, 'frame', kill)
  await commitKill(ctx, tx, personActor(person), statement, { act, gesture })
  return statement
}

type Pulled = { readonly act: PullAct; readonly gesture: Gesture }

/** Idempotent. One that was lifted before it came is in the log as a lift already, and is not taken (KIL-5). */
export async function commitKill(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  statement: SignedKill,
  pulled?: Pulled,
): Promise<void> {
  const { kill } = statement
  const known = await find(tx.db, 'kill', kill.id)
  if (known !== null) {
    const same = canonicalize(signedKillSchema.parse(known).kill) === canonicalize(kill)
    if (!same) throw new RegistryError('STATEMENT_REFUSED', 'another kill has that identifier')
    return
  }
  if (await isLifted(tx.db, kill.id)) return
  const entry = await tx.append({
    type: 'kill.pulled',
    actor,
    subject: kill.id,
    body: { statement, ...pulled },
  })
  await keepStatement(tx.db, entry, 'kill', kill.id, statement)
  const { id, reason } = kill
  await appendFrame(ctx, tx, actor, { kind: 'kill', handle: id, reason, target: id, statement })
}

/** From outside: by the break-glass key, or by the frame key once more. @throws {RegistryError} `STATEMENT_REFUSED` */
export async function takeKill(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  statement: SignedKill,
): Promise<void> {
  const { kill } = statement
  const known = await find(tx.db, 'kill', kill.id)
  // It held when it came: the frame key may be another since (KIL-9).
  const isKnown = known !== null && 'kill' in known && canonicalize(known.kill) === canonicalize(kill)
  if (isKnown) return
  const keys = { frame: (await frameKey(tx.db)).jwk, breakGlass: ctx.breakGlass }
  if (kill.iss !== ctx.iss || !killHolds(ctx.crypto, keys, statement))
    throw new RegistryError('STATEMENT_REFUSED', 'the kill is not signed by a key of this control plane')
  await commitKill(ctx, tx, actor, statement)
}

export async function isLifted(db: Kysely<Schema>, kill: string): Promise<boolean> {
  return (
    (await db.selectFrom('lifted').select('kill').where('kill', '=', kill).executeTakeFirst()) !== undefined
  )
}

/** Those that no lift names, the oldest first. */
export async function killsInForce(db: Kysely<Schema>): Promise<SignedKill[]> {
  const rows = await db
    .selectFrom('statements')
    .leftJoin('lifted', 'lifted.kill', 'statements.name')
    .select('statement_json')
    .where('kind', '=', 'kill')
    .where('lifted.kill', 'is', null)
    .orderBy('statements.entry')
    .execute()
  return rows.map((row) => signedKillSchema.parse(parseJson(row.statement_json)))
}
