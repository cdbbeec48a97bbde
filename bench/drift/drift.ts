/**
 * `npm run bench -- drift`: false alarms and delay on recorded runs, beside EWMA, Page-Hinkley and ADWIN on the same score.
 * docs/benchmarks.md says how streams are drawn and what the figures do not say.
 * @module
 */
import { machine, ownCommit, type Machine } from '../machine.ts'
import { agentsOf, hasSign, type Agent } from './agents.ts'
import { ewma, pageHinkley, WATCHING, type Watching } from './monitors.ts'
import {
  CALIBRATE,
  delayRuns,
  delaysOf,
  ended,
  falseAlarmsOf,
  heldOut,
  permuted,
  tuned,
  voidedBy,
  type DelayRuns,
  type Delays,
  type FalseAlarms,
  type Voided,
} from './rounds.ts'
import { dataIsThere, readSessions } from './sessions.ts'

const SHARES = [1, 0.3, 0.1] as const
const CALIBRATIONS = [50, 200] as const
/** Thresholds that are tried, in sigmas. */
const SETTINGS = [3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9, 10, 12, 14, 16, 20]

type ByDetector<T> = Readonly<Record<string, T>>

interface AgentReport {
  readonly agent: string
  readonly held_out: boolean
  readonly benign: number
  readonly attacked: number
  readonly false_alarms: ByDetector<FalseAlarms>
  /** By share of attacked sessions. */
  readonly delays: Readonly<Record<string, ByDetector<Delays>>>
  readonly unseen_tasks: Voided
  /** Sessions of the other suite, as if they were of the same class. */
  readonly other_class: Voided | null
}

interface Report {
  readonly benchmark: 'drift'
  readonly machine: Machine
  readonly countersign: string
  readonly calibrate: number
  /** Thresholds of the tuned ones, in sigmas. */
  readonly tuned: { readonly ewma: number; readonly page_hinkley: number }
  readonly agents: readonly AgentReport[]
  /** Runs of all held-out agents together, by share of attacked sessions. */
  readonly held_out: Readonly<Record<string, ByDetector<Delays>>>
  /** Benign sessions with a sign: of records, once each. */
  readonly benign_signs: { readonly sessions: number; readonly with_sign: number }
  /** Of the airline desk, every record once. */
  readonly permuted: ByDetector<FalseAlarms>
  /** Ours, by sessions of warm-up, at full compromise and at 30 %, over held-out agents: median of medians. */
  readonly calibrations: readonly {
    readonly calibrate: number
    readonly full: number
    readonly third: number
  }[]
  readonly took_s: number
}

export async function drift(options: { readonly json: boolean }): Promise<void> {
  if (!dataIsThere()) {
    process.stderr.write('drift: not measured, ../shared/data/agentdojo or taubench is not on this machine\n')
    return
  }
  const report = await measureDrift()
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}

async function measureDrift(): Promise<Report> {
  const ran_on = machine()
  const start = performance.now()
  const agents = agentsOf(await readSessions())
  const held = heldOut(agents)
  const looked = agents.filter((agent) => !held.includes(agent))
  const settings = { ewma: tuned(looked, SETTINGS, ewma), page_hinkley: tuned(looked, SETTINGS, pageHinkley) }
  const watching: ByDetector<Watching> = {
    ...WATCHING,
    'ewma tuned': ewma(settings.ewma),
    'page-hinkley tuned': pageHinkley(settings.page_hinkley),
  }
  const runs = new Map<string, DelayRuns[]>()
  const reports = agents.map((agent) => {
    process.stderr.write(`drift: ${agent.name}\n`)
    return reportOf(agent, agents, watching, held.includes(agent) ? runs : null)
  })
  const attacked = held.filter((agent) => agent.attacked.length > 0)
  const desk = agents.find((agent) => agent.attacked.length === 0)
  return {
    benchmark: 'drift',
    machine: ran_on,
    countersign: ownCommit(),
    calibrate: CALIBRATE,
    tuned: settings,
    agents: reports,
    held_out: byShare((share) => byName(watching, (_, name) => delaysOf(runs.get(`${share} ${name}`) ?? []))),
    benign_signs: benignSigns(agents),
    permuted: desk === undefined ? {} : permuted(desk, watching),
    calibrations: CALIBRATIONS.map((calibrate) => ({
      calibrate,
      full: medianOver(attacked, 1, calibrate),
      third: medianOver(attacked, 0.3, calibrate),
    })),
    took_s: Math.round((performance.now() - start) / 1000),
  }
}

function byName<T>(watching: ByDetector<Watching>, of: (one: Watching, name: string) => T): ByDetector<T> {
  return Object.fromEntries(Object.entries(watching).map(([name, one]) => [name, of(one, name)]))
}

function byShare<T>(of: (share: number) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(SHARES.map((share) => [String(share), of(share)]))
}

function benignSigns(agents: readonly Agent[]): Report['benign_signs'] {
  const all = agents.flatMap(({ benign }) => benign)
  return { sessions: all.length, with_sign: all.filter(hasSign).length }
}

