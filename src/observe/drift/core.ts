/**
 * Drift as a function of the log: sessions, epochs, baselines, scores. spec/drift.md. Neither a database nor a clock is here;
 * fold.ts keeps it between times.
 * Invariant: the same entries give the same baselines and scores, bit by bit, so whoever has the log can do it again.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { sha256Text, taggedDigest } from '../../core/digest.ts'
import { utf8 } from '../../core/encoding.ts'
import { canonicalize } from '../../core/json.ts'
import type { EntryBody } from '../../log/entries.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { Logged } from '../fold.ts'
import { Epoch, unwarmedLevel, type EpochName, type ScoredSession, type StoredEpoch } from './epoch.ts'
import type { BaselineDocument } from './document.ts'
import { actionOf } from './read.ts'
import { seedOf } from './ranks.ts'
import { isLongOver, linkOf, Roots, type RootFacts } from './roots.ts'
import { Sessions, type OpenSession } from './sessions.ts'
import { World } from './world.ts'

export const EPOCH_TAG = 'countersign-drift-epoch-v1'
/** What the log is to hold next. */
export type Made =
  | {
      readonly type: 'drift.epoch_started'
      readonly agent: string
      readonly body: EntryBody<'drift.epoch_started'>
    }
  | {
      readonly type: 'baseline.proposed'
      readonly body: EntryBody<'baseline.proposed'>
      /** The document, as the entry's digest is over it. */
      readonly text: string
    }
  | { readonly type: 'drift.scored'; readonly agent: string; readonly body: EntryBody<'drift.scored'> }

/** What drift knows; fold.ts stores what changed of it. */
export class DriftCore {
  readonly world = new World()
  readonly roots = new Roots()
  readonly sessions = new Sessions()
  /** By digest. */
  readonly epochs = new Map<string, Epoch>()
  #changed = new Set<string>()
  /** Epochs by the index of the proposal of their baseline. */
  readonly #proposals = new Map<number, string>()
  /** Of each agent: the classes that it has an approved baseline of. */
  readonly #approvedClasses = new Map<string, Set<string>>()
  readonly #crypto: Crypto
  readonly #make: (made: Made) => void
  readonly #close = (session: OpenSession): void => this.#closed(session)

  constructor(crypto: Crypto, make: (made: Made) => void) {
    this.#crypto = crypto
    this.#make = make
  }

