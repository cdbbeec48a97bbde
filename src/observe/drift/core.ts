/**
 * Drift as a function of the log: sessions, epochs, baselines, scores. spec/drift.md. Neither a database nor a clock is here;
 * fold.ts keeps it between times.
 * Invariant: the same entries give the same baselines and scores, bit by bit, so whoever has the log can do it again.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { sha256Text, taggedDigest } from '../../core/digest.ts'
import { canonicalize } from '../../core/json.ts'
import type { EntryBody } from '../../log/entries.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { Logged } from '../fold.ts'
import { Epoch, unwarmedLevel, type EpochName, type ScoredSession } from './epoch.ts'
import type { BaselineDocument } from './document.ts'
import { actionOf } from './read.ts'
import { seedOf } from './ranks.ts'
import { linkOf, Roots } from './roots.ts'
import { Sessions, type OpenSession } from './sessions.ts'
import { World } from './world.ts'

export const EPOCH_TAG = 'countersign-drift-epoch-v1'
/** Characters of what a driver says: two names of tools may be longer than an entry has room for. */
const WHAT_CHARS_MAX = 500

/** What the log is to hold next. */
export type Made =
  | { readonly type: 'drift.epoch_started'; readonly agent: string; readonly body: EntryBody<'drift.epoch_started'> }
  | {
      readonly type: 'baseline.proposed'
      readonly body: EntryBody<'baseline.proposed'>
      readonly document: BaselineDocument
    }
  | { readonly type: 'drift.scored'; readonly agent: string; readonly body: EntryBody<'drift.scored'> }

/** Indices of the receipts that an epoch has learned from so far. */
export interface LearnedFrom {
  first: number
  last: number
}

/** What drift knows; fold.ts stores what changed of it. */
export class DriftCore {
  readonly world = new World()
  readonly roots = new Roots()
  readonly sessions = new Sessions()
  /** By digest. */
  readonly epochs = new Map<string, Epoch>()
  readonly learnedFrom = new Map<string, LearnedFrom>()
  readonly changed = new Set<string>()
  /** Of each agent: the classes that it has an approved baseline of. */
  readonly approvedClasses = new Map<string, Set<string>>()
  readonly #crypto: Crypto
  readonly #make: (made: Made) => void
  readonly #close = (session: OpenSession): void => this.#closed(session)

  constructor(crypto: Crypto, make: (made: Made) => void) {
    this.#crypto = crypto
    this.#make = make
  }

