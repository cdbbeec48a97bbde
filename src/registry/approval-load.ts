/**
 * How much people are asked, and how they answer: who is asked too often reads nothing. spec/approvals.md (APR-18).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'

const DAY_MS = 24 * 3600 * 1000
/** Requests that are counted, newest first: a hundred thousand a month is more than people can read. */
const COUNTED_MAX = 100_000

export interface Load {
  readonly requested: number
  readonly approved: number
  readonly refused: number
  readonly timed_out: number
  readonly open: number
  /** Seconds from request to decision; null when nothing was decided. */
  readonly median_s: number | null
  readonly longest_s: number | null
}

export interface ApprovalLoad {
  readonly total: Load
  /** By `2026-03-01` (UTC), in order. */
  readonly days: readonly (Load & { readonly day: string })[]
  /** Those who ask most first. */
  readonly agents: readonly (Load & { readonly agent: string })[]
}

type Row = Pick<Schema['approvals'], 'agent' | 'status' | 'requested' | 'decided' | 'expires'>

/** @param days up to now; @param now milliseconds */
export async function approvalLoad(db: Kysely<Schema>, days: number, now: number): Promise<ApprovalLoad> {
  const rows = await db
    .selectFrom('approvals')
    .select(['agent', 'status', 'requested', 'decided', 'expires'])
    .where('requested', '>=', now - days * DAY_MS)
    .orderBy('requested', 'desc')
    .limit(COUNTED_MAX)
    .execute()
  const byDay = Map.groupBy(rows, ({ requested }) => new Date(requested).toISOString().slice(0, 10))
  const byAgent = Map.groupBy(rows, ({ agent }) => agent)
  return {
    total: loadOf(rows, now),
    days: [...byDay]
      .map(([day, own]) => ({ day, ...loadOf(own, now) }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
    agents: [...byAgent]
      .map(([agent, own]) => ({ agent, ...loadOf(own, now) }))
      .sort((a, b) => b.requested - a.requested),
  }
}

function loadOf(rows: readonly Row[], now: number): Load {
  const count = (test: (row: Row) => boolean): number => rows.filter(test).length
  const took = rows
    .flatMap(({ decided, requested }) => (decided === null ? [] : [(decided - requested) / 1000]))
    .sort((a, b) => a - b)
  return {
    requested: rows.length,
    approved: count(({ status }) => status === 'approved'),
    refused: count(({ status }) => status === 'refused'),
    timed_out: count(({ status, expires }) => status === 'open' && expires <= now),
    open: count(({ status, expires }) => status === 'open' && expires > now),
    median_s: took[Math.floor((took.length - 1) / 2)] ?? null,
    longest_s: took.at(-1) ?? null,
  }
}
