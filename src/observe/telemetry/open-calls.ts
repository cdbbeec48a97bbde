/**
 * Calls whose outcome is still to come: an outcome names its decision by the action alone. spec/telemetry.md (TEL-7).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import { chunks } from './rows.ts'
import { DAY_MS } from './terms.ts'

export type OpenCall = Schema['open_calls']

/** Calls that are remembered, about 300 bytes each: past it the oldest have an outcome without a latency. */
export const OPEN_MAX = 20_000
const OPEN_MS_MAX = DAY_MS

export class OpenCalls {
  readonly #open = new Map<string, OpenCall>()
  readonly #saved = new Set<string>()
  /** Saved, and over since. */
  #gone: string[] = []
  #fresh = new Set<string>()

  async load(db: Kysely<Schema>): Promise<void> {
    const rows = await db.selectFrom('open_calls').selectAll().orderBy('t').orderBy('action').execute()
    for (const row of rows) {
      this.#open.set(row.action, row)
      this.#saved.add(row.action)
    }
  }

  begin(call: OpenCall): void {
    if (this.#open.size >= OPEN_MAX) {
      const oldest = this.#open.keys().next().value
      if (oldest !== undefined) this.#forget(oldest)
    }
    this.#open.set(call.action, call)
    this.#fresh.add(call.action)
  }

  /** @returns null for one that was not allowed lately */
  end(action: string, point: string): OpenCall | null {
    const call = this.#open.get(action)
    if (call === undefined || call.point !== point) return null
    this.#forget(action)
    return call
  }

  async save({ db }: Tx, now_ms: number): Promise<void> {
    for (const [action, { t }] of this.#open) {
      if (t > now_ms - OPEN_MS_MAX) break
      this.#forget(action)
    }
    for (const actions of chunks(this.#gone))
      await db.deleteFrom('open_calls').where('action', 'in', actions).execute()
    const fresh = [...this.#fresh].flatMap((action) => this.#open.get(action) ?? [])
    for (const rows of chunks(fresh)) {
      await db
        .insertInto('open_calls')
        .values(rows)
        .onConflict((at) => at.column('action').doNothing())
        .execute()
    }
    for (const { action } of fresh) this.#saved.add(action)
    this.#gone = []
    this.#fresh = new Set()
  }

  #forget(action: string): void {
    this.#open.delete(action)
    this.#fresh.delete(action)
    if (this.#saved.delete(action)) this.#gone.push(action)
  }
}
