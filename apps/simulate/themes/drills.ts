/** The kill switch, drilled in production each quarter before work begins, and the roster of who lifts. spec/simulation.md (SIM-11). @module */
import { beginLift, setRoster, signLift } from '../../cli/kills.ts'
import { findDrill, planDrill, startDrill } from '../../cli/drills.ts'
import { MINUTE_MS, SECOND_MS } from '../clock.ts'
import { pointOf } from '../company.ts'
import { activeAgents, forgets, isDay, type Story, type Theme } from '../story.ts'
import { work } from '../work.ts'

const DRILL_DAYS = { first: 16, every: 75 }
/** Note: one is to be held. */
const DUE = 'drills.due'
const SCOPE = { kind: 'class', id: 'clerk' } as const

export const drills: Theme = {
  found: async ({ company }) => {
    const { plane, crypto, staff } = company
    const breakGlass = crypto.signer(await plane.breakGlassKey())
    const people = [staff.operations, staff.security, staff.business].map(({ person }) => person)
    await setRoster(staff.operations, breakGlass, { people, m: 2 }, () => undefined)
  },
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, DRILL_DAYS)) story.notes.set(DUE, true)
    if (story.notes.get(DUE) !== true || forgets(story, 'drills')) return
    story.notes.delete(DUE)
    await holdDrill(story)
  },
}

/** Planned by one, pulled by another; every clerk is stopped, tries, and goes on once two people lifted. */
export async function holdDrill(story: Story, mode: 'production' | 'tabletop' = 'production'): Promise<void> {
  const { clock, points, staff } = story.company
  const { operations, security, business, privacy } = staff
  const drill = await planDrill(operations, { mode, scope: SCOPE })
  clock.pass(MINUTE_MS)
  const kill = await startDrill(security, await findDrill(security, drill))
  clock.pass(SECOND_MS)
  for (const point of points.values()) if (!point.isPartitioned) await point.hear()
  await tryOnce(story)
  if (kill !== null) {
    clock.pass(5 * MINUTE_MS)
    const lift = await beginLift(security, [kill], 'drill-over')
    for (const one of [security, business]) await signLift(one, lift, [kill], () => undefined)
    clock.pass(SECOND_MS)
  }
  for (const point of points.values()) if (!point.isPartitioned) await point.hear()
  await tryOnce(story)
  for (const point of points.values()) if (!point.isPartitioned) await point.ship()
  clock.pass(MINUTE_MS)
  await privacy.client.post(`/v1/drills/${drill}/close`, {})
}

async function tryOnce(story: Story): Promise<void> {
  const { company } = story
  const clerk = activeAgents(story).find(({ trade, held }) => trade === 'clerk' && held.has('files'))
  const held = clerk?.held.get('files')
  if (clerk === undefined || held === undefined) return
  const session = {
    point: pointOf(company, 'files'),
    server: 'files',
    chain: held.chain,
    holder: clerk.holder,
  }
  await work(company, session, [{ tool: 'read_file', args: { path: '/work/drill.txt' } }])
}
