/**
 * What a relay keeps of the stream that it follows, and serves on to many: recent frames, the last heartbeat, a snapshot,
 * statements. spec/revocation.md (REV-16), spec/kill.md (KIL-10).
 * No frame is verified and nothing is signed here; statements are, where their keys are known. That frames follow one another is looked at, because a break in them
 * would be of no use to anybody; whether they are true is for points to tell.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { frameHash, type SignedFrame, type SignedHeartbeat } from '../../src/revoke/frame.ts'
import type { Followed } from '../../src/revoke/follower.ts'
import { POLL_FRAMES_MAX, type PollAnswer } from '../../src/revoke/poll.ts'
import type { SignedSnapshot } from '../../src/revoke/snapshot.ts'
import type { Applied, RevocationFeed } from '../../src/revoke/state.ts'
import type { Statement } from '../../src/revoke/statement.ts'
import { eventOf, Fanout, type Subscriber } from '../server/fanout.ts'
import { FRAMES_BEHIND_MAX, type Asked } from '../server/revocation-hub.ts'
import type { KillTrust } from '../../src/revoke/kill.ts'
import { KeptStatements, UPSTREAM, type Added } from './statements.ts'
import type { Upstream } from './upstream.ts'

/** Frames kept, some 500 bytes each. Past this many those go that a snapshot stands for. */
const FRAMES_MAX = 2 * FRAMES_BEHIND_MAX
/** Bodies of snapshots that somebody may be fetching. */
const SNAPSHOTS_MAX = 2

interface KeptSnapshot {
  readonly signed: SignedSnapshot
  readonly body: Uint8Array
}

export class Relay implements Followed {
  readonly #crypto: Crypto
  readonly #upstream: Upstream
  readonly #fanout = new Fanout()
  readonly #statements: KeptStatements
  /** Without gaps, up to the head. */
  #frames: SignedFrame[] = []
  #snapshots: KeptSnapshot[] = []
  #epoch = 0
  #head = 0
  #hash = ''
  #beat: { readonly signed: SignedHeartbeat; readonly at: number } | null = null
  #fetching: Promise<KeptSnapshot> | null = null

  /** @param trust whose statements hold; null: none is judged */
  constructor(crypto: Crypto, upstream: Upstream, trust: KillTrust | null) {
    this.#crypto = crypto
    this.#upstream = upstream
    this.#statements = new KeptStatements(crypto, trust)
  }

  get subscribers(): number {
    return this.#fanout.size
  }

