/**
 * Enforcement points and the epochs of their receipt streams. spec/enforcement.md (RCP-2).
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { z } from 'zod'
import type { PublicJwk } from '../core/crypto.ts'
import { assertId, newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { raise } from './alerts.ts'
import { assertKeyUnused } from './callers.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { recordEpochEnd } from './ledgers.ts'
import { fileUnder } from './personal.ts'

export type PointRow = Schema['points']
export type EpochReason = EntryBody<'point.epoch_opened'>['reason']

/** Of a query over `points`: the key of the point is not revoked. */
export const KEY_STANDS = sql<boolean>`not exists (select frames.seq from frames where frames.kind = 'key' and frames.handle = points.jkt)`

export interface PointInput {
  /** A guest's own, that another control plane gave it (KEY-9). */
  readonly id?: string
  readonly name: string
  readonly jwk: PublicJwk
  readonly placement: PointRow['placement']
  /** The servers whose tools it guards, each once. */
  readonly servers: readonly string[]
}

/**
 * @throws {RegistryError} `KEY_IN_USE`; `STATE_CONFLICT`: the identifier is given, or a server is named twice;
 * {CoreError} `ID_INVALID`
 */
export function enrolPoint(
  ctx: RegistryContext,
  actor: Actor,
  input: PointInput,
): Promise<{ point: string }> {
  const { name, jwk, placement } = input
  const servers = [...input.servers]
  if (new Set(servers).size !== servers.length)
    throw new RegistryError('STATE_CONFLICT', 'a tool server is named twice')
  const jkt = thumbprint(ctx.crypto, jwk)
  return ctx.store.write(async (tx) => {
    await assertKeyUnused(ctx.crypto, tx.db, jwk)
    const id = input.id === undefined ? newId(ctx.crypto, 'pnt', tx.now) : await guestId(tx.db, input.id)
    await tx.db
      .insertInto('points')
      .values({
        id,
        name,
        jkt,
        jwk_json: canonicalize({ ...jwk }),
        placement,
        servers_json: canonicalize(servers),
        epoch: 0,
        seq: 0,
        hash: '',
      })
      .execute()
    const body = { name, jwk, placement, servers }
    const first = await tx.append({ type: 'point.enrolled', actor, subject: id, body })
    await fileUnder(tx, { id, owner: null, first })
    return { point: id }
  })
}

async function guestId(db: Kysely<Schema>, id: string): Promise<string> {
  assertId(id, 'pnt')
  const known = await db.selectFrom('points').select('id').where('id', '=', id).executeTakeFirst()
  if (known) throw new RegistryError('STATE_CONFLICT', 'an enforcement point has this identifier already')
  return id
}

/** A second epoch is worth a look: what the spool of the first still held is lost. */
export function openEpoch(
  ctx: RegistryContext,
  point: string,
  reason: EpochReason,
): Promise<{ epoch: number }> {
  const actor: Actor = { kind: 'point', id: point }
  return ctx.store.write(async (tx) => {
    const row = await findPoint(tx.db, point)
    const epoch = row.epoch + 1
    await tx.db.updateTable('points').set({ epoch, seq: 0, hash: '' }).where('id', '=', point).execute()
    await recordEpochEnd(tx.db, point)
    const opened = await tx.append({
      type: 'point.epoch_opened',
      actor,
      subject: point,
      body: { epoch, reason },
    })
    if (row.epoch > 0) {
      const detail = { epoch, reason, previous_seq: row.seq }
      const key = `epoch/${point}/${epoch}`
      await raise(tx, {
        rule: 'EPOCH_REOPENED',
        key,
        subject: point,
        detail,
        entries: [opened],
        isEveryLogged: true,
      })
    }
    return { epoch }
  })
}

/** @throws {RegistryError} `UNKNOWN_POINT` */
export async function findPoint(db: Kysely<Schema>, id: string): Promise<PointRow> {
  const row = await db.selectFrom('points').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_POINT', 'no such enforcement point')
  return row
}

/** @throws {RegistryError} `UNKNOWN_POINT` */
export async function assertPoints(db: Kysely<Schema>, ids: readonly string[]): Promise<void> {
  const known = await db.selectFrom('points').select('id').where('id', 'in', ids).execute()
  const unknown = ids.filter((id) => !known.some((row) => row.id === id))
  if (unknown.length > 0) {
    throw new RegistryError(
      'UNKNOWN_POINT',
      `no enforcement point here is ${unknown.join(', ')}: enrol it, or, when it is of another control plane, run ` +
        '"countersign point key" there and "countersign point admit … --jwk FILE" here',
    )
  }
}

/** The servers that a point guards. */
export function serversOf({ servers_json }: Pick<PointRow, 'servers_json'>): string[] {
  return z.array(z.string()).parse(parseJson(servers_json))
}

export type Point = Omit<PointRow, 'jwk_json' | 'hash' | 'servers_json'> & {
  readonly jwk: PublicJwk
  readonly servers: string[]
}

export async function listPoints(db: Kysely<Schema>): Promise<Point[]> {
  const rows = await db
    .selectFrom('points')
    .select(['id', 'name', 'jkt', 'jwk_json', 'placement', 'servers_json', 'epoch', 'seq'])
    .orderBy('id')
    .execute()
  return rows.map(({ jwk_json, servers_json, ...row }) => ({
    ...row,
    jwk: publicJwk(parseJson(jwk_json)),
    servers: serversOf({ servers_json }),
  }))
}