/** @param runs takes the runs in, of agents that are held out; null for others */
function reportOf(
  agent: Agent,
  all: readonly Agent[],
  watching: ByDetector<Watching>,
  runs: Map<string, DelayRuns[]> | null,
): AgentReport {
  const isAttacked = agent.attacked.length > 0
  const other = all.find(({ model, suite }) => model === agent.model && suite !== agent.suite)
  const delays = (share: number): ByDetector<Delays> =>
    byName(watching, (one, name) => {
      const of = delayRuns(agent, one, share)
      runs?.set(`${share} ${name}`, [...(runs.get(`${share} ${name}`) ?? []), of])
      return delaysOf([of])
    })
  return {
    agent: agent.name,
    held_out: runs !== null,
    benign: agent.benign.length,
    attacked: agent.attacked.length,
    false_alarms: byName(watching, (one, name) => falseAlarmsOf(agent, one, name)),
    delays: isAttacked ? byShare(delays) : {},
    unseen_tasks: voidedBy(agent, null),
    other_class: other === undefined ? null : voidedBy(agent, other.benign),
  }
}

function medianOver(agents: readonly Agent[], share: number, calibrate: number): number {
  const ours = WATCHING.ours
  if (ours === undefined) return 0
  const medians = agents.map((agent) => delaysOf([delayRuns(agent, ours, share, calibrate)]).alarm.median)
  return medians.sort((a, b) => a - b)[Math.floor((medians.length - 1) / 2)] ?? 0
}

function tableOf(report: Report): string {
  const { machine: on, agents, took_s, calibrations } = report
  const held = agents.filter(({ held_out }) => held_out)
  const looked = agents.filter(({ held_out }) => !held_out)
  const lines = [
    `drift: recorded runs; ${on.cpu}, ${on.cores} cores, node ${on.node}, ${report.countersign}, ${took_s} s`,
    '',
    'held out:',
    ...agentLines(held),
    ...SHARES.flatMap((share) =>
      Object.entries(report.held_out[String(share)] ?? {}).map(
        ([name, of]) => `  all runs, ${share * 100} % attacked, ${name.padEnd(18)} ${delayText(of)}`,
      ),
    ),
    '',
    'looked at in development:',
    ...agentLines(looked),
    '',
    `tuned: ewma ${report.tuned.ewma} sigmas, page-hinkley ${report.tuned.page_hinkley}; benign records with a sign: ${report.benign_signs.with_sign} of ${report.benign_signs.sessions}`,
    `airline desk, every record once: ${permutedText(report.permuted)}`,
    ...calibrations.map(
      ({ calibrate, full, third }) =>
        `warm-up of ${calibrate}: median of the held-out agents' medians ${full} at 100 %, ${third} at 30 %`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

function agentLines(agents: readonly AgentReport[]): string[] {
  const total = (name: string): FalseAlarms =>
    agents.reduce(
      (sum, { false_alarms }) => {
        const of = false_alarms[name]
        return of === undefined ? sum : ended(sum.sessions + of.sessions, sum.alarms + of.alarms)
      },
      ended(0, 0),
    )
  const names = Object.keys(agents[0]?.false_alarms ?? {})
  return [
    ...agents.flatMap((agent) => agentText(agent, names)),
    ...names.map((name) => `  all together, ${name.padEnd(18)} ${falseText(total(name))}`),
  ]
}

function agentText(report: AgentReport, names: readonly string[]): string[] {
  const { agent, benign, attacked, false_alarms, delays, unseen_tasks, other_class } = report
  const voided = (what: string, of: Voided | null): string[] =>
    of === null ? [] : [`    ${what}: ${of.alarmed} of ${of.runs} streams of 100 benign sessions alarm`]
  return [
    `  ${agent}: ${benign} benign, ${attacked} attacked`,
    ...names.map((name) => {
      const of = false_alarms[name]
      const each = SHARES.map((share) => delays[String(share)]?.[name]).map((one) =>
        one === undefined ? '' : delayText(one),
      )
      return `    ${name.padEnd(18)} ${of === undefined ? '' : falseText(of)} ${each.join(' | ')}`
    }),
    ...voided('tasks that the warm-up had none of', unseen_tasks),
    ...voided('another class, were it no epoch of its own', other_class),
  ]
}

function falseText({ sessions, alarms, run_length }: FalseAlarms): string {
  const length = run_length === null ? 'none' : `1 in ${run_length}`
  return `${String(alarms).padStart(5)} false in ${sessions} (${length})`.padEnd(38)
}

function delayText({ alarm, two_keys }: Delays): string {
  const { median, mean, p90, missed } = alarm
  return `${median}, mean ${mean}, p90 ${p90}, missed ${missed} of ${alarm.runs}; two keys ${two_keys.median}, mean ${two_keys.mean}, missed ${two_keys.missed}`
}

function permutedText(all: ByDetector<FalseAlarms>): string {
  return Object.entries(all)
    .map(([name, of]) => `${name} ${falseText(of).trim()}`)
    .join('; ')
}
