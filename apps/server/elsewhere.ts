/**
 * What a node knows of the log from elsewhere than the database that it shares: the checkpoint that each of its peers
 * signed last, asked of the peer itself. spec/log.md, LOG-44. docs/adr/0025.
 * Invariant: a node that has a copy of another's log takes the signer's place only with somebody's word, from outside the
 * database, on how far that log was signed.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import type { Clock } from '../../src/ports/clock.ts'

/** How old the answer of a peer may be that is gone when its place is taken, in milliseconds. */
const ANSWER_MS_MAX = 10_000
/** How often peers are asked while another node signs, in milliseconds. */
const ASK_MS = 1_000

/** Another node of this log. */
export interface Peer {
  readonly name: string
  /** The note that it signed or took over last, verified by nobody; null before the first. Rejects without an answer. */
  signed(): Promise<Uint8Array | null>
}

/** A file beside the lock store: it outlives the database. Durable once `store` resolves. */
export interface KeptNote {
  load(): Promise<Uint8Array | null>
  store(note: Uint8Array): Promise<void>
}

export interface ElsewhereOptions {
  readonly peers: readonly Peer[]
  readonly kept: KeptNote
  /** Nothing is published without witnesses, who refuse a fork: then nobody else need be asked. */
  readonly isWitnessed: boolean
  /** This process began the log. */
  readonly isFirst: boolean
  /** By the word of an operator the log was signed no further; good once. */
  readonly takeOverFrom: Uint8Array | null
}

type Parts = ElsewhereOptions & { readonly crypto: Crypto; readonly clock: Clock; readonly vkey: string }

export interface Known extends Checkpoint {
  readonly note: Uint8Array
}

export class Elsewhere {
  readonly #o: Parts
  /** Monotonic time of the last answer, by peer. */
  readonly #answered = new Map<Peer, number>()
  /** What an operator gave, or that this process began the log: good for one taking of the place. */
  #isVouched: boolean
  #newest: Known | null = null
  #isKept = false
  #isLoaded = false
  #asked = -Infinity
  #asking: Promise<void> | null = null
  #last: Promise<void> = Promise.resolve()

  constructor(options: Parts) {
    this.#o = options
    this.#isVouched = options.isFirst || options.takeOverFrom !== null
  }

  /** Another node signed what this one has a copy of: from now on this one is not alone. */
  async follows(note: Uint8Array): Promise<void> {
    await this.#load()
    if (!this.#isKept) await this.#take(note)
  }

  /** Asks the peers, if it is time. Never rejects. */
  watch(): void {
    if (this.#o.clock.monotonic() >= this.#asked + ASK_MS) void this.ask()
  }

  /** Asks each peer now. Never rejects: who does not answer has not answered. */
  ask(): Promise<void> {
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  /** Why this node may not take the signer's place; null if it may. */
  async objection(): Promise<string | null> {
    const { peers, isWitnessed } = this.#o
    await this.#load()
    if (isWitnessed || this.#isVouched) return null
    if (peers.length === 0) {
      return this.#isKept
        ? 'it follows another node and hears of what that signed from the database alone: name the other nodes with --peer'
        : null
    }
    if (this.#asked === -Infinity) await this.ask()
    const now = this.#o.clock.monotonic()
    const silent = peers.filter((peer) => now - (this.#answered.get(peer) ?? -Infinity) > ANSWER_MS_MAX)
    if (silent.length === 0) return null
    return `${silent.map(({ name }) => name).join(', ')} did not say how far the log was signed`
  }

  /** The newest checkpoint that somebody else is known to have signed, or an operator gave. */
  async newest(): Promise<Known | null> {
    await this.#load()
    return this.#newest
  }

  /** What an operator said of this time says nothing about the next. */
  tookOver(): void {
    this.#isVouched = false
  }

  async #askAll(): Promise<void> {
    this.#asked = this.#o.clock.monotonic()
    await Promise.all(
      this.#o.peers.map(async (peer) => {
        try {
          const note = await peer.signed()
          if (note !== null) await this.#take(note)
          this.#answered.set(peer, this.#o.clock.monotonic())
        } catch {
          // Away, or it answers something that our key did not sign: no word of it counts.
        }
      }),
    )
  }

  /** Keeps what is newer. @throws {LogError} `NOTE_INVALID`, `CHECKPOINT_INVALID`: our key did not sign it */
  #take(note: Uint8Array): Promise<void> {
    const known = { ...openCheckpoint(this.#o.crypto, note, this.#o.vkey), note }
    const done = this.#last.then(async () => {
      await this.#load()
      const newest = this.#newest
      const isNewer = newest === null || known.size > newest.size
      if (!isNewer && this.#isKept) return
      const kept = isNewer ? known : newest
      await this.#o.kept.store(kept.note)
      this.#newest = kept
      this.#isKept = true
    })
    this.#last = done.catch(() => undefined) // its caller hears of it
    return done
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return
    const { crypto, vkey, kept, takeOverFrom } = this.#o
    const notes = [await kept.load(), takeOverFrom]
    if (this.#isLoaded) return // meanwhile
    this.#isKept = notes[0] !== null
    for (const note of notes) {
      const known = note && { ...openCheckpoint(crypto, note, vkey), note }
      if (known && known.size >= (this.#newest?.size ?? 0)) this.#newest = known
    }
    this.#isLoaded = true
  }
}
