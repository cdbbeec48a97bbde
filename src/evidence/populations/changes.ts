/**
 * Populations of changes: to policies, templates, labels, tools, versions of agents, and what else one person proposes and
 * another approves. Tests 17 and 18. spec/tests.md.
 * @module
 */
import { businessDaysAfter } from '../../core/business-days.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { LONE_DAYS_MAX } from '../../log/alone.ts'
import type { AnyEntry, EntryType } from '../../log/entries.ts'
import type { History } from '../history.ts'
import { loneAlerts, loneReviewBook, reviewColumns } from './alone.ts'
import { inPeriod, type Period, type PopulationDefinition } from './definition.ts'

type Approved = Extract<
  AnyEntry,
  { body: { acted_alone: boolean; act: { proposal: number; approver: string } } }
>
/** What else is approved so: an agent, which is test 2, is no change. */
type Change = Exclude<Approved, { type: `agent.${string}` }>

interface LoggedChange {
  readonly index: number
  readonly entry: Change
}

function isChange(entry: AnyEntry): entry is Change {
  return entry.type !== 'agent.approved' && 'act' in entry.body && 'proposal' in (entry.body.act ?? {})
}

/** All of the log, in its order, and who proposed what. */
export function changesOf(history: History): { changes: LoggedChange[]; authors: Map<number, string> } {
  const { templates, toolChanges, labels, versions, issuers, consents } = history
  const all = [templates, toolChanges, labels, versions, issuers, consents].flat()
  const authors = new Map(all.map(({ index, entry }) => [index, entry.actor.id]))
  const changes = all.flatMap(({ index, entry }) => (isChange(entry) ? [{ index, entry }] : []))
  return { changes: changes.sort((a, b) => a.index - b.index), authors }
}

/** @param alone whether those that one person made alone, or the others */
function rowsOf(
  history: History,
  period: Period,
  alone: boolean,
): (JsonObject & { index: number; time: string })[] {
  const { changes, authors } = changesOf(history)
  const tests = testsOfVersions(history)
  return changes
    .filter(({ entry }) => inPeriod(entry.time, period) && entry.body.acted_alone === alone)
    .map(({ index, entry }) => {
      const { act } = entry.body
      return {
        index,
        time: entry.time,
        kind: entry.type.slice(0, entry.type.indexOf('.')),
        of: entry.subject ?? null,
        proposal: act.proposal,
        author: authors.get(act.proposal) ?? null,
        approver: act.approver,
        ...(entry.type === 'version.approved' ? { tests: tests.get(act.proposal) ?? null } : {}),
      }
    })
}

/** What each version was tested with, as its manifest says, by the entry that proposed it. */
function testsOfVersions({ versions }: History): ReadonlyMap<number, { n: number; failed: number }> {
  return new Map(
    versions.flatMap(({ index, entry }) => {
      if (entry.type !== 'version.proposed') return []
      const { tests = [] } = entry.body.document
      return [
        [index, { n: tests.length, failed: tests.reduce((sum, { failed }) => sum + failed, 0) }] as const,
      ]
    }),
  )
}

const CHANGE_TYPES = [
  'alert_policy.approved',
  'basis.approved',
  'drift_policy.approved',
  'flow_policy.approved',
  'issuer.trusted',
  'label.approved',
  'manager.approved',
  'notice.approved',
  'output_policy.approved',
  'response_policy.approved',
  'template.approved',
  'tool.approved',
  'version.approved',
] as const satisfies readonly EntryType[]

export const changes: PopulationDefinition = {
  name: 'changes',
  types: CHANGE_TYPES,
  definition:
    'Every change to a template, policy, label, tool, version of an agent, notice, basis, manager of consents or trusted issuer that came into force in the period; those that one person made alone stand in a population of their own.',
  query: 'type = *.approved or issuer.trusted, acted_alone = false, agents excepted, and from <= time < to',
  rows: (history, period) => rowsOf(history, period, false),
}

export const emergencyChanges: PopulationDefinition = {
  name: 'emergency_changes',
  types: CHANGE_TYPES,
  definition:
    'Every change that one person made alone in the period, with the alert that told of it, until when somebody else has to review it, five business days by the calendar of UTC, and who did by the end of the log, with the outcome. A review is a compensating control: no change in it was approved by another.',
  query: 'type = *.approved or issuer.trusted, acted_alone = true, agents excepted, and from <= time < to',
  rows: (history, period) => {
    const [alerts, reviews] = [loneAlerts(history), loneReviewBook(history)]
    return rowsOf(history, period, true).map((row) => ({
      ...row,
      alert: alerts.get(row.index)?.index ?? null,
      alerted: alerts.get(row.index)?.entry.time ?? null,
      due: rfc3339(businessDaysAfter(Date.parse(row.time), LONE_DAYS_MAX)),
      ...reviewColumns(reviews.get(row.index)),
    }))
  },
}
