/** Drills of the kill switch from the command line: one function an act. spec/kill.md (KIL-17 to KIL-19). @module */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import {
  drillModeSchema,
  drillReportSchema,
  type DrillMode,
  type DrillReport,
} from '../../src/log/drill-report.ts'
import { killScopeSchema, type KillScope } from '../../src/revoke/statement.ts'
import { pullGesture } from './kills.ts'
import { CliError } from './output.ts'
import type { Profile } from './profile.ts'

/** How often it asks who has answered, in milliseconds. */
const ASK_EVERY_MS = 200

const drillSchema = z.object({
  id: z.string(),
  mode: drillModeSchema,
  scope: killScopeSchema,
  at: z.int(),
  planner: z.string(),
  status: z.enum(['planned', 'started', 'closed']),
  kill: z.string().nullable(),
})
export type Drill = z.infer<typeof drillSchema>
const noteSchema = z.object({
  entry: z.int(),
  author: z.string(),
  time: z.string(),
  text: z.string().nullable(),
})
export type DrillNote = z.infer<typeof noteSchema>
const reportedSchema = z.object({
  drill: drillSchema,
  started: z.int(),
  size: z.int(),
  report: drillReportSchema,
  notes: z.array(noteSchema),
})
export type ReportedDrill = z.infer<typeof reportedSchema>

export async function planDrill(
  profile: Profile,
  plan: { readonly mode: DrillMode; readonly scope: KillScope; readonly at?: string },
): Promise<string> {
  const { mode, scope, at } = plan
  const asked = { mode, scope: { ...scope }, ...(at === undefined ? {} : { at }) }
  return z.object({ drill: z.string() }).parse(await profile.client.post('/v1/drills', asked)).drill
}

export async function listDrills(profile: Profile): Promise<Drill[]> {
  return z.object({ drills: z.array(drillSchema) }).parse(await profile.client.get('/v1/drills')).drills
}

/** @throws {CliError} `UNKNOWN_DRILL` */
export async function findDrill(profile: Profile, id: string): Promise<Drill> {
  const found = (await listDrills(profile)).find((drill) => drill.id === id)
  if (found === undefined) throw new CliError('UNKNOWN_DRILL', 'no such drill: see "countersign drill list"')
  return found
}

/** Begins it: in production with a gesture over a kill of exactly its scope. @returns the kill */
export async function startDrill(
  profile: Profile,
  { id, mode, scope, status }: Drill,
): Promise<string | null> {
  // Nobody is asked for a gesture that would be refused.
  const pull = mode === 'tabletop' || status !== 'planned' ? null : await pullGesture(profile, scope, 'drill')
  const answer = await profile.client.post(`/v1/drills/${id}/start`, { pull })
  return z.object({ kill: z.string().nullable() }).parse(answer).kill
}

/**
 * Asks until every point has answered, or the time is over.
 * @param onAnswers told of the report whenever more points answered
 */
export async function watchDrill(
  profile: Profile,
  id: string,
  wait_ms: number,
  onAnswers: (report: DrillReport) => void,
): Promise<DrillReport> {
  const until = performance.now() + wait_ms
  for (let known = -1; ;) {
    const { report } = await readReport(profile, id)
    if (report.answered_n !== known) onAnswers(report)
    known = report.answered_n
    if (report.answered_n === report.points_n || performance.now() >= until) return report
    await pause(ASK_EVERY_MS)
  }
}

export async function readReport(profile: Profile, id: string): Promise<ReportedDrill> {
  return reportedSchema.parse(await profile.client.get(`/v1/drills/${id}/report`))
}

/** Says something about the drill in words (ERA-12). @param started index of the entry that began it @returns its entry */
export async function noteDrill(profile: Profile, started: number, text: string): Promise<number> {
  const answer = await profile.client.post('/v1/notes', { entry: started, text })
  return z.object({ entry: z.int() }).parse(answer).entry
}

export async function closeDrill(profile: Profile, id: string): Promise<ReportedDrill> {
  await profile.client.post(`/v1/drills/${id}/close`, {})
  return readReport(profile, id)
}
