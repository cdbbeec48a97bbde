/**
 * Agents are model by suite. Every other model by name was looked at when the constants of drift were chosen; figures are
 * of the others, and of the airline desk, at which nobody looked.
 * @module
 */
import { Learner } from '../../src/observe/drift/document.ts'
import { Scorer, type Scores } from '../../src/observe/drift/score.ts'
import type { Draws } from './draws.ts'
import type { Session } from './session.ts'

export interface Agent {
  readonly name: string
  readonly suite: string
  readonly model: string
  readonly benign: readonly Session[]
  /** Of runs that the attacker won. */
  readonly attacked: readonly Session[]
}

/** Whether figures are stated on it: development looked at the others. */
export function isHeldOut(agent: Agent, all: readonly Agent[]): boolean {
  const models = [
    ...new Set(all.filter(({ attacked }) => attacked.length > 0).map(({ model }) => model)),
  ].sort()
  return agent.attacked.length === 0 || models.indexOf(agent.model) % 2 === 0
}

export function agentsOf(sessions: readonly Session[]): readonly Agent[] {
  const groups = Map.groupBy(sessions, ({ suite, model }) => `${suite} ${model}`)
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, of]) => ({
      name,
      suite: of[0]?.suite ?? '',
      model: of[0]?.model ?? '',
      benign: of.filter(({ attack }) => attack === null),
      attacked: of.filter(({ attack }) => attack !== null),
    }))
}

/** A session as everything after the baseline sees it. */
export interface Scored {
  readonly scores: Scores
  /** A person refused a call of it, or a point denied at least {@link BURST} of its calls. */
  readonly sign: boolean
}

/** Denials of one session that are a burst of scope violations. */
const BURST = 3

export interface Split {
  /** Sessions of no record that the baseline was learned from. */
  readonly benign: readonly Scored[]
  readonly attacked: readonly Scored[]
}

/** Half of the benign records, drawn, teach the baseline; the others are what streams are drawn from. */
export function split(agent: Agent, draws: Draws, learn = Math.floor(agent.benign.length / 2)): Split {
  const shuffled = draws.shuffled(agent.benign)
  const scorer = learned(shuffled.slice(0, learn))
  return {
    benign: shuffled.slice(learn).map((session) => scoredBy(scorer, session)),
    attacked: agent.attacked.map((session) => scoredBy(scorer, session)),
  }
}

export function learned(sessions: readonly Session[]): Scorer {
  const learner = new Learner()
  for (const { actions } of sessions) learner.learn(actions)
  return new Scorer(learner.document)
}

export function scoredBy(scorer: Scorer, session: Session): Scored {
  return { scores: scorer.score(session.actions).scores, sign: hasSign(session) }
}

export function hasSign({ actions, refused }: Session): boolean {
  return refused || actions.filter(({ decision }) => decision === 'deny').length >= BURST
}
