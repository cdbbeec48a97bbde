/**
 * Follows sources of revocations into the state of a point: connects, resumes, renews the time, loads snapshots,
 * backs off, and polls where no stream passes (REV-15). Losing a connection needs no action here: the state ages past
 * the bound by itself.
 *
 * Several sources at once (REV-16): a follower for each, with a path of its own into the one state. No freshness comes of
 * it that is not true, because none comes from the follower: it hands on what was signed, and the state counts a
 * heartbeat only over the frames that it has itself applied, whoever brought either (see state.ts). A source that lies or
 * lags loses its own connection and nothing else.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import type { RevocationSource, StreamEvent } from '../ports/control-plane.ts'
import { MARK_BYTES } from './marks.ts'
import type { PollAnswer } from './poll.ts'
import type { SignedSnapshot } from './snapshot.ts'
import type { Applied, RevocationFeed } from './state.ts'

const BACKOFF_MIN_MS = 50
const BACKOFF_MAX_MS = 1000
const NONCE_BYTES = 24
/** REV-4: how often there is something new to poll for. */
const POLL_EVERY_MS = 500
/** While no stream is up, a state that is older is polled for. */
const POLL_AGE_MS = 250
/** A stream whose heartbeats come this late is no better than none: something on the way holds them back. */
const LATE_MS = 1_000
/** A connection on which nothing came for so long is dead, whatever the network says. */
const SILENT_MAX_MS = 5_000

export interface Follower {
  /** Resolves once the state has been fresh for the first time. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

/** What is followed into: the state of a point, or what a relay keeps. */
export interface Followed extends RevocationFeed {
  another(): RevocationFeed
  needsTime(): boolean
  freshness(): { readonly age_ms: number } | null
}

export interface FollowOptions {
  readonly crypto: Crypto
  readonly source: RevocationSource
  readonly state: Followed
  /** The path of this source into the state: its first unless told otherwise. */
  readonly feed?: RevocationFeed
  /** Whether it is only polled, when nothing else keeps the state fresh. */
  readonly standby?: boolean
  /** Told of each event that was applied. */
  readonly onEvent?: (event: StreamEvent) => void
}

export function follow(options: FollowOptions): Follower {
  const one = new SourceFollower(options)
  return { ready: one.ready, stop: () => one.stop() }
}

/** Follows all sources at once, each by a path of its own. Ready with whichever makes the state fresh first. */
export function followAll(
  sources: readonly Pick<FollowOptions, 'source' | 'standby' | 'feed'>[],
  options: Omit<FollowOptions, 'source' | 'feed' | 'standby'>,
): Follower {
  const each = sources.map((source) => follow({ ...options, feed: options.state.another(), ...source }))
  const ready = Promise.any(each.map((one) => one.ready))
  ready.catch(() => undefined)
  return { ready, stop: async () => void (await Promise.all(each.map((one) => one.stop()))) }
}

class SourceFollower {
  readonly #o: FollowOptions
  readonly #feed: RevocationFeed
  readonly #stopping = new AbortController()
  readonly #first = Promise.withResolvers<void>()
  readonly #running: Promise<unknown>
  /** Something came by the stream, and it has not ended since. */
  #isUp: boolean
  #renewing = false
  /** Apart from the stream's: the answer to a poll may be ahead of it, which is no fault of either. */
  #polled: RevocationFeed | null = null

  constructor(options: FollowOptions) {
    this.#o = options
    this.#feed = options.feed ?? options.state
    this.#first.promise.catch(() => undefined) // who is stopped before it is ready has nobody waiting
    this.#isUp = options.standby === true // as long as others keep the state fresh
    const streams = this.#isUp ? Promise.resolve() : this.#streams()
    this.#running = Promise.all([streams, this.#polls()])
  }

