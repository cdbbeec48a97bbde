/**
 * What the log says of a drill, gathered for its report. spec/kill.md (KIL-19).
 * Invariant: the entries below `size` and nothing else, as the verifier gathers them from a pack.
 * @module
 */
import type { Kysely } from 'kysely'
import { decodeEntry, type AnyEntry } from '../log/entries.ts'
import {
  drillReport,
  DrillSieve,
  drillWindow,
  isUnderScope,
  type DrillEvidence,
  type DrillInventory,
  type DrillReport,
} from '../log/drill-report.ts'
import type { DecisionReceipt, Receipt } from '../log/receipt.ts'
import type { Schema } from '../ports/schema.ts'
import { killScopeSchema, signedLiftSchema, type KillScope } from '../revoke/statement.ts'
import { parseJson } from '../core/json.ts'
import type { RegistryContext } from './context.ts'
import { serversOf } from './points.ts'

type DrillRow = Schema['drills']

/** Entries that are read at once. */
const READ_MAX = 500

/** As of the entries that are committed now. @returns the report, and how many entries it is of */
export async function gatherReport(
  { store }: Pick<RegistryContext, 'store'>,
  drill: DrillRow,
): Promise<{ size: number; report: DrillReport }> {
  const size = await store.entries.size()
  const scope = killScopeSchema.parse(parseJson(drill.scope_json))
  const { mode, kill, started } = drill
  const pulled = kill === null ? null : await store.query((db) => statementEntry(db, 'kill', kill, size))
  if (kill === null || started === null || pulled === null) {
    const nothing = { mode, scope, kill: null, lift: null, points: [], receipts: [], isUnder: () => false }
    return { size, report: drillReport(nothing) }
  }
  const inventory = await store.query(inventoryOf)
  const isUnder = (receipt: DecisionReceipt): boolean => isUnderScope(scope, inventory, receipt)
  const read = new DrillSieve(kill, isUnder)
  const { from, to } = drillWindow({ planned: drill.entry, started }, size)
  for (let at = from; at < to; at += READ_MAX)
    for (const receipt of await store.query((db) => receiptsIn(db, at, Math.min(to, at + READ_MAX))))
      read.add(receipt)
  const rest = await store.query(async (db) => ({
    lift: await liftOf(db, kill, size),
    points: await pointsAt(db, scope, kill, pulled.index),
  }))
  const report = drillReport({
    mode,
    scope,
    kill: { id: kill, at: pulled.entry.time },
    receipts: read.recorded,
    isUnder,
    ...rest,
  })
  return { size, report }
}

async function receiptsIn(db: Kysely<Schema>, start: number, end: number): Promise<Receipt[]> {
  const rows = await db
    .selectFrom('entries')
    .select('bytes')
    .where('idx', '>=', start)
    .where('idx', '<', end)
    .where('type', '=', 'receipt')
    .orderBy('idx')
    .execute()
  return rows.flatMap(({ bytes }) => {
    const entry = decodeEntry(bytes)
    return entry.type === 'receipt' ? [entry.body] : []
  })
}

export async function statementEntry(
  db: Kysely<Schema>,
  kind: 'kill' | 'lift',
  name: string,
  size: number,
): Promise<{ index: number; entry: AnyEntry } | null> {
  const row = await db
    .selectFrom('statements')
    .innerJoin('entries', 'entries.idx', 'statements.entry')
    .select(['idx', 'bytes'])
    .where('kind', '=', kind)
    .where('name', '=', name)
    .where('idx', '<', size)
    .executeTakeFirst()
  return row === undefined ? null : { index: row.idx, entry: decodeEntry(row.bytes) }
}

export async function liftOf(db: Kysely<Schema>, kill: string, size: number): Promise<DrillEvidence['lift']> {
  const row = await db.selectFrom('lifted').select('lift').where('kill', '=', kill).executeTakeFirst()
  const found = row === undefined ? null : await statementEntry(db, 'lift', row.lift, size)
  if (found === null || found.entry.type !== 'kill.lifted') return null
  const { lift, gestures } = signedLiftSchema.parse(found.entry.body.statement)
  return { id: lift.id, at: found.entry.time, people_n: gestures.length }
}

async function inventoryOf(db: Kysely<Schema>): Promise<DrillInventory> {
  const agents = await db.selectFrom('agents').select(['id', 'class']).execute()
  const tools = await db.selectFrom('tools').select(['server', 'tool', 'system']).execute()
  const classes = new Map(agents.map((agent) => [agent.id, agent.class]))
  const systems = new Map(tools.map(({ server, tool, system }) => [`${server}\n${tool}`, system]))
  return {
    classOf: (agent) => classes.get(agent),
    systemOf: (server, tool) => systems.get(`${server}\n${tool}`),
  }
}

/** Enrolled before the kill, with a key that was not revoked before it, and within its scope. */
export async function pointsAt(
  db: Kysely<Schema>,
  scope: KillScope,
  kill: string,
  index: number,
): Promise<string[]> {
  const frame = await db
    .selectFrom('frames')
    .select('seq')
    .where('kind', '=', 'kill')
    .where('handle', '=', kill)
    .executeTakeFirst()
  const query = db
    .selectFrom('points')
    .innerJoin('subjects', 'subjects.id', 'points.id')
    .select(['points.id', 'points.servers_json'])
    .where('subjects.first', '<', index)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('frames')
            .select('seq')
            .where('kind', '=', 'key')
            .whereRef('handle', '=', 'points.jkt')
            .where('seq', '<', frame?.seq ?? 0),
        ),
      ),
    )
  const rows = await query.execute()
  if (scope.kind !== 'system') return rows.map((row) => row.id)
  const tools = await db.selectFrom('tools').select('server').where('system', '=', scope.id).execute()
  const within = new Set([scope.id, ...tools.map(({ server }) => server)])
  return rows.filter((row) => serversOf(row).some((server) => within.has(server))).map((row) => row.id)
}
