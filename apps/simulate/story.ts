/**
 * A simulation under way: the company, its agents, what time it is, and what is played when. spec/simulation.md (SIM-8).
 * @module
 */
import type { Agent } from './agents.ts'
import type { Company } from './company.ts'

/** Half-open, milliseconds since 1970. */
export interface Span {
  readonly from_ms: number
  readonly to_ms: number
}

export interface Story {
  /** Of the control plane. */
  readonly dataDir: string
  readonly company: Company
  readonly agents: Agent[]
  /** Of the report. The company is founded some days before. */
  readonly period: Span
  readonly agents_n: number
  readonly actions_per_day: number
  /** What points decided so far. */
  readonly done: { allowed: number; denied: number }
  /** What somebody forgets, and until when: a name, and milliseconds since 1970. */
  readonly forgotten: Map<Habit, number>
  /** What somebody does later: at the beginning of the first hour from then on. */
  readonly agenda: Act[]
  /** What is kept from one day to the next: by theme. */
  readonly notes: Map<string, unknown>
}

export interface Act {
  readonly at_ms: number
  readonly what: string
  play(): Promise<void>
}

/** What is done day by day unless somebody forgets it. */
export type Habit =
  | 'anchor'
  | 'baselines'
  | 'canaries'
  | 'capacity'
  | 'drills'
  | 'observer'
  | 'reviews'
  | 'roles'
  | 'strangers'
  | 'triage'

/** What one part of the company does. Each has a file of its own in themes/. */
export interface Theme {
  /** Once, when the company is founded. */
  found?(story: Story): Promise<void>
  /** At the beginning of each hour, before its sessions. */
  hour?(story: Story, hour_ms: number): Promise<void>
  /** In the morning, at nine, of each day. */
  day?(story: Story, day_ms: number): Promise<void>
}

export function forgets({ forgotten, company }: Story, habit: Habit): boolean {
  return (forgotten.get(habit) ?? -Infinity) > company.clock.now()
}

/** Days of UTC since the period began; negative before it. */
export function dayOf({ period }: Pick<Story, 'period'>, time_ms: number): number {
  return Math.floor((time_ms - period.from_ms) / 86_400_000)
}

export function activeAgents({ agents }: Pick<Story, 'agents'>): Agent[] {
  return agents.filter(({ status }) => status === 'active')
}

/** Whether something that is done every so many days, the first time on that day of the period, is done today. */
export function isDay(
  story: Pick<Story, 'period'>,
  day_ms: number,
  when: { readonly first: number; readonly every: number },
): boolean {
  const day = dayOf(story, day_ms)
  return day >= when.first && (day - when.first) % when.every === 0
}
