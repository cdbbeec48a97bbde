/** What the fleet came to since the first entry, as metrics. spec/telemetry.md (TEL-13, TEL-18). @module */
import type { Kysely } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import type { Totals } from '../telemetry/totals.ts'
import { AT, KINDS, VIEWS, type Column } from '../telemetry/terms.ts'

/** Series of one answer: agents first come. */
export const PLACES_SHOWN_MAX = 10_000

export interface PlaceTotals {
  readonly agent: string
  readonly server: string
  readonly tool: string
  readonly seen: number
  readonly decisions: { readonly allow: number; readonly deny: number; readonly step_up: number }
  readonly outcomes: {
    readonly finished: number
    readonly failed: number
    readonly stopped: number
    readonly unknown: number
  }
  readonly latency: { readonly sum_s: number; readonly bins: readonly number[] }
  readonly reasons: readonly (readonly [name: string, n: number])[]
}

/** @param view which dimensions are told apart */
export async function totalsOf(db: Kysely<Schema>, view: 'agent' | 'tool'): Promise<PlaceTotals[]> {
  const rows = await db
    .selectFrom('places')
    .selectAll()
    .where('view', '=', VIEWS.indexOf(view))
    .orderBy('id')
    .limit(PLACES_SHOWN_MAX)
    .execute()
  return rows.map(({ agent, server, tool, seen, totals_json }) => {
    const { sums, bins, named } = JSON.parse(totals_json) as Totals
    const at = (column: Column): number => sums[AT[column]] ?? 0
    return {
      agent,
      server,
      tool,
      seen,
      decisions: { allow: at('allowed'), deny: at('denied'), step_up: at('asked') },
      outcomes: {
        finished: at('finished'),
        failed: at('failed'),
        stopped: at('stopped'),
        unknown: at('unknown'),
      },
      latency: { sum_s: at('latency_ms') / 1_000, bins },
      reasons: named.flatMap(([kind, name, n]) => (KINDS[kind] === 'reason' ? [[name, n] as const] : [])),
    }
  })
}
