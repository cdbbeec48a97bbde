/**
 * Makes the vectors of spec/drift.md: `node vectors/drift/generate.ts` writes them, bit for bit as they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { sha256Text } from '../../src/core/digest.ts'
import { DRIFT_POLICY } from '../../src/core/drift-policy.ts'
import { canonicalize } from '../../src/core/json.ts'
import type { Action } from '../../src/observe/drift/action.ts'
import type { Sums } from '../../src/observe/drift/detector.ts'
import { Learner } from '../../src/observe/drift/document.ts'
import { Epoch, type TakenScores } from '../../src/observe/drift/epoch.ts'
import { Scorer, type Channel, type Scores } from '../../src/observe/drift/score.ts'
import { scoresCases, streamCases, type ScoresCase, type Step, type StreamCase } from './cases.ts'

export interface ScoresVector extends ScoresCase {
  readonly expect: { readonly digest: string; readonly left_out: number; readonly scores: readonly Scores[] }
}

export interface StreamVector extends StreamCase {
  readonly expect: {
    readonly sessions: readonly Pick<TakenScores, 'p' | 'counted' | 'reach' | 'level' | 'alarms' | 'parts'>[]
    /** By channel, those of each bet behind the last session. */
    readonly sums: Readonly<Record<Channel, Sums>>
  }
}

function actionsOf(steps: readonly Step[]): readonly Action[] {
  return steps.map((step, entry) => ({ ...step, entry }))
}

export function scoresVectors(): ScoresVector[] {
  return scoresCases.map((each) => {
    const learner = new Learner()
    for (const session of each.learn) learner.learn(actionsOf(session))
    const { document } = learner
    const scorer = new Scorer(document)
    const scores = each.score.map((session) => scorer.score(actionsOf(session)).scores)
    const digest = sha256Text(nodeCrypto, canonicalize(document))
    return { ...each, expect: { digest, left_out: document.left_out, scores } }
  })
}

export function streamVectors(): StreamVector[] {
  return streamCases.map((each) => {
    const name = { agent: 'agt_one', manifest: '', tools: '', task_class: '' }
    const epoch = new Epoch({ name, seed: each.seed, unseen: false, train_sessions: 1 })
    const policy = { ...DRIFT_POLICY, ...each.policy }
    const sessions = each.scores.map((scores, n) => {
      epoch.approved = n >= each.approved_at
      const { p, counted, reach, level, alarms, parts } = epoch.takeScores(nodeCrypto, policy, scores)
      return { p, counted, reach, level, alarms, parts }
    })
    return { ...each, expect: { sessions, sums: epoch.stored().sums } }
  })
}

/** The text of a file of vectors: one a line. */
export function fileText(vectors: readonly object[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, 'scores.json'), fileText(scoresVectors()))
  writeFileSync(join(import.meta.dirname, 'streams.json'), fileText(streamVectors()))
}
