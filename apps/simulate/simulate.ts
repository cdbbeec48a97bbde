/**
 * Plays a company for a time, hour by hour, with the real control plane and real enforcement points under a clock that is
 * moved. spec/simulation.md. The same options give the same log.
 * @module
 */
import { renewDelegations, takeOn, TRADES, type Trade } from './agents.ts'
import { addMonths, DAY_MS, HOUR_MS, isBusinessDay, SimulatedClock, startOfDay } from './clock.ts'
import { foundCompany } from './company.ts'
import { Plane } from './plane.ts'
import { Chance, seededCrypto } from './random.ts'
import { plant, SimulationError, type Deviation, type Planted } from './deviations/deviation.ts'
import type { Act, Span, Story, Theme } from './story.ts'
import { backups } from './themes/backups.ts'
import { baselines } from './themes/baselines.ts'
import { canaries } from './themes/canaries.ts'
import { changes } from './themes/changes.ts'
import { consents } from './themes/consents.ts'
import { deficiencies } from './themes/deficiencies.ts'
import { drills } from './themes/drills.ts'
import { outputs } from './themes/outputs.ts'
import { oversight } from './themes/oversight.ts'
import { people } from './themes/people.ts'
import { probes } from './themes/probes.ts'
import { reviews } from './themes/reviews.ts'
import { roles } from './themes/roles.ts'
import { together } from './themes/together.ts'
import { trouble } from './themes/trouble.ts'
import { triage } from './themes/alerts.ts'
import { closings } from './themes/incidents.ts'
import { labels } from './themes/labels.ts'
import { vendors } from './themes/vendors.ts'
import { upkeep } from './themes/upkeep.ts'
import { planDay, playSession } from './themes/workdays.ts'

/** The company is founded that long before the period, and the log goes on for so long after it. */
const LEAD_DAYS = 7
const AFTER_MS = 2 * HOUR_MS
const NINE_MS = 9 * HOUR_MS
/** Of the period, until the last agent has joined. */
const JOINED_SHARE = 0.6

/** In this order each hour, and each morning. */
const THEMES: readonly Theme[] = [
  upkeep,
  canaries,
  labels,
  outputs,
  consents,
  drills,
  probes,
  triage,
  closings,
  deficiencies,
  oversight,
  changes,
  baselines,
  backups,
  people,
  reviews,
  roles,
  together,
  trouble,
  vendors,
]

export interface SimulationOptions {
  readonly seed: string
  readonly months: number
  readonly agents: number
  readonly actionsPerDay: number
  /** The end of the period, milliseconds since 1970: midnight UTC before it is taken. */
  readonly to_ms: number
  readonly dataDir: string
  readonly deviations: readonly Deviation[]
  /** Told after each day. */
  readonly onDay?: (day: { readonly day: number; readonly of: number; readonly actions: number }) => void
  readonly report: (error: unknown) => void
}

export interface Simulated {
  readonly plane: Plane
  readonly story: Story
  readonly period: Span
  readonly planted: readonly Planted[]
  close(): Promise<void>
}

export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const { seed, months, dataDir, report } = options
  const to_ms = startOfDay(options.to_ms)
  const period = { from_ms: addMonths(to_ms, -months), to_ms }
  const planted = plant(options.deviations, period)
  const clock = new SimulatedClock(period.from_ms - LEAD_DAYS * DAY_MS)
  const crypto = seededCrypto(seed)
  const chance = new Chance(seed)
  const plane = await Plane.start({ dataDir, clock, crypto, name: seed, separation: 'after', report })
  try {
    const company = await foundCompany({ plane, crypto, clock, chance, report })
    const story: Story = {
      dataDir,
      company,
      agents: [],
      period,
      agents_n: options.agents,
      actions_per_day: options.actionsPerDay,
      done: { allowed: 0, denied: 0 },
      forgotten: new Map(),
      agenda: agendaOf(() => story, planted),
      notes: new Map(),
    }
    for (const theme of THEMES) await theme.found?.(story)
    await hire(story)
    await live(story, options)
    assertPlayed(story)
    return { plane, story, period, planted, close: () => plane.close() }
  } catch (cause) {
    await plane.close()
    throw cause
  }
}

/** Deviations are played at ten. */
const PLAYED_MS = 10 * HOUR_MS

function agendaOf(story: () => Story, planted: readonly Planted[]): Act[] {
  return planted.map(({ deviation, day_ms }) => ({
    at_ms: day_ms + PLAYED_MS,
    what: deviation.name,
    play: () => deviation.play(story()),
  }))
}

