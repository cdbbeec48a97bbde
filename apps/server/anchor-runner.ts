/**
 * Anchors the published log outside, at least daily each. spec/witness.md, ANC-2 and ANC-3.
 * Order: the token beside the log, then its line of the index, then `log.anchored`. A crash between the last two leaves
 * an anchor that the log does not name: the next start does (unlogged-anchors.ts). Until then it binds what came before it.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { addAnchor, readAnchorIndex } from '../../src/log/anchor-files.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { decodeEntry, LogError } from '../../src/log/entries.ts'
import { CHECKPOINT_PATH } from '../../src/log/tiles.ts'
import type { AnchorService } from '../../src/ports/anchor.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { NewEntry, Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { ALERT_KEY_CHARS_MAX } from '../../src/log/alert-bodies.ts'
import { raise } from '../../src/registry/alerts.ts'
import { anchoredEntry, UnloggedAnchors } from './unlogged-anchors.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Up to an hour earlier by chance, so that many logs do not ask one authority at the same moment. */
const EVERY_MS = 22 * HOUR_MS
const JITTER_MS = HOUR_MS
const RETRY_MS = 5 * MINUTE_MS
const OVERDUE_MS = 24 * HOUR_MS
/** How long one anchor may take. */
const ANCHOR_MS_MAX = MINUTE_MS

export interface AnchorRunnerOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly store: Store
  readonly tiles: TileStore
  /** The log's. */
  readonly vkey: string
  readonly services: readonly AnchorService[]
  /** Hears why an anchor failed. */
  readonly report: (error: unknown) => void
}

/** Milliseconds since 1970; in the past when it is due at once. */
export interface DueAnchor {
  readonly kind: AnchorService['kind']
  readonly by: string
  readonly at_ms: number
}

interface ServiceState {
  readonly service: AnchorService
  readonly jitter_ms: number
  /** When it succeeded last; the beginning of the log when it never did. Null before the first look. */
  last_ms: number | null
  hasSucceeded: boolean
  retry_ms: number
  alerted_ms: number
}