  take({ index, time_ms, entry }: Logged): void {
    this.sessions.closeIdle(time_ms, this.world.policy, this.#close)
    switch (entry.type) {
      case 'receipt':
        if (entry.body.kind === 'decision') this.#decision(index, time_ms, entry.body)
        return
      case 'chain.segment': {
        const link = linkOf(this.#crypto, entry.body)
        if (link !== null) this.roots.add(entry.body.id, link)
        return
      }
      case 'revocation':
        this.sessions.closeOf(entry.body.target, this.#close)
        return
      case 'baseline.approved':
        this.#approved(entry.body.act.document)
        return
      default:
        this.world.take(entry)
    }
  }

  /** Closes what is idle at `now_ms`. */
  look(now_ms: number): void {
    this.sessions.closeIdle(now_ms, this.world.policy, this.#close)
  }

  #decision(index: number, time_ms: number, receipt: DecisionReceipt): void {
    const { agent, chain, kill } = receipt
    const root = chain === null || agent === null || kill !== undefined ? null : this.roots.of(chain)
    if (root === null || agent === null) return
    const key = `${agent} ${root.jti} ${root.iss}`
    const known = this.sessions.get(key)
    // Its delegation was over before: what still tries is a session of its own.
    if (known !== undefined && known.last_ms < root.exp_ms && time_ms >= root.exp_ms)
      this.sessions.close(known, this.#close)
    const label = this.world.label(receipt.server, receipt.tool, receipt.definition_hash)
    const session = this.sessions.add(
      { key, agent, root, manifest: receipt.manifest ?? null, first: index },
      actionOf(index, receipt, label),
      time_ms,
    )
    if (session.actions.length === 1) this.#epochOf(session, index)
    if (session.actions.length >= this.world.policy.actions_max) this.sessions.close(session, this.#close)
  }

  /** The epoch of a session, begun if there is none. @param receipt index of the first of the session */
  #epochOf({ agent, root, manifest }: OpenSession, receipt: number): { id: string; epoch: Epoch } {
    const name: EpochName = {
      agent,
      manifest: manifest ?? this.world.manifest(agent),
      tools: this.world.toolsDigest(this.#crypto, root),
      task_class: root.task_class,
    }
    const id = taggedDigest(this.#crypto, EPOCH_TAG, { ...name })
    const known = this.epochs.get(id)
    if (known !== undefined) return { id, epoch: known }
    const { policy } = this.world
    const classes = this.approvedClasses.get(agent)
    const unseen = classes !== undefined && !classes.has(root.task_class)
    const seed = seedOf(this.#crypto, id, receipt)
    const epoch = new Epoch({ name, seed, unseen, train_sessions: policy.train_sessions })
    this.epochs.set(id, epoch)
    this.changed.add(id)
    const { manifest: version, tools, task_class } = name
    const level = unwarmedLevel(policy, unseen)
    const { train_sessions } = policy
    const body = { epoch: id, manifest: version, tools, task_class, unseen, receipt, seed, train_sessions, level }
    this.#make({ type: 'drift.epoch_started', agent, body })
    return { id, epoch }
  }

  #closed(session: OpenSession): void {
    const { id, epoch } = this.#epochOf(session, session.first)
    const { actions } = session
    this.changed.add(id)
    const last = actions.at(-1)?.entry ?? session.first
    if (epoch.learned !== null) {
      const from = this.learnedFrom.get(id) ?? { first: session.first, last }
      from.last = Math.max(from.last, last)
      from.first = Math.min(from.first, session.first)
      this.learnedFrom.set(id, from)
      const document = epoch.learn(actions)
      if (document !== null) this.#proposed(id, epoch, document, from)
      return
    }
    const scored = epoch.score(this.#crypto, this.world.policy, actions)
    if (scored !== null) this.#make({ type: 'drift.scored', agent: session.agent, body: bodyOf(id, session, last, scored) })
  }

  #proposed(id: string, epoch: Epoch, document: BaselineDocument, { first, last }: LearnedFrom): void {
    this.learnedFrom.delete(id)
    const text = canonicalize(document)
    const { agent } = epoch.name
    const digest = sha256Text(this.#crypto, text)
    const body = { agent, epoch: id, document: digest, bytes: text.length, sessions: document.sessions, first, last }
    this.#make({ type: 'baseline.proposed', body, document })
    this.documents.set(digest, id)
  }

  /** Epochs by the digest of their document, until it is approved. */
  readonly documents = new Map<string, string>()

  #approved(document: string): void {
    const id = this.documents.get(document)
    const epoch = id === undefined ? undefined : this.epochs.get(id)
    if (id === undefined || epoch === undefined) return
    epoch.approved = true
    this.documents.delete(document)
    this.changed.add(id)
    noteClass(this.approvedClasses, epoch.name)
  }
}

export function noteClass(classes: Map<string, Set<string>>, { agent, task_class }: EpochName): void {
  const of = classes.get(agent) ?? new Set()
  of.add(task_class)
  classes.set(agent, of)
}

function bodyOf(epoch: string, session: OpenSession, last: number, scored: ScoredSession): EntryBody<'drift.scored'> {
  const { iss, jti } = session.root
  const { drivers, alarms, ...rest } = scored
  return {
    epoch,
    session: { iss, jti, first: session.first, last, actions: session.actions.length },
    ...rest,
    alarms: [...alarms],
    drivers: drivers.map((driver) => ({ ...driver, what: driver.what.slice(0, WHAT_CHARS_MAX) })),
  }
}
