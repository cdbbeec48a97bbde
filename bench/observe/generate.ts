/**
 * Counts of a fleet as a fold would have made them of so many receipts, by statements of the database itself: tens of
 * millions of receipts would take longer than the questions about them. A bucket is there as often as calls that come
 * at random would have it there, and what it holds is of the size that it would be.
 * @module
 */
import pg from 'pg'
import { DAY_MS, GRAIN_MS, GRAINS, KEPT_MS, KINDS, VIEWS } from '../../src/observe/telemetry/terms.ts'

export interface GeneratedFleet {
  readonly agents: number
  readonly points: number
  /** Of each agent. */
  readonly tools: number
  readonly start_ms: number
  readonly days: number
  readonly receipts: number
}

/** A call has so many receipts, and so much of them is denied: those of the fixture of receipts. */
const RECEIPTS_OF_CALL = 1.9
const DENIED = 0.1
const TOTALS = JSON.stringify({ sums: Array(12).fill(12_345), bins: Array(15).fill(1_234), named: [] })

export async function generate(url: string, fleet: GeneratedFleet): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(places(fleet))
    for (const [view, name] of VIEWS.entries())
      for (const grain of GRAINS.keys()) {
        const terms = { view, grain, calls: callsIn(fleet, view, grain), ...range(fleet, grain) }
        if (name !== 'all' || grain > 0) await client.query(counts(terms))
        if (name !== 'all' || grain > 0) await client.query(named(terms, 'reason', DENIED))
        if (grain > 0) await client.query(named(terms, 'debit', 1 - DENIED))
      }
    await client.query('VACUUM ANALYZE')
  } finally {
    await client.end()
  }
}

/** Each agent is at one point, and each tool at one server. */
function places({ agents, points, tools, start_ms }: GeneratedFleet): string {
  const agent = 'generate_series(0, ' + (agents - 1) + ') AS a'
  const tool = 'generate_series(0, ' + (tools - 1) + ') AS t'
  const server = "(ARRAY['files', 'mail', 'bank'])[t % 3 + 1]"
  const rows = {
    fleet: "SELECT '' AS agent, '' AS point, '' AS server, '' AS tool",
    agent: `SELECT 'agt_' || a, '', '', '' FROM ${agent}`,
    point: `SELECT '', 'pnt_' || p, '', '' FROM generate_series(0, ${points - 1}) AS p`,
    tool: `SELECT '', '', ${server}, 'tool_' || t FROM ${tool}`,
    all: `SELECT 'agt_' || a, 'pnt_' || a % ${points}, ${server}, 'tool_' || t FROM ${agent}, ${tool}`,
  }
  const all = VIEWS.map((view, at) => `SELECT ${at} AS view, of.* FROM (${rows[view]}) AS of`)
  return `INSERT INTO places (id, view, agent, point, server, tool, seen, totals_json)
    SELECT row_number() OVER (), view, agent, point, server, tool, ${start_ms}, '${TOTALS}' FROM (${all.join(' UNION ALL ')}) AS p`
}

interface Terms {
  readonly view: number
  readonly grain: number
  /** Of one place in one bucket, on average. */
  readonly calls: number
  readonly from_ms: number
  readonly to_ms: number
}

function callsIn(
  { agents, points, tools, days, receipts }: GeneratedFleet,
  view: number,
  grain: number,
): number {
  const of = { fleet: 1, agent: agents, point: points, tool: tools, all: agents * tools }
  const buckets = (days * DAY_MS) / GRAIN_MS[GRAINS[grain] ?? 'day']
  return receipts / RECEIPTS_OF_CALL / buckets / of[VIEWS[view] ?? 'fleet']
}

function range({ start_ms, days }: GeneratedFleet, grain: number): Pick<Terms, 'from_ms' | 'to_ms'> {
  const to_ms = start_ms + days * DAY_MS
  return { from_ms: Math.max(start_ms, to_ms - KEPT_MS[GRAINS[grain] ?? 'day']), to_ms }
}

/** The rows of a place and bucket that have something, in the order of their key. */
function some({ view, grain, from_ms, to_ms }: Terms, calls: number): string {
  const size = GRAIN_MS[GRAINS[grain] ?? 'day']
  return `SELECT b AS bucket, p.id AS place, 1 + floor(random() * ${2 * calls})::bigint AS n
    FROM generate_series(${from_ms}::bigint, ${to_ms - 1}::bigint, ${size}::bigint) AS b, (SELECT id FROM places WHERE view = ${view} ORDER BY id) AS p
    WHERE random() < ${1 - Math.exp(-calls)}`
}

function counts(terms: Terms): string {
  return `INSERT INTO counts (view, grain, bucket, place, allowed, denied, asked, finished, failed, stopped, unknown, latency_ms, latencies, within_100ms, within_1s, within_10s)
    SELECT ${terms.view}, ${terms.grain}, bucket, place, n, n / 9, 0, n - n / 20, n / 20, 0, 0, n * 200, n, n / 4, n, n
    FROM (${some(terms, terms.calls)}) AS s ORDER BY bucket, place`
}

function named(terms: Terms, kind: (typeof KINDS)[number], share: number): string {
  const name = kind === 'reason' ? 'SCOPE_VIOLATION' : 'amount USD'
  const total = kind === 'reason' ? 0 : 50
  return `INSERT INTO named_counts (view, kind, grain, bucket, place, name, n, total)
    SELECT ${terms.view}, ${KINDS.indexOf(kind)}, ${terms.grain}, bucket, place, '${name}', n, n * ${total}
    FROM (${some(terms, terms.calls * share)}) AS s ORDER BY bucket, place`
}