export class AnchorRunner {
  readonly #o: AnchorRunnerOptions
  readonly #states: ServiceState[]
  readonly #unlogged: UnloggedAnchors
  /** Before it those that could not be logged are left alone. */
  #unloggedRetry_ms = -Infinity
  readonly #ended = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(options: AnchorRunnerOptions) {
    this.#o = options
    this.#unlogged = new UnloggedAnchors(options)
    this.#states = options.services.map((service) => {
      const jitter_ms = Math.floor(randomBelowOne(options.crypto) * JITTER_MS)
      const never = { retry_ms: -Infinity, alerted_ms: -Infinity }
      return { service, jitter_ms, last_ms: null, hasSucceeded: false, ...never }
    })
  }

  /** When each is due, before the start. A log that cannot be read now is reported there. */
  async due(): Promise<readonly DueAnchor[]> {
    try {
      for (const state of this.#states) await this.#look(state)
    } catch {
      return []
    }
    return this.#states.map(({ service: { kind, by }, last_ms, hasSucceeded, jitter_ms }) => {
      return { kind, by, at_ms: hasSucceeded ? (last_ms ?? 0) + EVERY_MS - jitter_ms : this.#o.clock.now() }
    })
  }

  start(): void {
    if (this.#states.length === 0) return
    void this.tick()
    this.#timer = setInterval(() => void this.tick(), MINUTE_MS)
  }

  /** Gives up an anchor in progress. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#ended.abort()
    await this.#last
  }

  /** Makes the anchors that are due, one after the other, and raises the alerts. Never rejects. */
  tick(): Promise<void> {
    this.#last = this.#last.then(() => this.#run())
    return this.#last
  }

  async #run(): Promise<void> {
    await this.#logUnlogged()
    for (const state of this.#states) {
      if (this.#ended.signal.aborted) return
      try {
        await this.#look(state)
        if (this.#isDue(state)) await this.#anchor(state)
      } catch (cause) {
        this.#o.report(cause)
        state.retry_ms = this.#o.clock.now() + RETRY_MS
      }
      await this.#alertIfOverdue(state).catch(this.#o.report)
    }
  }

  /** Never rejects. */
  async #logUnlogged(): Promise<void> {
    const now = this.#o.clock.now()
    const { signal } = this.#ended
    if (signal.aborted || (now < this.#unloggedRetry_ms && now > this.#unloggedRetry_ms - RETRY_MS)) return
    try {
      if (this.#unlogged.isUnknown) this.#unlogged.begin(await this.#lines())
      await this.#unlogged.log(now, async () => (await this.#head()).head, signal)
    } catch (cause) {
      this.#o.report(cause)
      this.#unloggedRetry_ms = now + RETRY_MS
    }
  }

  /** @throws {LogError} `ANCHOR_FAILED`: nothing is public yet */
  async #head(): Promise<{ note: Uint8Array; head: Checkpoint }> {
    const { crypto, tiles, vkey } = this.#o
    const note = await tiles.read(CHECKPOINT_PATH)
    if (!note) throw new LogError('ANCHOR_FAILED', 'the log has not published a checkpoint yet')
    return { note, head: openCheckpoint(crypto, note, vkey) }
  }

  /** The first time: what was done before the restart, else since when it should have been. */
  async #look(state: ServiceState): Promise<void> {
    if (state.last_ms !== null) return
    const { kind, by } = state.service
    const lines = await this.#lines()
    const at = lines.findLast((line) => line.kind === kind && line.by === by)?.at
    state.hasSucceeded = at !== undefined
    state.last_ms = at === undefined ? await this.#beginning() : at * 1000
  }

  /** An index that is malformed is reported when an anchor is to be added to it; here it says nothing. */
  async #lines(): ReturnType<typeof readAnchorIndex> {
    try {
      return await readAnchorIndex(this.#o.tiles)
    } catch (cause) {
      if (cause instanceof LogError && cause.code === 'ANCHOR_INVALID') return []
      throw cause
    }
  }

  async #beginning(): Promise<number> {
    const [first] = await this.#o.store.entries.read(0, 1)
    return first ? Date.parse(decodeEntry(first).time) : this.#o.clock.now()
  }

  #isDue({ last_ms, hasSucceeded, jitter_ms, retry_ms }: ServiceState): boolean {
    const now = this.#o.clock.now()
    if (now < retry_ms && now > retry_ms - RETRY_MS) return false
    return !hasSucceeded || now >= (last_ms ?? 0) + EVERY_MS - jitter_ms
  }

  async #anchor(state: ServiceState): Promise<void> {
    const { crypto, tiles, store } = this.#o
    const { kind, by } = state.service
    const { note, head } = await this.#head()
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(ANCHOR_MS_MAX)])
    const anchored = await state.service.anchor(note, signal)
    const line = await addAnchor(crypto, tiles, { kind, by, head, anchored })
    Object.assign(state, {
      last_ms: anchored.at_ms,
      hasSucceeded: true,
      retry_ms: -Infinity,
      alerted_ms: -Infinity,
    })
    try {
      await append(store, anchoredEntry(line, head.root))
    } catch (cause) {
      this.#unlogged.add(line)
      throw cause
    }
  }

  async #alertIfOverdue(state: ServiceState): Promise<void> {
    const now = this.#o.clock.now()
    const { kind, by } = state.service
    if (state.last_ms === null || now - state.last_ms <= OVERDUE_MS || now - state.alerted_ms <= OVERDUE_MS)
      return
    state.alerted_ms = now
    const since = Math.floor(state.last_ms / 1000)
    const finding = {
      rule: 'ANCHOR_OVERDUE',
      key: `anchor/${kind}/${by}/${now}`.slice(0, ALERT_KEY_CHARS_MAX),
      subject: null,
      detail: { kind, by, since },
      entries: [],
    } as const
    await this.#o.store.write((tx) => raise(tx, finding))
  }
}

async function append(store: Store, entry: NewEntry): Promise<void> {
  await store.write((tx) => tx.append(entry))
}

function randomBelowOne(crypto: Crypto): number {
  return new DataView(crypto.randomBytes(4).buffer).getUint32(0) / 2 ** 32
}
