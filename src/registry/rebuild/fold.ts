/**
 * The registers from the log: entries in order, folded into empty tables. spec/registers.md (REG-1, REG-2).
 * Nothing is judged: what an entry says happened, happened. A type that no table rests on changes none.
 * Invariant: the same entries give the same rows, whatever runs them and when.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { parseRfc3339 } from '../../core/time.ts'
import { isLone } from '../../log/alone.ts'
import { decodeEntry, LogError, type AnyEntry } from '../../log/entries.ts'
import { TILE_WIDTH } from '../../log/tiles.ts'
import type { Schema } from '../../ports/schema.ts'
import { insertLone } from '../alone.ts'
import { notePlace } from '../pruned-streams.ts'
import { alertFolds } from './alerts.ts'
import { approvalFolds } from './approvals.ts'
import { attestationFolds } from './attestations.ts'
import { consentFolds } from './consents.ts'
import { delegationFolds } from './delegations.ts'
import { erasureFolds } from './erasures.ts'
import { governanceFolds } from './governance.ts'
import { serviceFolds } from './services.ts'
import { identityFolds } from './identities.ts'
import { inventoryFolds } from './inventory.ts'
import { killFolds } from './kills.ts'
import { labelFolds } from './labels.ts'
import { agentFolds, peopleFolds } from './people.ts'
import { domainFolds } from './domains.ts'
import { driftFolds } from './drift.ts'
import { limitFolds } from './limits.ts'
import { pointFolds } from './points.ts'
import { registerFolds } from './registers.ts'
import { previewFolds } from './previews.ts'
import { responseFolds } from './responses.ts'
import { finish, newState, type At, type FoldState, type Folds } from './state.ts'
import { templateFolds, trustFolds } from './trust.ts'

const FOLDS: Folds = {
  ...peopleFolds,
  ...agentFolds,
  ...trustFolds,
  ...templateFolds,
  ...delegationFolds,
  ...pointFolds,
  ...domainFolds,
  ...driftFolds,
  ...limitFolds,
  ...approvalFolds,
  ...erasureFolds,
  ...killFolds,
  ...identityFolds,
  ...inventoryFolds,
  ...labelFolds,
  ...attestationFolds,
  ...consentFolds,
  ...responseFolds,
  ...governanceFolds,
  ...serviceFolds,
  ...registerFolds,
  ...previewFolds,
  ...alertFolds,
}

export interface RegisterFoldOptions {
  readonly crypto: Crypto
  /** With the tables of `Schema`, all empty. Best inside one transaction. */
  readonly db: Kysely<Schema>
  /** Whether the entries themselves are rows too. */
  readonly keepEntries: boolean
  /** Whether what entries commit to is rows of `sealed`, without a value: for a comparison, never to be served from. */
  readonly withCommitments: boolean
}

export class RegisterFold {
  readonly #state: FoldState
  readonly #keepEntries: boolean
  #next = 0
  /** Entries that are gone, of the bundle under way. */
  readonly #gaps = new Set<number>()
  #prunedEnd = 0
  #last_ms = 0
  /** Indices of entries with an earlier time than the one before (LOG-7); at most {@link BACKWARDS_MAX}. */
  readonly backwards: number[] = []

  constructor({ db, crypto, keepEntries, withCommitments }: RegisterFoldOptions) {
    this.#state = newState(db, crypto, withCommitments)
    this.#keepEntries = keepEntries
  }

  get size(): number {
    return this.#next
  }

  /**
   * The bundle that comes next was pruned: its entries that are gone are passed over (RET-6).
   * @param gaps their indices
   * @param hashes of all 256
   */
  async pruned(first: number, gaps: readonly number[], hashes: Uint8Array): Promise<void> {
    for (const gap of gaps) this.#gaps.add(gap)
    this.#prunedEnd = first + TILE_WIDTH
    this.#pass()
    if (!this.#keepEntries) return
    const row = { bundle: first / TILE_WIDTH, hashes }
    await this.#state.db.insertInto('pruned').values(row).execute()
  }

  #pass(): void {
    while (this.#gaps.delete(this.#next)) this.#next++
  }

  /** The next entry. @throws {LogError} `ENTRY_INVALID`, with its index: unreadable, or it contradicts earlier ones. */
  async add(bytes: Uint8Array): Promise<AnyEntry> {
    const index = this.#next
    let entry: AnyEntry
    try {
      entry = await this.#fold(index, bytes)
    } catch (cause) {
      const why = cause instanceof LogError ? cause.message : 'it contradicts an earlier entry'
      throw new LogError('ENTRY_INVALID', `entry ${index} cannot be folded: ${why}`, { cause })
    }
    this.#next = index + 1
    this.#pass()
    return entry
  }

  async #fold(index: number, bytes: Uint8Array): Promise<AnyEntry> {
    const entry = decodeEntry(bytes)
    const time_ms = parseRfc3339(entry.time)
    if (time_ms < this.#last_ms && this.backwards.length < BACKWARDS_MAX) this.backwards.push(index)
    this.#last_ms = time_ms
    if (this.#keepEntries)
      await this.#state.db.insertInto('entries').values({ idx: index, type: entry.type, bytes }).execute()
    if (index < this.#prunedEnd) await notePlace(this.#state.db, entry)
    const fold = FOLDS[entry.type] as ((at: At, entry: AnyEntry) => Promise<void>) | undefined
    await fold?.({ ...this.#state, state: this.#state, index, time_ms }, entry)
    if (isLone(entry)) await insertLone(this.#state.db, { index, time_ms }, entry)
    return entry
  }

  /** Writes what the whole log adds up to. Call it once, after the last entry. */
  async end(): Promise<void> {
    await finish(this.#state, this.#next)
  }
}

/** Indices that a report names. */
const BACKWARDS_MAX = 16
