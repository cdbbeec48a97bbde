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
import { bet, BETS, emptySums, levelOf, partsOf, weighed, type DriftLevel, type Sums } from './detector.ts'
import { Learner, type BaselineDocument } from './document.ts'
import { emptyRanks, rank, ranksOf, ranksText, tieBreakers, type Ranks } from './ranks.ts'
import { byChannel, CHANNELS, Scorer, type Channel, type Driver, type Scores } from './score.ts'

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
  /** Where it is counted and above `none`: what drove the sessions that bets were won with since the last alarm, the last {@link BECAUSE_MAX}. */
  readonly because: readonly Because[]
}

/** What follows from scores, and the p-values on the way. */
export interface TakenScores extends Omit<ScoredSession, 'drivers' | 'because'> {
  readonly p: Readonly<Record<Channel, number>>
}

/** What was most unusual of a session that a bet was won with. */
export interface Because extends Driver {
  readonly n: number
}

/** Enough for a person to see a pattern; an entry has room for them. */
const BECAUSE_MAX = 8
const ALPHA_MAX = Math.max(...BETS.map(({ alpha }) => alpha))

/** Indices of the first and the last receipt that a baseline is learned from. */
export interface LearnedFrom {
  readonly first: number
  readonly last: number
}

/** As it is stored between saves. */
export interface StoredEpoch {
  readonly name: EpochName
  readonly seed: string
  readonly unseen: boolean
  readonly train_sessions: number
  readonly learning: BaselineDocument | null
  readonly learnedFrom: LearnedFrom
  readonly proposal: number | null
  readonly approved: boolean
  readonly n: number
  readonly held: number
  readonly level: DriftLevel
  readonly ranks: Readonly<Record<Channel, string>>
  readonly sums: Readonly<Record<Channel, Sums>>
  readonly because: readonly Because[]
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
  /** Null until a session is scored: most epochs are young. */
  #ranks: Record<Channel, Ranks> | null = null
  #sums: Record<Channel, Sums>
  #n = 0
  #held = 0
  #level: DriftLevel = 'none'
  #because: readonly Because[] = []
  #learnedFrom: LearnedFrom = { first: 0, last: 0 }
  /** Index of the entry that proposed its baseline. */
  proposal: number | null = null
  approved = false

  constructor({ name, seed, unseen, train_sessions }: NewEpoch) {
    this.name = name
    this.seed = seed
    this.unseen = unseen
    this.#train_sessions = train_sessions
    this.#learner = new Learner()
    this.#sums = byChannel(emptySums)
  }

  /** @param document that was frozen; null while it is learning */
  static restored(stored: StoredEpoch, document: BaselineDocument | null): Epoch {
    const epoch = new Epoch(stored)
    epoch.#learner = stored.learning === null ? null : new Learner(stored.learning)
    epoch.#scorer = document === null ? null : new Scorer(document)
    if (stored.n > 0) epoch.#ranks = byChannel((channel) => ranksOf(stored.ranks[channel]))
    epoch.#sums = byChannel((channel) => [...stored.sums[channel]])
    epoch.#n = stored.n
    epoch.#held = stored.held
    epoch.#level = stored.level
    epoch.approved = stored.approved
    epoch.proposal = stored.proposal
    epoch.#learnedFrom = stored.learnedFrom
    epoch.#because = stored.because
    return epoch
  }

  stored(): StoredEpoch {
    return {
      name: this.name,
      seed: this.seed,
      unseen: this.unseen,
      train_sessions: this.#train_sessions,
      learning: this.#learner?.document ?? null,
      learnedFrom: this.#learnedFrom,
      proposal: this.proposal,
      approved: this.approved,
      n: this.#n,
      held: this.#held,
      level: this.#level,
      ranks: byChannel((channel) => (this.#ranks === null ? '' : ranksText(this.#ranks[channel]))),
      sums: this.#sums,
      because: this.#because,
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

  get learnedFrom(): LearnedFrom {
    return this.#learnedFrom
  }

  /** Learns from a session. @returns the baseline once it has enough; null: it has not */
  learn(actions: readonly Action[], { first, last }: LearnedFrom): BaselineDocument | null {
    if (this.#learner === null) return null
    const from = this.#learner.document.sessions === 0 ? { first, last } : this.#learnedFrom
    this.#learnedFrom = { first: Math.min(from.first, first), last: Math.max(from.last, last) }
    this.#learner.learn(actions)
    const { document } = this.#learner
    if (document.sessions < this.#train_sessions) return null
    this.#learner = null
    this.#scorer = new Scorer(document)
    return document
  }

  /** Scores a session, once there is a baseline. @returns null: there is none yet, or {@link SCORED_MAX} were scored */
  score(
    crypto: Pick<Crypto, 'sha256'>,
    policy: DriftPolicy,
    actions: readonly Action[],
  ): ScoredSession | null {
    if (this.#scorer === null || this.#n >= SCORED_MAX) return null
    const { scores, drivers } = this.#scorer.score(actions)
    const { p, ...taken } = this.takeScores(crypto, policy, scores)
    if (!taken.counted) return { ...taken, drivers, because: [] }
    const foremost = drivers.toSorted((a, b) => b.score - a.score)[0]
    if (foremost !== undefined && CHANNELS.some((channel) => p[channel] <= ALPHA_MAX))
      this.#because = [...this.#because, { n: taken.n, ...foremost }].slice(-BECAUSE_MAX)
    const because = taken.level === 'none' ? [] : this.#because
    if (taken.alarms.length > 0) this.#because = []
    return { ...taken, drivers, because }
  }

  /** What follows from the scores alone: whoever has those of `drift.scored` can do it again. */
  takeScores(crypto: Pick<Crypto, 'sha256'>, policy: DriftPolicy, scores: Scores): TakenScores {
    const n = this.#n
    const counted = this.approved && n >= policy.calibrate_sessions
    const ranks = (this.#ranks ??= byChannel(emptyRanks))
    const u = tieBreakers(crypto, this.seed, n)
    const p = byChannel((channel) => rank(ranks[channel], scores[channel], n, u[channel]))
    this.#n = n + 1
    const averages = byChannel((channel) => (counted ? bet(this.#sums[channel], p[channel]) : 0))
    const reached = byChannel((channel) => weighed(channel, averages[channel]))
    const alarms = CHANNELS.filter((channel) => reached[channel] >= policy.thresholds.isolate)
    for (const channel of alarms) this.#sums[channel] = emptySums()
    const most = Math.max(...CHANNELS.map((channel) => reached[channel]))
    this.#level = this.#levelAfter(policy, counted, most, alarms.length > 0)
    const parts = counted ? partsOf(averages) : null
    return { n, scores, p, counted, reach: Math.floor(most), level: this.#level, alarms, parts }
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