  get ready(): Promise<void> {
    return this.#first.promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#first.reject(new Error('stopped before the revocation state was fresh'))
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  async #streams(): Promise<void> {
    let backoff_ms = BACKOFF_MIN_MS
    while (!this.#isStopped) {
      if (await this.#stream()) backoff_ms = BACKOFF_MIN_MS
      await pause(backoff_ms, this.#stopping.signal)
      backoff_ms = Math.min(backoff_ms * 2, BACKOFF_MAX_MS)
    }
  }

  /** One connection. @returns whether it brought something that counts */
  async #stream(): Promise<boolean> {
    const connection = new AbortController()
    const signal = AbortSignal.any([this.#stopping.signal, connection.signal])
    const nonce = this.#newNonce()
    this.#feed.connecting(nonce)
    let counted = false
    const silence = setTimeout(() => connection.abort(), SILENT_MAX_MS)
    try {
      for await (const event of this.#o.source.stream({ ...this.#feed.resume, nonce }, signal)) {
        silence.refresh()
        const how = await applied(this.#o.source, this.#feed, event, this.#stopping.signal)
        if (how === 'rejected') break
        this.#isUp = true
        if (how === 'applied' && event.type !== 'time') counted = true
        this.#heard(event)
      }
    } catch {
      // not reachable, or cut: the state ages, and we try again
    } finally {
      clearTimeout(silence)
      connection.abort()
      this.#isUp = false
    }
    return counted
  }

  async #polls(): Promise<void> {
    let wait_ms = POLL_EVERY_MS
    while (!this.#isStopped) {
      await pause(wait_ms, this.#stopping.signal)
      const age_ms = this.#o.state.freshness()?.age_ms ?? Infinity
      if (this.#isStopped || age_ms <= (this.#isUp ? LATE_MS : POLL_AGE_MS)) continue
      const isDone = await this.#poll().catch(() => null)
      if (isDone === null) wait_ms = Math.min(wait_ms * 2, 2 * POLL_EVERY_MS)
      else wait_ms = isDone ? POLL_EVERY_MS : 0
    }
  }

  /** @returns whether nothing is left to be asked for at once */
  #poll(): Promise<boolean> {
    const feed = (this.#polled ??= this.#o.state.another())
    const { signal } = this.#stopping
    return pollOnce({ ...this.#o, feed, onEvent: (event) => this.#heard(event) }, signal)
  }

  #heard(event: StreamEvent): void {
    const { state } = this.#o
    this.#o.onEvent?.(event)
    if (event.type === 'heartbeat' && state.needsTime()) this.#renewTime()
    if (state.freshness() !== null) this.#first.resolve()
  }

  #renewTime(): void {
    if (this.#renewing) return
    this.#renewing = true
    const nonce = this.#newNonce()
    this.#feed.expectTime(nonce)
    this.#o.source
      .time(nonce, this.#stopping.signal)
      .then((signed) => this.#feed.applyTime(signed))
      .catch(() => undefined) // the state goes stale by itself
      .finally(() => {
        this.#renewing = false
      })
  }

  #newNonce(): string {
    return newNonce(this.#o.crypto)
  }
}

/**
 * One question for what is new, with the time where it is wanted (REV-15).
 * @param feed a path of its own: the answer may be ahead of a stream's
 * @returns whether nothing is left to be asked for at once
 * @throws what the source throws
 */
export async function pollOnce(
  options: Required<Pick<FollowOptions, 'feed'>> & Omit<FollowOptions, 'standby'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { crypto, state, source, feed, onEvent } = options
  const nonce = state.needsTime() ? newNonce(crypto) : null
  feed.connecting(nonce)
  const from = nonce === null ? feed.resume : { ...feed.resume, nonce }
  const answer = await source.poll(from, signal)
  for (const event of eventsOf(answer)) {
    if ((await applied(source, feed, event, signal)) === 'rejected') return true
    onEvent?.(event)
  }
  const head = answer.heartbeat?.heartbeat.head ?? 0
  return answer.frames.length === 0 || head <= feed.resume.after
}

function applied(
  source: RevocationSource,
  feed: RevocationFeed,
  event: StreamEvent,
  signal: AbortSignal,
): Applied | Promise<Applied> {
  switch (event.type) {
    case 'time':
      return feed.applyTime(event.data)
    case 'frame':
      return feed.applyFrame(event.data)
    case 'heartbeat':
      return feed.applyHeartbeat(event.data)
    case 'snapshot':
      return load(source, feed, event.data, signal)
    case 'statement':
      return feed.applyStatement(event.data)
  }
}

/** What comes behind it on the connection waits, and is dropped by the sender if it takes too long. */
async function load(
  source: RevocationSource,
  feed: RevocationFeed,
  signed: SignedSnapshot,
  signal: AbortSignal,
): Promise<Applied> {
  const { head, count, digest } = signed.snapshot
  const isWanted = head > feed.resume.after
  const body = isWanted ? await source.snapshot(digest, count * MARK_BYTES, signal) : new Uint8Array(0)
  return feed.applySnapshot(signed, body)
}

function newNonce(crypto: Crypto): string {
  return base64url(crypto.randomBytes(NONCE_BYTES))
}

/** In the order in which a stream has them. */
function eventsOf({ time, snapshot, frames, heartbeat }: PollAnswer): StreamEvent[] {
  return [
    ...(time === undefined ? [] : [{ type: 'time', data: time } as const]),
    ...(snapshot === undefined ? [] : [{ type: 'snapshot', data: snapshot } as const]),
    ...frames.map((data) => ({ type: 'frame', data }) as const),
    ...(heartbeat === null ? [] : [{ type: 'heartbeat', data: heartbeat } as const]),
  ]
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
