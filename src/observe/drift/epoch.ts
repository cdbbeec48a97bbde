/**
 * One epoch of an agent: it learns, it is scored, and once its baseline is approved and it is warm its sessions count.
 * spec/drift.md (DRF-7, DRF-8, DRF-19 to DRF-26).
 *
 *   learning --train_sessions--> scoring --approved, and calibrate_sessions were scored--> warm
 *
 * Invariant: what comes of a session is a function of the sessions before it, of the policy, and of whether the baseline
 * was approved by then; `drift.scored` says of each what is needed to do it again.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { DriftPolicy } from '../../core/drift-policy.ts'
import type { Action } from './action.ts'
import { bet, emptySums, levelOf, partsOf, weighed, type DriftLevel, type Sums } from './detector.ts'
import { Learner, type BaselineDocument } from './document.ts'
import { rank, ranksOf, ranksText, tieBreaker, type Ranks } from './ranks.ts'
import { CHANNELS, Scorer, type Channel, type Driver, type Scores } from './score.ts'

/** Sessions of one epoch that are scored: with more, counts would outgrow what an agent may take (DRF-10). */
export const SCORED_MAX = 1_000_000

export interface EpochName {
  readonly agent: string
  /** Digest of the version manifest, or empty where none is known. */
  readonly manifest: string
  readonly tools: string
  readonly task_class: string
}

export interface ScoredSession {
  /** Sessions of the epoch that were scored before it. */
  readonly n: number
  readonly scores: Scores
  /** Whether the detectors took it in. */
  readonly counted: boolean
  /** The largest share-weighted sum, rounded down: 0 where it is not counted. */
  readonly reach: number
  readonly level: DriftLevel
  /** Channels that reached the bound of `isolate` with this session. */
  readonly alarms: readonly Channel[]
  /** By channel, percent; null where it is not counted. */
  readonly parts: Readonly<Record<Channel, number>> | null
  readonly drivers: readonly Driver[]
}

/** As it is stored between saves. */
export interface StoredEpoch {
  readonly name: EpochName
  readonly seed: string
  readonly unseen: boolean
  readonly train_sessions: number
  readonly learning: BaselineDocument | null
  readonly approved: boolean
  readonly n: number
  readonly held: number
  readonly level: DriftLevel
  readonly ranks: Readonly<Record<Channel, string>>
  readonly sums: Readonly<Record<Channel, Sums>>
}

export interface NewEpoch {
  readonly name: EpochName
  readonly seed: string
  /** The agent is known elsewhere, and never had this class. */
  readonly unseen: boolean
  readonly train_sessions: number
}

export class Epoch {
  readonly name: EpochName
  readonly seed: string
  readonly unseen: boolean
  readonly #train_sessions: number
  #learner: Learner | null
  #scorer: Scorer | null = null
  #ranks: Record<Channel, Ranks>
  #sums: Record<Channel, Sums>
  #n = 0
  #held = 0
  #level: DriftLevel = 'none'
  approved = false

  constructor({ name, seed, unseen, train_sessions }: NewEpoch) {
    this.name = name
    this.seed = seed
    this.unseen = unseen
    this.#train_sessions = train_sessions
    this.#learner = new Learner()
    this.#ranks = byChannel(() => ({}))
    this.#sums = byChannel(emptySums)
  }

  /** @param document that was frozen; null while it is learning */
  static restored(stored: StoredEpoch, document: BaselineDocument | null): Epoch {
    const epoch = new Epoch(stored)
    epoch.#learner = stored.learning === null ? null : new Learner(stored.learning)
    epoch.#scorer = document === null ? null : new Scorer(document)
    epoch.#ranks = byChannel((channel) => ranksOf(stored.ranks[channel]))
    epoch.#sums = byChannel((channel) => [...stored.sums[channel]])
    epoch.#n = stored.n
    epoch.#held = stored.held
    epoch.#level = stored.level
    epoch.approved = stored.approved
    return epoch
  }

  stored(): StoredEpoch {
    return {
      name: this.name,
      seed: this.seed,
      unseen: this.unseen,
      train_sessions: this.#train_sessions,
      learning: this.#learner?.document ?? null,
      approved: this.approved,
      n: this.#n,
      held: this.#held,
      level: this.#level,
      ranks: byChannel((channel) => ranksText(this.#ranks[channel])),
      sums: this.#sums,
    }
  }

  /** Sessions that were learned from; null once it is over. */
  get learned(): number | null {
    return this.#learner?.document.sessions ?? null
  }

  /** Of the last session that was scored. */
  get level(): DriftLevel {
    return this.#level
  }

  /** Learns from a session. @returns the baseline once it has enough; null: it has not */
  learn(actions: readonly Action[]): BaselineDocument | null {
    if (this.#learner === null) return null
    this.#learner.learn(actions)
    const { document } = this.#learner
    if (document.sessions < this.#train_sessions) return null
    this.#learner = null
    this.#scorer = new Scorer(document)
    return document
  }

  /** Scores a session, once there is a baseline. @returns null: there is none yet, or {@link SCORED_MAX} were scored */
  score(crypto: Pick<Crypto, 'sha256'>, policy: DriftPolicy, actions: readonly Action[]): ScoredSession | null {
    if (this.#scorer === null || this.#n >= SCORED_MAX) return null
    const { scores, drivers } = this.#scorer.score(actions)
    return { ...this.takeScores(crypto, policy, scores), drivers }
  }

  /** What follows from the scores alone: whoever has those of `drift.scored` can do it again. */
  takeScores(
    crypto: Pick<Crypto, 'sha256'>,
    policy: DriftPolicy,
    scores: Scores,
  ): Omit<ScoredSession, 'drivers'> {
    const n = this.#n
    const counted = this.approved && n >= policy.calibrate_sessions
    const averages = byChannel((channel) => {
      const p = rank(this.#ranks[channel], scores[channel], n, tieBreaker(crypto, this.seed, n, channel))
      return counted ? bet(this.#sums[channel], p) : 0
    })
    this.#n = n + 1
    const reached = byChannel((channel) => weighed(channel, averages[channel]))
    const alarms = CHANNELS.filter((channel) => reached[channel] >= policy.thresholds.isolate)
    for (const channel of alarms) this.#sums[channel] = emptySums()
    const most = Math.max(...CHANNELS.map((channel) => reached[channel]))
    this.#level = this.#levelAfter(policy, counted, most, alarms.length > 0)
    return {
      n,
      scores,
      counted,
      reach: Math.floor(most),
      level: this.#level,
      alarms,
      parts: counted ? partsOf(averages) : null,
    }
  }

  #levelAfter(policy: DriftPolicy, counted: boolean, most: number, alarmed: boolean): DriftLevel {
    if (!counted) return unwarmedLevel(policy, this.unseen)
    if (alarmed) this.#held = policy.hold_sessions
    else if (this.#held > 0) this.#held -= 1
    else return levelOf(most, policy.thresholds)
    return 'isolate'
  }
}

/** DRF-26: never more than `step_up`. */
export function unwarmedLevel({ unwarmed }: DriftPolicy, unseen: boolean): DriftLevel {
  return unwarmed === 'all' || (unwarmed === 'unseen' && unseen) ? 'step_up' : 'none'
}

function byChannel<T>(of: (channel: Channel) => T): Record<Channel, T> {
  return Object.fromEntries(CHANNELS.map((channel) => [channel, of(channel)])) as Record<Channel, T>
}
