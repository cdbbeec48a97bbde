/**
 * The witness: cosigns checkpoints that extend the last one it cosigned. spec/witness.md, WIT-5 to WIT-8.
 * Invariant: of two trees of one origin that it ever cosigned, the later extends the earlier, across crashes.
 *
 * What a crash leaves behind, by step of `addCheckpoint`:
 * 1. checked and cosigned in memory: nothing.
 * 2. stored, and not answered: the log asks again with the old size, hears the new one, and is cosigned then.
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import type { Clock } from '../ports/clock.ts'
import type { CheckpointLock } from '../ports/tile-store.ts'
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { cosign, cosignatureLines, cosignerKey, openCosignatures, type CosignerKey } from './cosignature.ts'
import { LogError } from './entries.ts'
import { emptyRoot, verifyConsistency } from './merkle.ts'
import { formatNote, openNote, parseNote, type NoteKey, type NoteSignature } from './note.ts'
import { parseAddCheckpoint, type AddCheckpoint } from './witness-request.ts'

/** How far the clock may be behind the last cosignature before we stop, in seconds: what NTP would have mended. */
const CLOCK_BEHIND_MAX_S = 300

export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly lines: string }
  | { readonly kind: 'conflict'; readonly size: number }
  | { readonly kind: 'bad_proof' | 'bad_signature' | 'clock_behind' | 'malformed' | 'unknown_log' }

/** A checkpoint of the log that does not extend the one that we cosigned. Both are signed by the log. */
export interface Contradiction {
  readonly origin: string
  readonly cosigned: Uint8Array
  /** With the signatures of the log's keys only. */
  readonly submitted: Uint8Array
  /** True: one size and two roots, so the log signed two histories. False: no consistency was shown. */
  readonly isProof: boolean
}

export interface WitnessOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly name: string
  /** Ed25519, used for nothing else. */
  readonly signer: Signer
  /** The logs: a key's name is its origin. Several keys of one origin are alternatives. */
  readonly logs: readonly NoteKey[]
  /** Where the last cosigned checkpoint of an origin is kept. */
  readonly stateOf: (origin: string) => CheckpointLock
  readonly onContradiction?: (found: Contradiction) => void | Promise<void>
}

/** The last checkpoint we cosigned of one origin. */
interface Seen {
  readonly note: Uint8Array
  readonly head: Checkpoint
  readonly time_s: number
}

interface WatchedLog {
  readonly keys: NoteKey[]
  readonly state: CheckpointLock
  /** Requests of one origin are answered one after the other. */
  last: Promise<unknown>
}

export class Witness {
  readonly #o: WitnessOptions
  readonly #key: CosignerKey
  readonly #logs = new Map<string, WatchedLog>()

  /** @throws {LogError} `VKEY_INVALID`: the name cannot be a key's, or the signer is not Ed25519. */
  constructor(options: WitnessOptions) {
    this.#o = options
    this.#key = cosignerKey(options.crypto, options.name, options.signer.publicJwk)
    for (const key of options.logs) {
      const known = this.#logs.get(key.name)
      if (known) known.keys.push(key)
      else
        this.#logs.set(key.name, { keys: [key], state: options.stateOf(key.name), last: Promise.resolve() })
    }
  }

  get key(): CosignerKey {
    return this.#key
  }

  /**
   * Takes the place of the one process that cosigns, and reads what it cosigned.
   * @throws {LogError} `LOG_LOCKED`; `NOTE_INVALID`: state that this key did not cosign (WIT-6). `LOG_UNAVAILABLE`.
   */
  async start(): Promise<void> {
    const taken: CheckpointLock[] = []
    try {
      for (const { state } of this.#logs.values()) {
        await state.acquire()
        taken.push(state)
        await this.#seen(state)
      }
    } catch (cause) {
      for (const state of taken) await state.release()
      throw cause
    }
  }

  async stop(): Promise<void> {
    for (const log of this.#logs.values()) {
      await log.last
      await log.state.release()
    }
  }

