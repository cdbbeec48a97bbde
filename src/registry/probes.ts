/**
 * Probes of the kill channel: what was sent to whom, and what points answered. spec/kill.md (KIL-28 to KIL-30).
 * Nothing is kept but the entries: they are what test 16 reads.
 * @module
 */
import type { Kysely } from 'kysely'
import { parseJson } from '../core/json.ts'
import { jwkSchema, publicJwk } from '../core/jwk.ts'
import { PROBED_MAX } from '../log/probe-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { answerHolds, probeHolds } from '../revoke/kill-rules.ts'
import type { SignedAck, SignedProbe } from '../revoke/statement.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { frameKey } from './frame-ring.ts'
import { findEnrolled } from './people.ts'
import { assertPoints, findPoint, KEY_STANDS } from './points.ts'

export interface Round {
  readonly statement: SignedProbe
  /** Absent: all that are enrolled and whose key is not revoked. */
  readonly points?: readonly string[] | undefined
}

/**
 * @returns of which points an answer is wanted
 * @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_POINT`; `STATEMENT_REFUSED`: nobody who may has signed it;
 * `STATE_CONFLICT`: there is no point to ask
 */
export function recordRound(
  ctx: RegistryContext,
  person: string,
  { statement, points }: Round,
): Promise<{ points: string[] }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await assertHolds(ctx, tx.db, statement)
    if (points !== undefined) await assertPoints(tx.db, points)
    const asked = [...new Set(points ?? (await pointsInService(tx.db)))]
    if (asked.length === 0)
      throw new RegistryError('STATE_CONFLICT', 'no enforcement point is enrolled that could answer')
    for (let at = 0; at < asked.length; at += PROBED_MAX)
      await tx.append({
        type: 'kill.probed',
        actor: personActor(person),
        subject: statement.probe.id,
        body: { statement, points: asked.slice(at, at + PROBED_MAX) },
      })
    return { points: asked }
  })
}

/** @throws {RegistryError} `UNKNOWN_POINT`; `STATEMENT_REFUSED`: the probe, or the answer, does not hold */
export function recordAnswer(
  ctx: RegistryContext,
  point: string,
  { statement, answer }: { readonly statement: SignedProbe; readonly answer: SignedAck },
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await assertHolds(ctx, tx.db, statement)
    const { jwk_json } = await findPoint(tx.db, point)
    const jwk = publicJwk(jwkSchema.parse(parseJson(jwk_json)))
    if (answer.ack.point !== point || !answerHolds(ctx.crypto, jwk, statement, answer))
      throw new RegistryError('STATEMENT_REFUSED', 'the answer is not by this point, or to another probe')
    await tx.append({
      type: 'kill.probe_answered',
      actor: { kind: 'point', id: point },
      subject: statement.probe.id,
      body: { statement, answer },
    })
  })
}

async function assertHolds(ctx: RegistryContext, db: Kysely<Schema>, statement: SignedProbe): Promise<void> {
  const keys = { frame: (await frameKey(db)).jwk, breakGlass: ctx.breakGlass }
  if (statement.probe.iss !== ctx.iss || !probeHolds(ctx.crypto, keys, statement))
    throw new RegistryError('STATEMENT_REFUSED', 'the probe is not signed by a key of this control plane')
}

async function pointsInService(db: Kysely<Schema>): Promise<string[]> {
  const rows = await db.selectFrom('points').select('id').where(KEY_STANDS).orderBy('id').execute()
  return rows.map(({ id }) => id)
}
