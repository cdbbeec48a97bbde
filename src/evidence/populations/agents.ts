/** Populations of agents: those that could act, those that began to, and who left. Tests 1, 2 and 6. spec/tests.md. @module */
import { canonicalize, type JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import type { AgentRecord } from '../records.ts'
import { loneReviewBook, reviewColumns } from './alone.ts'
import { inPeriod, type Period, type PopulationDefinition } from './definition.ts'

export const activeAgents: PopulationDefinition = {
  name: 'active_agents',
  types: ['agent.proposed'],
  definition:
    'Every agent that could act at some time in the period: activated before its end, and not suspended or retired for all of it.',
  query:
    'type = agent.proposed with an agent.activated before to that no agent.suspended or agent.retired before from ended',
  rows: (history, period) => {
    const holders = holdersOf(history)
    return [...history.agents].flatMap(([id, record]): JsonObject[] => {
      const activated = activeFrom(record, period)
      if (activated === null) return []
      const { owner, class: agentClass, purpose, systems, manifest } = record.proposal.entry.body
      const keys = record.keys.filter(({ entry }) => Date.parse(entry.time) < period.to_ms)
      const shared = keys.flatMap(({ entry: { body } }) =>
        body.point === undefined ? (holders.get(canonicalize({ ...body.jwk })) ?? []) : [],
      )
      return [
        {
          index: record.proposal.index,
          agent: id,
          owner,
          owner_known: history.inviters.has(owner),
          class: agentClass,
          purpose,
          systems,
          manifest,
          activated,
          keys_n: keys.length,
          keys_shared_with: [...new Set(shared)].filter((other) => other !== id).sort(),
        },
      ]
    })
  },
}

/** Agents by the keys that they hold themselves: a point may hold one for several. */
function holdersOf(history: History): ReadonlyMap<string, string[]> {
  const holders = new Map<string, string[]>()
  for (const [id, { keys }] of history.agents)
    for (const { entry } of keys) {
      if (entry.body.point !== undefined) continue
      const name = canonicalize({ ...entry.body.jwk })
      holders.set(name, [...(holders.get(name) ?? []), id])
    }
  return holders
}

/** When it first could act before the end, if it could in the period. */
function activeFrom({ changes }: AgentRecord, { from_ms, to_ms }: Period): string | null {
  const before = changes.filter(({ time }) => Date.parse(time) < to_ms)
  const first = before.find(({ status }) => status === 'activated')
  if (first === undefined) return null
  const atStart = before.findLast(({ time }) => Date.parse(time) < from_ms)
  const began = before.some(({ time, status }) => status === 'activated' && Date.parse(time) >= from_ms)
  return began || atStart?.status === 'activated' ? first.time : null
}

export const createdAgents: PopulationDefinition = {
  name: 'created_agents',
  types: ['agent.proposed'],
  definition:
    'Every agent that was proposed in the period, or that was first given something to act with in it: a delegation, an access token, or a statement of its key.',
  query:
    'type = agent.proposed, where its time or that of the first of delegation.issued, token.exchanged, agent.statement_issued for it is in from <= time < to',
  rows: (history, period) => {
    const reviews = loneReviewBook(history)
    return [...history.agents].flatMap(([id, { proposal, approval }]): JsonObject[] => {
      const first = history.tested.firstTokens.get(id)
      const isItem = [proposal.entry.time, first?.time].some(
        (time) => time !== undefined && inPeriod(time, period),
      )
      if (!isItem) return []
      return [
        {
          index: proposal.index,
          agent: id,
          proposed: proposal.entry.time,
          requester: proposal.entry.actor.id,
          owner: proposal.entry.body.owner,
          approved: approval?.entry.time ?? null,
          approved_index: approval?.index ?? null,
          approver: approval?.entry.body.act.approver ?? null,
          acted_alone: approval?.entry.body.acted_alone ?? null,
          first_token: first?.time ?? null,
          first_token_index: first?.index ?? null,
          ...reviewColumns(reviews.get(approval?.index ?? -1)),
        },
      ]
    })
  },
}

export const leavers: PopulationDefinition = {
  name: 'leavers',
  types: ['revocation', 'agent.retired'],
  definition:
    'Every person who left and every agent that was retired in the period, with the delegations that were alive then, when the last of them was revoked, and those that were issued afterwards.',
  query: 'type = revocation of kind person, or type = agent.retired, and from <= time < to',
  rows: (history, period) => {
    const bound_ms = history.created?.entry.body.bound_ms ?? 0
    const frames = firstFrames(history)
    const issued = [...history.delegations.values()]
    const byAgent = Map.groupBy(issued, ({ entry }) => entry.body.agent)
    return leavingsOf(history)
      .filter(({ time }) => inPeriod(time, period))
      .map(({ index, time, kind, subject }) => {
        const own =
          kind === 'agent'
            ? (byAgent.get(subject) ?? [])
            : issued.filter(({ entry }) => entry.body.rev.includes(subject))
        const left_ms = Date.parse(time)
        const endOf = ({ entry: { body } }: (typeof own)[number]): number =>
          Math.min(
            ...[
              `delegation:${body.jti}`,
              `agent:${body.agent}`,
              ...body.rev.map((rev) => `person:${rev}`),
            ].map((handle) => frames.get(handle) ?? Infinity),
          )
        const alive = own.filter(
          (one) => one.index < index && one.entry.body.exp * 1000 > left_ms && endOf(one) >= left_ms,
        )
        const late = alive.filter((one) => endOf(one) > left_ms + bound_ms)
        return {
          index,
          time,
          kind,
          subject,
          delegations: alive.length,
          outlived: late.map((one) => one.index).slice(0, LISTED_MAX),
          outlived_n: late.length,
          issued_after: own.filter((one) => one.index > index).map((one) => one.index),
        }
      })
  },
}

/** Delegations that one row names; the number of them is exact. */
const LISTED_MAX = 100

interface Leaving {
  readonly index: number
  readonly time: string
  readonly kind: 'person' | 'agent'
  /** A person's handle, or an agent. */
  readonly subject: string
}

function leavingsOf(history: History): Leaving[] {
  const people = history.revocations
    .filter(({ entry }) => entry.body.frame.kind === 'person')
    .map(({ index, entry }): Leaving => {
      const { handle } = entry.body.frame
      return { index, time: entry.time, kind: 'person', subject: handle }
    })
  const agents = [...history.agents].flatMap(([subject, { changes }]) =>
    changes
      .filter(({ status }) => status === 'retired')
      .map(({ index, time }): Leaving => ({ index, time, kind: 'agent', subject })),
  )
  return [...people, ...agents].sort((a, b) => a.index - b.index)
}

/** When each handle was revoked, in milliseconds. */
function firstFrames(history: History): ReadonlyMap<string, number> {
  const frames = new Map<string, number>()
  for (const { frame } of history.frames) {
    const name = `${frame.kind}:${frame.handle}`
    if (!frames.has(name)) frames.set(name, frame.t)
  }
  return frames
}