  /**
   * One request of tlog-witness. Whoever asks is not authenticated: the log's signature is what counts.
   * @throws {LogError} `LOG_UNAVAILABLE`, `LOG_LOCKED`, `NOTE_INVALID`: the state cannot be read or written.
   */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    let request: AddCheckpoint
    let text: string
    let head: Checkpoint
    try {
      request = parseAddCheckpoint(body)
      text = parseNote(request.note).text
      head = parseHead(text)
    } catch (cause) {
      if (cause instanceof LogError) return { kind: 'malformed' }
      throw cause
    }
    const log = this.#logs.get(head.origin)
    if (!log) return { kind: 'unknown_log' }
    const signatures = this.#verified(request.note, log.keys)
    if (!signatures) return { kind: 'bad_signature' }
    if (request.old_size > head.size) return { kind: 'malformed' }
    const done = log.last.then(() => this.#advance(log.state, request, head, text, signatures))
    log.last = done.catch(() => {}) // its caller hears of the fault
    return done
  }

  /** The lines of the log's own keys, or null: what others wrote under the note is not ours to keep. */
  #verified(note: Uint8Array, keys: readonly NoteKey[]): NoteSignature[] | null {
    try {
      openNote(this.#o.crypto, note, keys)
    } catch (cause) {
      if (cause instanceof LogError) return null
      throw cause
    }
    return parseNote(note).signatures.filter(({ name, id }) =>
      keys.some((key) => key.name === name && key.id === id),
    )
  }

  async #advance(
    state: CheckpointLock,
    request: AddCheckpoint,
    head: Checkpoint,
    text: string,
    signatures: readonly NoteSignature[],
  ): Promise<WitnessAnswer> {
    const { crypto, clock, name, signer } = this.#o
    const seen = await this.#seen(state)
    if (request.old_size !== (seen?.head.size ?? 0)) return { kind: 'conflict', size: seen?.head.size ?? 0 }
    const refusal = await this.#refuse(seen, request, head, formatNote(text, signatures))
    if (refusal) return refusal
    const now_s = Math.floor(clock.now() / 1000)
    if (seen && now_s + CLOCK_BEHIND_MAX_S < seen.time_s) return { kind: 'clock_behind' }
    const cosigned = cosign(crypto, text, name, signer, Math.max(now_s, seen?.time_s ?? 0))
    const next = formatNote(text, [...signatures, cosigned])
    if (await state.compareAndSwap(seen?.note ?? null, next))
      return { kind: 'cosigned', lines: cosignatureLines([cosigned]) }
    return { kind: 'conflict', size: (await this.#seen(state))?.head.size ?? 0 }
  }

  /** Null when the checkpoint extends what was cosigned. */
  async #refuse(
    seen: Seen | null,
    { proof }: AddCheckpoint,
    head: Checkpoint,
    submitted: Uint8Array,
  ): Promise<WitnessAnswer | null> {
    const { crypto } = this.#o
    if (!seen || seen.head.size === 0) {
      const isEmptyTree = head.size > 0 || equalBytes(head.root, emptyRoot(crypto))
      return proof.length === 0 && isEmptyTree ? null : { kind: 'bad_proof' }
    }
    const { size: size1, root: root1 } = seen.head
    const isSameSize = head.size === size1
    if (isSameSize && !equalBytes(head.root, root1)) {
      await this.#report(seen, submitted, true)
      return { kind: 'conflict', size: size1 }
    }
    if (verifyConsistency(crypto, { size1, root1, size2: head.size, root2: head.root, proof })) return null
    if (!isSameSize) await this.#report(seen, submitted, false)
    return { kind: 'bad_proof' }
  }

  async #report(seen: Seen, submitted: Uint8Array, isProof: boolean): Promise<void> {
    await this.#o.onContradiction?.({ origin: seen.head.origin, cosigned: seen.note, submitted, isProof })
  }

  async #seen(state: CheckpointLock): Promise<Seen | null> {
    const note = await state.load()
    if (!note) return null
    const [ours] = openCosignatures(this.#o.crypto, note, [this.#key])
    if (!ours) {
      throw new LogError(
        'NOTE_INVALID',
        'the state was cosigned with another key or under another name: use that one, or start anew elsewhere',
      )
    }
    return { note, head: parseHead(parseNote(note).text), time_s: ours.time_s }
  }
}

/** The first three lines of a checkpoint. Extension lines are allowed: other people's logs have them. */
function parseHead(text: string): Checkpoint {
  const lines = text.split('\n')
  if (lines.slice(3, -1).includes('')) {
    throw new LogError('CHECKPOINT_INVALID', 'an extension line of the checkpoint is empty')
  }
  return parseCheckpoint(`${lines.slice(0, 3).join('\n')}\n`)
}