async function keepAgenda(story: Story): Promise<void> {
  const { agenda, company } = story
  const due = agenda.filter(({ at_ms }) => at_ms <= company.clock.now())
  for (const act of due) {
    agenda.splice(agenda.indexOf(act), 1)
    await act.play()
  }
  if (due.length > 0) await lookAround(story)
}

/** @throws {SimulationError} `DEVIATION_UNPLAYED` */
function assertPlayed({ agenda }: Story): void {
  const [left] = agenda
  if (left === undefined) return
  const why = `${left.what} had not happened when the period was over: simulate more months, or leave it out`
  throw new SimulationError('DEVIATION_UNPLAYED', why)
}

/** Half of the agents when the company is founded; the others join over the period. */
async function hire(story: Story): Promise<void> {
  const { company, agents_n } = story
  for (let n = 0; n < Math.ceil(agents_n / 2); n++) await takeOnOne(story, n)
  for (const point of company.points.values()) await point.hear()
}

/** Half of them at the beginning of the period, all of them well before its end. */
function wanted({ agents_n, period }: Story, time_ms: number): number {
  const { from_ms, to_ms } = period
  const share = Math.min(1, Math.max(0, (time_ms - from_ms) / (JOINED_SHARE * (to_ms - from_ms))))
  return Math.ceil(((1 + share) * agents_n) / 2)
}

async function takeOnOne(story: Story, n: number): Promise<void> {
  const trades = Object.keys(TRADES) as Trade[]
  const trade = trades[n % trades.length] ?? 'clerk'
  const { owners } = story.company.staff
  const owner = owners[n % owners.length]
  if (owner === undefined) throw new TypeError('nobody owns agents')
  const agent = await takeOn(story.company, trade, owner, n + 1)
  story.agents.push(agent)
  await renewDelegations(story.company, agent)
}

async function live(story: Story, { onDay }: SimulationOptions): Promise<void> {
  const { clock } = story.company
  const { period, done } = story
  const first_ms = startOfDay(clock.now()) + DAY_MS
  const of = (period.to_ms - first_ms) / DAY_MS
  for (let day_ms = first_ms; day_ms < period.to_ms; day_ms += DAY_MS) {
    await playDay(story, day_ms)
    onDay?.({ day: (day_ms - first_ms) / DAY_MS + 1, of, actions: done.allowed + done.denied })
  }
  await finish(story)
}

async function playDay(story: Story, day_ms: number): Promise<void> {
  const { clock } = story.company
  const sessions = planDay(story, day_ms)
  for (let hour_ms = day_ms; hour_ms < day_ms + DAY_MS; hour_ms += HOUR_MS) {
    clock.to(Math.max(clock.now(), hour_ms))
    for (const theme of THEMES) await theme.hour?.(story, hour_ms)
    await keepAgenda(story)
    if (hour_ms === day_ms + NINE_MS) await morning(story, day_ms)
    await playHour(story, sessions, hour_ms)
  }
}

async function morning(story: Story, day_ms: number): Promise<void> {
  for (const theme of THEMES) await theme.day?.(story, day_ms)
  for (const agent of story.agents)
    if (agent.status === 'active') await renewDelegations(story.company, agent)
  while (story.agents.length < wanted(story, day_ms)) await takeOnOne(story, story.agents.length)
  if (isBusinessDay(day_ms)) for (const point of story.company.points.values()) await point.hear()
  await lookAround(story)
}

async function playHour(story: Story, sessions: ReturnType<typeof planDay>, hour_ms: number): Promise<void> {
  const { clock } = story.company
  let isBusy = false
  while (sessions[0] !== undefined && sessions[0].at < hour_ms + HOUR_MS) {
    const [session] = sessions.splice(0, 1)
    if (session === undefined) break
    clock.to(Math.max(clock.now(), session.at))
    await playSession(story, session)
    isBusy = true
  }
  if (isBusy) await lookAround(story)
}

/** What was recorded is shipped, and looked at. */
async function lookAround({ company }: Story): Promise<void> {
  for (const point of company.points.values()) await point.ship()
  await company.plane.observe()
}

/** Every point has shipped past the end of the period, and the log is signed over it. */
async function finish({ company, period }: Story): Promise<void> {
  const { clock, points, plane } = company
  clock.to(period.to_ms)
  await plane.anchor()
  clock.to(period.to_ms + AFTER_MS)
  for (const point of points.values()) {
    await point.hear()
    await point.ship()
  }
  await plane.publish()
}