  take({ index, time_ms, entry }: Logged): void {
    this.sessions.closeIdle(time_ms, this.world.policy, this.#close)
    this.roots.forget(time_ms)
    // Most entries are receipts.
    if (entry.type === 'receipt') {
      if (entry.body.kind === 'decision') this.#decision(index, time_ms, entry.body)
    } else if (entry.type === 'chain.segment') {
      const link = linkOf(this.#crypto, entry.body)
      if (link !== null) this.roots.add(entry.body.id, link)
    } else if (entry.type === 'revocation') this.sessions.closeOf(entry.body.target, this.#close)
    else if (entry.type === 'baseline.proposed') this.#noteProposal(index, entry.body.epoch)
    else if (entry.type === 'baseline.approved') this.#approved(entry.body.act.proposal)
    else this.world.take(entry)
  }

  /** Closes what is idle at `now_ms`. */
  look(now_ms: number): void {
    this.sessions.closeIdle(now_ms, this.world.policy, this.#close)
  }

  #noteProposal(index: number, epoch: string): void {
    this.#proposals.set(index, epoch)
    const known = this.epochs.get(epoch)
    if (known !== undefined) known.proposal = index
    this.#changed.add(epoch)
  }

  #decision(index: number, time_ms: number, receipt: DecisionReceipt): void {
    const { agent, chain, kill } = receipt
    const root = chain === null || agent === null || kill !== undefined ? null : this.roots.of(chain)
    if (root === null || agent === null || isLongOver(root, time_ms)) return
    const key = `${agent} ${root.jti} ${root.iss}`
    const known = this.sessions.get(key)
    // Its delegation was over before: what still tries is a session of its own.
    const isOver = known !== undefined && known.last_ms < root.exp_ms && time_ms >= root.exp_ms
    if (isOver) this.sessions.close(known, this.#close)
    const epoch =
      isOver || known === undefined ? this.#epochOf(agent, root, receipt.manifest, index) : known.epoch
    const label = this.world.label(receipt.server, receipt.tool, receipt.definition_hash)
    const action = actionOf(index, receipt, label)
    const session = this.sessions.add({ key, agent, root, epoch, first: index }, action, time_ms)
    if (session.actions.length >= this.world.policy.actions_max) this.sessions.close(session, this.#close)
  }

  /** The epoch of a session, begun if there is none. @param receipt index of the first of the session */
  #epochOf(agent: string, root: RootFacts, manifest: string | undefined, receipt: number): string {
    const { task_class } = root
    const name: EpochName = {
      agent,
      manifest: manifest ?? this.world.manifest(agent),
      tools: this.world.toolsDigest(this.#crypto, root),
      task_class,
    }
    const id = taggedDigest(this.#crypto, EPOCH_TAG, { ...name })
    if (this.epochs.has(id)) return id
    const { policy } = this.world
    const { train_sessions } = policy
    const classes = this.#approvedClasses.get(agent)
    const unseen = classes !== undefined && !classes.has(task_class)
    const seed = seedOf(this.#crypto, id, receipt)
    this.epochs.set(id, new Epoch({ name, seed, unseen, train_sessions }))
    this.#changed.add(id)
    const level = unwarmedLevel(policy, unseen)
    const { agent: _, ...version } = name
    this.#make({
      type: 'drift.epoch_started',
      agent,
      body: { epoch: id, ...version, unseen, receipt, seed, train_sessions, level },
    })
    return id
  }

  #closed(session: OpenSession): void {
    const { actions, agent, epoch: id, first } = session
    const epoch = this.epochs.get(id)
    if (epoch === undefined) return
    this.#changed.add(id)
    const last = actions.at(-1)?.entry ?? first
    if (epoch.learned !== null) {
      const document = epoch.learn(actions, { first, last })
      if (document !== null) this.#proposed(id, epoch, document)
      return
    }
    const scored = epoch.score(this.#crypto, this.world.policy, actions)
    if (scored !== null) this.#make({ type: 'drift.scored', agent, body: bodyOf(session, last, scored) })
  }

  #proposed(epoch: string, { name: { agent }, learnedFrom }: Epoch, document: BaselineDocument): void {
    const text = canonicalize(document)
    const { sessions } = document
    const body = {
      agent,
      epoch,
      document: sha256Text(this.#crypto, text),
      bytes: utf8(text).length,
      sessions,
    }
    this.#make({ type: 'baseline.proposed', text, body: { ...body, ...learnedFrom } })
  }

  #approved(proposal: number): void {
    const id = this.#proposals.get(proposal)
    const epoch = id === undefined ? undefined : this.epochs.get(id)
    if (id === undefined || epoch === undefined) return
    epoch.approved = true
    this.#changed.add(id)
    this.#noteClass(epoch.name)
  }

  #noteClass({ agent, task_class }: EpochName): void {
    const of = this.#approvedClasses.get(agent) ?? new Set()
    of.add(task_class)
    this.#approvedClasses.set(agent, of)
  }

  /** Takes up an epoch that was stored. @param document that was frozen; null while it is learned */
  restoreEpoch(id: string, stored: StoredEpoch, document: BaselineDocument | null): void {
    const epoch = Epoch.restored(stored, document)
    this.epochs.set(id, epoch)
    if (epoch.proposal !== null) this.#proposals.set(epoch.proposal, id)
    if (epoch.approved) this.#noteClass(epoch.name)
  }

  /** Those that are not as they were when it was asked last. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }
}

function bodyOf(session: OpenSession, last: number, scored: ScoredSession): EntryBody<'drift.scored'> {
  const { root, first, actions, epoch } = session
  const { drivers, alarms, because, ...rest } = scored
  return {
    epoch,
    session: { iss: root.iss, jti: root.jti, first, last, actions: actions.length },
    ...rest,
    alarms: [...alarms],
    drivers: [...drivers],
    because: [...because],
  }
}
