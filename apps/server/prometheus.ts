/** Metrics as Prometheus reads them: text exposition format 0.0.4. spec/telemetry.md (TEL-18). @module */
import { LATENCY_BOUNDS_S } from '../../src/observe/telemetry/terms.ts'
import type { PlaceTotals } from '../../src/observe/otlp/metrics.ts'
import type { Fleet } from './fleet-view.ts'

export const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number, suffix?: string]

/** @param behind entries that the observer has not taken; null where another node observes */
export function exposition(
  agents: readonly PlaceTotals[],
  tools: readonly PlaceTotals[],
  fleet: Fleet,
  behind: number | null,
): string {
  const byAgent = (
    of: (agent: PlaceTotals) => readonly (readonly [string, number])[],
    label: string,
  ): Sample[] =>
    agents.flatMap((one) => of(one).map(([name, n]): Sample => [{ agent: one.agent, [label]: name }, n]))
  return [
    family('countersign_decisions_total', 'counter', 'Calls that were decided.', [
      ...byAgent(({ decisions }) => Object.entries(decisions), 'decision'),
    ]),
    family('countersign_outcomes_total', 'counter', 'Calls that ended, by how.', [
      ...byAgent(({ outcomes }) => Object.entries(outcomes), 'outcome'),
    ]),
    family('countersign_reasons_total', 'counter', 'Reasons of denials and questions.', [
      ...byAgent(({ reasons }) => reasons, 'reason'),
    ]),
    family(
      'countersign_call_duration_seconds',
      'histogram',
      'From the decision to the outcome.',
      tools.flatMap(histogram),
    ),
    family(
      'countersign_agent_last_seen_timestamp_seconds',
      'gauge',
      'Time of the last receipt.',
      fleet.agents.flatMap(({ id, seen }): Sample[] =>
        seen === null ? [] : [[{ agent: id }, seen / 1_000]],
      ),
    ),
    family(
      'countersign_agent_approvals_waiting',
      'gauge',
      'Calls that wait for a person.',
      fleet.agents.map(({ id, waiting }): Sample => [{ agent: id }, waiting]),
    ),
    family(
      'countersign_agent_limit_spent_ratio',
      'gauge',
      'The fullest limit of a delegation that stands.',
      fleet.agents.flatMap(({ id, spent }): Sample[] => (spent === null ? [] : [[{ agent: id }, spent]])),
    ),
    family(
      'countersign_point_frames_behind',
      'gauge',
      'Revocation frames that a point has not applied.',
      fleet.points.map(({ id, behind: frames }): Sample => [{ point: id }, frames]),
    ),
    family(
      'countersign_observer_entries_behind',
      'gauge',
      'Entries that are not counted yet.',
      behind === null ? [] : [[{}, behind]],
    ),
  ].join('')
}

function histogram({ server, tool, latency: { sum_s, bins } }: PlaceTotals): Sample[] {
  const labels = { server, tool }
  let count = 0
  const buckets = bins.map((n, at): Sample => {
    count += n
    return [{ ...labels, le: String(LATENCY_BOUNDS_S[at] ?? '+Inf') }, count, '_bucket']
  })
  return [...buckets, [labels, sum_s, '_sum'], [labels, count, '_count']]
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return ''
  const lines = samples.map(([labels, value, suffix = '']) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
