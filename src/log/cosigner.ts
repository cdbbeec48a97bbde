/**
 * Gathers cosignatures for the log's own checkpoints. spec/witness.md, WIT-9 to WIT-11 and WIT-13.
 * Invariant: what it answers is the signed checkpoint with verified cosignatures, those already published among them.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import type { Clock } from '../ports/clock.ts'
import type { TileStore } from '../ports/tile-store.ts'
import type { WitnessConnection } from '../ports/witness.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import {
  addCosignatures,
  openAnswer,
  openCosignatures,
  type Cosignature,
  type CosignerKey,
} from './cosignature.ts'
import { LogError } from './entries.ts'
import { consistencyProof } from './merkle.ts'
import { parseNote } from './note.ts'
import type { IsOvertaken } from './publisher.ts'
import { isQuorum, type Quorum } from './policy.ts'
import { tileNodes } from './reader.ts'
import { CHECKPOINT_PATH } from './tiles.ts'
import { formatAddCheckpoint } from './witness-request.ts'

/** WIT-10: how often one witness is asked, at most; after failures this doubles up to the second. Milliseconds. */
const EVERY_MS = 1_000
const EVERY_MS_MAX = 60_000
/** How long one exchange with a witness may go on in the background. */
const ANSWER_MS_MAX = 10_000
/** Once without knowing the size, once with the size that it told, once more if it moved in between. */
const ATTEMPTS = 3
/** WIT-3: how far a cosignature may be ahead of our clock, in seconds. */
const AHEAD_MAX_S = 300

export interface WitnessPeer {
  readonly key: CosignerKey
  readonly connection: WitnessConnection
}

/**
 * `fork`: no consistency between its tree and ours. `ahead`: it has seen more of the log than any signer of ours stored
 * (WIT-11).
 */
export interface WitnessTrouble {
  readonly kind: 'ahead' | 'fork' | 'refused' | 'unavailable'
  readonly witness: string
  readonly message: string
}

/** `overtaken`: it has cosigned a later checkpoint of another signer of ours (WIT-13). That is no trouble. */
type Trouble = Omit<WitnessTrouble, 'witness'> | { readonly kind: 'overtaken'; readonly message: string }

/** A checkpoint that is to be cosigned. */
interface Head extends Checkpoint {
  readonly note: Uint8Array
  readonly text: string
  readonly isOvertaken: IsOvertaken
}

const never: IsOvertaken = async () => false

export interface CosignerOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  /** The published log: tiles for the proofs, and the checkpoint that was published last. */
  readonly tiles: Pick<TileStore, 'read'>
  /** Of the log. */
  readonly vkey: string
  readonly peers: readonly WitnessPeer[]
  readonly quorum: Quorum
  readonly mode: 'best_effort' | 'required'
  /** Until when a publication waits. */
  readonly deadline: () => AbortSignal
  /** Told when a witness gets into trouble, or into another. */
  readonly onTrouble?: (trouble: WitnessTrouble) => void
}

interface PeerState {
  readonly peer: WitnessPeer
  /** Size of the last tree that it cosigned, as far as we know. */
  size: number
  /** Monotonic time before which it is not asked. */
  notBefore: number
  pause_ms: number
  trouble: WitnessTrouble['kind'] | null
  asking: Promise<void> | null
}

export class Cosigner {
  readonly #o: CosignerOptions
  readonly #peers: PeerState[]
  readonly #ended = new AbortController()
  #text = ''
  /** Of the checkpoint with this text, by whom. */
  #gathered = new Map<CosignerKey, Cosignature>()