  /** @throws ApiError `TOO_MANY` */
  subscribe(asked: Asked, source: string): Response {
    const subscriber = this.#fanout.add(asked.after)
    const { stream } = subscriber
    if (asked.nonce !== undefined) {
      // Frames do not wait for it: without it a point is stale, and without them it does not know why.
      void this.#upstream.time(asked.nonce, source).then(
        (signed) => stream.send(eventOf('time', signed)),
        () => undefined,
      )
    }
    void this.#begin(subscriber, asked).catch(() => stream.close())
    return stream.response
  }

  async poll({ epoch, after, nonce }: Asked, source: string): Promise<PollAnswer> {
    const time = nonce === undefined ? {} : { time: await this.#upstream.time(nonce, source) }
    const snapshot = this.#wantsSnapshot(epoch, after) ? (await this.snapshot()).signed : null
    const from = snapshot?.snapshot.head ?? after
    const last = this.#beat?.signed ?? null
    const head = last?.heartbeat.head ?? this.#head
    const frames = this.#after(from)
      .filter(({ frame }) => frame.seq <= head)
      .slice(0, POLL_FRAMES_MAX)
    // Who is ahead of us learns nothing by a heartbeat of before.
    return {
      ...time,
      ...(snapshot === null ? {} : { snapshot }),
      frames,
      heartbeat: head < from ? null : last,
    }
  }

  /** One that the frames which are kept go on after. */
  snapshot(): Promise<KeptSnapshot> {
    const kept = this.#usableSnapshot()
    return kept === null ? this.#fetchSnapshot() : Promise.resolve(kept)
  }

  snapshotBody(digest: string): Uint8Array | null {
    return this.#snapshots.find(({ signed }) => signed.snapshot.digest === digest)?.body ?? null
  }

  /** @param source who gave it, for its share of what is kept */
  pass(statement: Statement, source: string): Added {
    const added = this.#statements.add(statement, source)
    if (added === 'new') this.#fanout.statement(statement)
    return added
  }

  /** Whether one look says if the break-glass key signed a statement. */
  get judges(): boolean {
    return this.#statements.judges
  }

  close(): void {
    this.#fanout.cut()
  }

  // What follows the upstream calls: see src/revoke/follower.ts.

  get resume(): { epoch: number; after: number } {
    return { epoch: this.#epoch, after: this.#head }
  }

  another(): RevocationFeed {
    return this
  }

  /** Time answers are for who asked: points ask themselves. */
  needsTime(): boolean {
    return false
  }

  /** By when the last heartbeat came, not by what it says: whether to poll, and no more. */
  freshness(): { age_ms: number } | null {
    return this.#beat === null ? null : { age_ms: performance.now() - this.#beat.at }
  }

  connecting(): void {
    // nothing is kept of a connection
  }

  expectTime(): void {
    // nor of its nonce
  }

  applyTime(): Applied {
    return 'ignored'
  }

  applyFrame(signed: SignedFrame): Applied {
    const { frame } = signed
    if (frame.seq <= this.#head) return 'ignored'
    if (frame.seq !== this.#head + 1) return 'rejected'
    if (frame.prev !== this.#hash) return this.#forget()
    this.#enter(frame.epoch)
    this.#frames.push(signed)
    this.#head = frame.seq
    this.#hash = frameHash(this.#crypto, frame)
    void this.#fanout.frames([signed])
    if (this.#frames.length > FRAMES_MAX) this.#shorten()
    return 'applied'
  }

  applyHeartbeat(signed: SignedHeartbeat): Applied {
    const { head, head_hash, epoch } = signed.heartbeat
    if (head !== this.#head) return 'ignored'
    if (head_hash !== this.#hash) return this.#forget()
    this.#enter(epoch)
    this.#beat = { signed, at: performance.now() }
    this.#fanout.heartbeatToAll(signed)
    return 'applied'
  }

  applySnapshot(signed: SignedSnapshot, body: Uint8Array): Applied {
    const { epoch, head, head_hash } = signed.snapshot
    if (head <= this.#head) return 'ignored'
    this.#keep({ signed, body })
    this.#frames = []
    this.#epoch = epoch
    this.#head = head
    this.#hash = head_hash
    this.#beat = null
    this.#fanout.snapshot(head, signed)
    return 'applied'
  }

  applyStatement(statement: Statement): Applied {
    const added = this.pass(statement, UPSTREAM)
    return added === 'new' ? 'applied' : added === 'known' ? 'ignored' : 'rejected'
  }

  /** Frames of an earlier epoch are of no use to anybody: a snapshot stands for them (KIL-21). */
  #enter(epoch: number): void {
    if (epoch !== this.#epoch) this.#frames = []
    this.#epoch = epoch
  }

  /** The upstream has another history than what is kept: all begins anew, for who listens too. */
  #forget(): 'rejected' {
    this.#frames = []
    this.#snapshots = []
    this.#epoch = 0
    this.#head = 0
    this.#hash = ''
    this.#beat = null
    this.#fanout.cut()
    return 'rejected'
  }

  async #begin(subscriber: Subscriber, { epoch, after }: Asked): Promise<void> {
    const { stream } = subscriber
    // First: what follows may be signed by it.
    for (const statement of this.#statements.all())
      if ('frame_key' in statement) stream.send(eventOf('statement', statement))
    if (this.#wantsSnapshot(epoch, after)) {
      const { signed } = await this.snapshot()
      stream.send(eventOf('snapshot', signed))
      subscriber.sent = signed.snapshot.head
    }
    while (subscriber.sent < this.#head && stream.open) {
      const page = this.#after(subscriber.sent).slice(0, POLL_FRAMES_MAX)
      if (page[0]?.frame.seq !== subscriber.sent + 1) return stream.close() // forgotten meanwhile: it asks again
      for (const signed of page) stream.send(eventOf('frame', signed))
      subscriber.sent += page.length
      await stream.room()
    }
    subscriber.live = true // in the turn in which it was found to have all
    if (this.#beat !== null) this.#fanout.heartbeat(this.#beat.signed, [subscriber])
    // Anybody may have pushed them: who connects is not dropped for what strangers have it read.
    for (const statement of this.#statements.all()) {
      await stream.room()
      stream.send(eventOf('statement', statement))
    }
  }

  #wantsSnapshot(epoch: number | undefined, after: number): boolean {
    const isOther = epoch !== undefined && epoch !== 0 && this.#epoch !== 0 && epoch !== this.#epoch
    return isOther || this.#head - after > FRAMES_BEHIND_MAX || (after < this.#head && after < this.#floor)
  }

  /** What frames that are kept go on after. */
  get #floor(): number {
    return (this.#frames[0]?.frame.seq ?? this.#head + 1) - 1
  }

  #after(seq: number): SignedFrame[] {
    return this.#frames.slice(Math.max(0, seq - this.#floor))
  }

  #usableSnapshot(): KeptSnapshot | null {
    const [kept] = this.#snapshots
    if (kept === undefined) return null
    const { epoch, head } = kept.signed.snapshot
    return epoch === this.#epoch && head >= this.#floor && this.#head - head <= FRAMES_BEHIND_MAX
      ? kept
      : null
  }

  #fetchSnapshot(): Promise<KeptSnapshot> {
    this.#fetching ??= this.#upstream
      .snapshot()
      .then((kept) => this.#keep(kept))
      .finally(() => {
        this.#fetching = null
      })
    return this.#fetching
  }

  #keep(kept: KeptSnapshot): KeptSnapshot {
    this.#snapshots = [kept, ...this.#snapshots].slice(0, SNAPSHOTS_MAX)
    return kept
  }

  /** Without a snapshot nothing is let go: then the next frame tries again. */
  #shorten(): void {
    if (this.#fetching !== null) return
    void this.#fetchSnapshot().then(
      ({ signed }) => {
        const floor = Math.min(signed.snapshot.head, this.#head - FRAMES_BEHIND_MAX)
        this.#frames = this.#after(floor)
      },
      () => undefined,
    )
  }
}
