/** Agents that are looked for, among thousands: a page at a time, and their names alone. spec/api.md. @module */
import { sql, type Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import { toAgent, type Agent, type AgentRow } from './agents.ts'

export interface AgentSearch {
  /** Only those behind this identifier. */
  readonly after: string
  readonly limit: number
  readonly status?: AgentRow['status'] | undefined
  /** In a name, an identifier or a class, without regard to case. */
  readonly find?: string | undefined
  /** Whose agents are found by that too: people are found by names that no register of agents has. */
  readonly owners: readonly string[]
}

/** By identifier. @returns one page, and behind which identifier to go on; null: there are no more */
export async function searchAgents(
  db: Kysely<Schema>,
  { after, limit, status, find, owners }: AgentSearch,
): Promise<{ readonly agents: readonly Agent[]; readonly next: string | null }> {
  const text = `%${(find ?? '').toLowerCase().replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`
  const rows = await db
    .selectFrom('agents')
    .selectAll('agents')
    .where('id', '>', after)
    .$if(status !== undefined, (all) => all.where('status', '=', status ?? 'active'))
    .$if(find !== undefined, (all) =>
      all.where((eb) =>
        eb.or([
          sql<boolean>`lower(name || ' ' || id || ' ' || class) LIKE ${text} ESCAPE '\\'`,
          ...(owners.length === 0 ? [] : [eb('owner', 'in', owners)]),
        ]),
      ),
    )
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const ids = page.map(({ id }) => id)
  if (ids.length === 0) return { agents: [], next: null }
  const keys = await db
    .selectFrom('agent_keys')
    .selectAll()
    .where('agent', 'in', ids)
    .orderBy('jkt')
    .execute()
  const byAgent = Map.groupBy(keys, (key) => key.agent)
  return {
    agents: page.map((row) => toAgent(row, byAgent.get(row.id) ?? [])),
    next: rows.length > limit ? (ids.at(-1) ?? null) : null,
  }
}

interface Named {
  readonly id: string
  readonly name: string
}

/**
 * What agents are called. Agents stay, and so do their names: they are read again when there are more of them.
 * Invariant: what is given is what the database has.
 */
export class AgentNames {
  #known: readonly Named[] = []

  async of(db: Kysely<Schema>): Promise<readonly Named[]> {
    const { count } = await db
      .selectFrom('agents')
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .executeTakeFirstOrThrow()
    if (Number(count) !== this.#known.length)
      this.#known = await db.selectFrom('agents').select(['id', 'name']).orderBy('id').execute()
    return this.#known
  }
}