  constructor(options: CosignerOptions) {
    this.#o = options
    this.#peers = options.peers.map((peer) => {
      return { peer, size: 0, notBefore: -Infinity, pause_ms: EVERY_MS, trouble: null, asking: null }
    })
  }

  /**
   * The note with the cosignatures there are by the deadline; ask again with the same note for those that come later.
   * @param isOvertaken whether another signer of the log stored a checkpoint of this size or more
   * @throws {LogError} `COSIGNATURES_MISSING`: the mode is `required` and the quorum is not there.
   */
  async cosign(note: Uint8Array, isOvertaken: IsOvertaken = never): Promise<Uint8Array> {
    const head = this.#open(note, isOvertaken)
    const { text } = head
    if (text !== this.#text) await this.#begin(text)
    const asked = this.#peers.filter((state) => this.#isDue(state)).map((state) => this.#ask(state, head))
    if (asked.length > 0) await this.#wait(asked)
    const { quorum, mode } = this.#o
    if (mode === 'required' && !isQuorum(quorum, [...this.#gathered.keys()])) {
      throw new LogError('COSIGNATURES_MISSING', `the checkpoint is not published: ${this.#missing()}`)
    }
    return addCosignatures(
      note,
      [...this.#gathered.values()].map(({ signature }) => signature),
    )
  }

  /**
   * The note with one witness's cosignature of now, for an anchor in time; it takes the place of an older one.
   * @throws {LogError} `ANCHOR_FAILED`
   */
  async renew(
    note: Uint8Array,
    by: CosignerKey,
    signal: AbortSignal,
  ): Promise<{ note: Uint8Array; time_s: number }> {
    const state = this.#peers.find(({ peer }) => peer.key === by)
    if (!state) throw new LogError('ANCHOR_FAILED', `the witness ${by.name} is not one of this log`)
    const answer = await this.#exchange(state, this.#open(note, never), signal).catch(troubleOf)
    if ('kind' in answer) throw new LogError('ANCHOR_FAILED', `the witness ${by.name}: ${answer.message}`)
    return { note: addCosignatures(note, [answer.signature]), time_s: answer.time_s }
  }

  #open(note: Uint8Array, isOvertaken: IsOvertaken): Head {
    const checkpoint = openCheckpoint(this.#o.crypto, note, this.#o.vkey)
    return { ...checkpoint, note, text: parseNote(note).text, isOvertaken }
  }

  /** Gives up what is still being asked, so that a witness that hangs keeps no process alive. */
  stop(): void {
    this.#ended.abort()
  }

  /** What was published for this text before a restart stays: a cosignature that readers have seen is not taken back. */
  async #begin(text: string): Promise<void> {
    const gathered = new Map<CosignerKey, Cosignature>()
    try {
      const published = await this.#o.tiles.read(CHECKPOINT_PATH)
      if (published && parseNote(published).text === text) {
        for (const each of openCosignatures(this.#o.crypto, published, this.#keys()))
          gathered.set(each.by, each)
      }
    } catch (cause) {
      if (!(cause instanceof LogError) || cause.code !== 'NOTE_INVALID') throw cause // not ours: it is overwritten
    }
    this.#text = text
    this.#gathered = gathered
  }

  #keys(): CosignerKey[] {
    return this.#peers.map(({ peer }) => peer.key)
  }

  #missing(): string {
    const missing = this.#peers.filter(({ peer }) => !this.#gathered.has(peer.key))
    const named = missing.map(({ peer, trouble }) => `${peer.key.name} (${trouble ?? 'no answer in time'})`)
    const count = `${this.#gathered.size} of ${this.#peers.length} witnesses cosigned it`
    return `${count}, which is no quorum; missing: ${named.join(', ')}`
  }

  #isDue({ peer, notBefore }: PeerState): boolean {
    if (this.#gathered.has(peer.key)) return false
    return this.#o.mode === 'required' || this.#o.clock.monotonic() >= notBefore
  }

  /** Until the quorum is there, all have answered, or the deadline. */
  async #wait(asked: readonly Promise<void>[]): Promise<void> {
    const signal = this.#o.deadline()
    const enough = Promise.withResolvers<void>()
    const look = (): void => {
      if (isQuorum(this.#o.quorum, [...this.#gathered.keys()])) enough.resolve()
    }
    for (const each of asked) void each.then(look)
    const stop = (): void => enough.resolve()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    await Promise.race([enough.promise, Promise.all(asked)])
    signal.removeEventListener('abort', stop)
  }

  /** Never rejects. One exchange with a witness at a time: one that is slow is not asked twice. */
  #ask(state: PeerState, head: Head): Promise<void> {
    const { clock } = this.#o
    if (state.asking) {
      const isWanted = (): boolean => head.text === this.#text && this.#isDue(state)
      return state.asking.then(() => (isWanted() ? this.#ask(state, head) : undefined))
    }
    const run = async (): Promise<void> => {
      const answer = await this.#exchange(state, head, this.#ended.signal).catch(troubleOf)
      const trouble = 'kind' in answer ? answer : null
      this.#note(state, trouble)
      state.pause_ms = trouble === null ? EVERY_MS : Math.min(2 * state.pause_ms, EVERY_MS_MAX)
      state.notBefore = clock.monotonic() + state.pause_ms
      state.asking = null
    }
    state.asking = run()
    return state.asking
  }

  async #exchange(state: PeerState, head: Head, ended: AbortSignal): Promise<Cosignature | Trouble> {
    const { crypto, tiles } = this.#o
    const signal = AbortSignal.any([ended, AbortSignal.timeout(ANSWER_MS_MAX)])
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const old_size = Math.min(state.size, head.size)
      const inBetween = old_size > 0 && old_size < head.size
      const proof = inBetween
        ? await consistencyProof(crypto, tileNodes(crypto, tiles, head.size), old_size, head.size)
        : []
      const reply = await state.peer.connection.addCheckpoint(
        formatAddCheckpoint({ old_size, proof, note: head.note }),
        signal,
      )
      if (reply.kind === 'cosigned') return this.#take(state, head, reply.lines)
      if (reply.kind === 'refused') return { kind: 'refused', message: reply.why }
      if (reply.kind === 'bad_proof' || reply.size === old_size) {
        return { kind: 'fork', message: `it has a tree of ${old_size} entries that ours does not extend` }
      }
      if (reply.size > head.size) {
        state.size = head.size
        const kind = (await head.isOvertaken(reply.size)) ? 'overtaken' : 'ahead'
        return { kind, message: `it has seen ${reply.size} entries, the log has ${head.size}` }
      }
      state.size = reply.size
    }
    return { kind: 'refused', message: 'it tells another size each time' }
  }

  #take(state: PeerState, { size, text }: Head, lines: Uint8Array): Cosignature | Trouble {
    const { crypto, clock } = this.#o
    const cosignature = openAnswer(crypto, text, lines, state.peer.key)
    if (!cosignature) return { kind: 'refused', message: 'its answer has no cosignature by the key we know' }
    if (cosignature.time_s > clock.now() / 1000 + AHEAD_MAX_S) {
      return { kind: 'refused', message: 'its clock is ahead of ours by more than five minutes' }
    }
    state.size = size
    if (text === this.#text) this.#gathered.set(state.peer.key, cosignature)
    return cosignature
  }

  #note(state: PeerState, trouble: Trouble | null): void {
    const kind = trouble === null || trouble.kind === 'overtaken' ? null : trouble.kind
    const isNews = kind !== null && kind !== state.trouble
    state.trouble = kind
    if (isNews) this.#o.onTrouble?.({ kind, message: trouble?.message ?? '', witness: state.peer.key.name })
  }
}

function troubleOf(cause: unknown): Trouble {
  return { kind: 'unavailable', message: cause instanceof LogError ? cause.message : 'it could not be asked' }
}
