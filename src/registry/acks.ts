/**
 * How far each enforcement point has followed the revocations. spec/revocation.md (REV-13, REV-18). Operational: the log
 * holds nothing of it, and nothing is decided by it.
 *
 * A fleet answers every revocation, so an acknowledgement costs one signature and no transaction: the last of each point
 * is kept in memory, and all that came are written together, twice a second and before somebody asks. What a crash loses
 * of them, the points say again when they connect.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import { verifyAck } from '../revoke/ack.ts'
import type { Ack, SignedAck } from '../revoke/statement.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** Points that are named as missing; the number of them is exact. */
export const MISSING_MAX = 100
/** How far the time of an acknowledgement may lie from ours, either way: as with any request (API-2). */
export const ACK_AGE_MAX_MS = 60_000
const WRITE_EVERY_MS = 500
/** Rows of one statement. */
const ROWS_MAX = 500

export interface Acknowledged {
  /** Enrolled points whose key is not revoked. */
  readonly of: number
  readonly acknowledged: number
  readonly missing: readonly { readonly point: string; readonly name: string; readonly head: number | null }[]
}

type Row = Schema['acks']

export class AckBoard {
  readonly #ctx: Pick<RegistryContext, 'store' | 'crypto'>
  /** Of the points that were heard: what each was enrolled with is for ever. */
  readonly #heard = new Map<string, { readonly jwk: PublicJwk; t: number; head: number }>()
  readonly #unwritten = new Map<string, Row>()
  readonly #onAck: (head: number, now_ms: number) => void
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  /** @param onAck told of each frame that a point has newly acknowledged, and when */
  constructor(
    ctx: Pick<RegistryContext, 'store' | 'crypto'>,
    onAck: (head: number, now_ms: number) => void = () => undefined,
  ) {
    this.#ctx = ctx
    this.#onAck = onAck
  }

  /** Points that were heard since this process started. */
  get heard(): number {
    return this.#heard.size
  }

  /**
   * Good by itself, whoever brings it. One that is not newer than the last of its point changes nothing.
   * @param now by our clock, milliseconds
   * @throws {RegistryError} `ACK_INVALID`: of no point, not signed by its key, or of another time
   */
  async take(signed: SignedAck, now: number): Promise<void> {
    const { ack } = signed
    if (Math.abs(ack.t - now) > ACK_AGE_MAX_MS)
      throw new RegistryError(
        'ACK_INVALID',
        'the acknowledgement is too old, or of the future: check the clock',
      )
    const known = this.#heard.get(ack.point)
    const jwk = known?.jwk ?? (await this.#keyOf(ack.point))
    if (jwk === null || !verifyAck(this.#ctx.crypto, jwk, signed))
      throw new RegistryError('ACK_INVALID', 'the acknowledgement is not of the point that it names')
    const last = this.#heard.get(ack.point)
    if (last !== undefined && last.t >= ack.t) return
    this.#heard.set(ack.point, { jwk, t: ack.t, head: ack.head })
    // What a point says first, it may have known for long.
    if (last !== undefined && ack.head > last.head) this.#onAck(ack.head, now)
    this.#unwritten.set(ack.point, rowOf(ack))
    this.#timer ??= setTimeout(() => {
      void this.write().catch(() => undefined) // what it did not write, the next takes along
    }, WRITE_EVERY_MS)
  }

  /** Writes all that came before the call. @throws {StoreError} */
  write(): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write())
    return this.#writing
  }

  /** Nothing is taken from here on. */
  async close(): Promise<void> {
    await this.write().catch(() => undefined)
    clearTimeout(this.#timer)
  }

  async #keyOf(point: string): Promise<PublicJwk | null> {
    const row = await this.#ctx.store.query((db) =>
      db.selectFrom('points').select('jwk_json').where('id', '=', point).executeTakeFirst(),
    )
    return row === undefined ? null : publicJwk(parseJson(row.jwk_json))
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const rows = [...this.#unwritten.values()]
    if (rows.length === 0) return
    await this.#ctx.store.write(async ({ db }) => {
      for (let at = 0; at < rows.length; at += ROWS_MAX) await keep(db, rows.slice(at, at + ROWS_MAX))
    })
    for (const row of rows) {
      if (this.#unwritten.get(row.point) === row) this.#unwritten.delete(row.point)
    }
  }
}

function rowOf({ point, epoch, head, t, kills }: Ack): Row {
  return { point, epoch, head, t, kills_json: canonicalize([...kills]) }
}

/** Another node may have written a newer one. */
async function keep(db: Kysely<Schema>, rows: readonly Row[]): Promise<void> {
  await db
    .insertInto('acks')
    .values([...rows])
    .onConflict((on) =>
      on
        .column('point')
        .doUpdateSet((eb) => ({
          epoch: eb.ref('excluded.epoch'),
          head: eb.ref('excluded.head'),
          t: eb.ref('excluded.t'),
          kills_json: eb.ref('excluded.kills_json'),
        }))
        .whereRef('excluded.t', '>', 'acks.t'),
    )
    .execute()
}

/** @param seq the frame that is asked about */
export async function acknowledgedBy(db: Kysely<Schema>, seq: number): Promise<Acknowledged> {
  const enrolled = db
    .selectFrom('points')
    .leftJoin('acks', 'acks.point', 'points.id')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('frames')
            .select('seq')
            .where('kind', '=', 'key')
            .whereRef('handle', '=', 'points.jkt')
            .where('seq', '<=', seq),
        ),
      ),
    )
  const { n, acknowledged } = await enrolled
    .select((eb) => [
      eb.fn.countAll<number | string>().as('n'),
      eb.fn.count<number | string>('acks.head').filterWhere('acks.head', '>=', seq).as('acknowledged'),
    ])
    .executeTakeFirstOrThrow()
  const missing = await enrolled
    .where((eb) => eb.or([eb('acks.head', 'is', null), eb('acks.head', '<', seq)]))
    .select(['points.id as point', 'points.name', 'acks.head'])
    .orderBy('points.id')
    .limit(MISSING_MAX)
    .execute()
  return { of: Number(n), acknowledged: Number(acknowledged), missing }
}
