/**
 * Snapshots of the frames in the database: what a point loads that is far behind, or new. spec/revocation.md (REV-11,
 * REV-14).
 * @module
 */
import { frameHash } from '../revoke/frame.ts'
import { markOf, MarkTable } from '../revoke/marks.ts'
import {
  bodyDigest,
  KILLS_MAX,
  LIFTS_MAX,
  SNAPSHOT_MARKS_MANY,
  SNAPSHOT_MARKS_MAX,
  signSnapshot,
  type SignedSnapshot,
  type Snapshot,
} from '../revoke/snapshot.ts'
import type { SignedKill, SignedLift } from '../revoke/statement.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { framesAfter } from './frames.ts'

/** Frames read in one turn: some 10 ms of hashing. */
const PAGE = 5_000
/** A snapshot serves until it is this many frames behind: what came later follows by the stream. */
const BEHIND_MAX = 1_000
/** Bodies kept: of the snapshot that is served now, and of the one before it, which somebody may be fetching. */
const KEPT = 2

export interface MadeSnapshot {
  readonly signed: SignedSnapshot
  readonly body: Uint8Array
}

/**
 * Kept up to date when one is asked for. Marks take no more memory than at a point, and a body is written in the order
 * of the table, which is nearly its own.
 */
export class Snapshots {
  readonly #ctx: Pick<RegistryContext, 'store' | 'crypto' | 'frame'>
  readonly #marks = new MarkTable()
  readonly #kills = new Map<string, SignedKill>()
  readonly #lifts: SignedLift[] = []
  readonly #report: (error: unknown) => void
  #isToldOf = false
  #read = 0
  #made: MadeSnapshot[] = []
  #making: Promise<MadeSnapshot | null> | null = null

  /** @param report told, once, that the limit is near */
  constructor(
    ctx: Pick<RegistryContext, 'store' | 'crypto' | 'frame'>,
    report: (error: unknown) => void = () => undefined,
  ) {
    this.#ctx = ctx
    this.#report = report
  }

  /**
   * @param head the last frame that is known: the snapshot is at most 1,000 behind it
   * @param epoch of the key that signs now: one of another is of no use to anybody (KIL-21)
   * @returns null when more is revoked, or killed, than a snapshot holds: frames are all there is then
   */
  latest(head: number, epoch: number): Promise<MadeSnapshot | null> {
    const [last] = this.#made
    if (last?.signed.snapshot.epoch === epoch && head - last.signed.snapshot.head <= BEHIND_MAX)
      return Promise.resolve(last)
    this.#making ??= this.#make().finally(() => {
      this.#making = null
    })
    return this.#making
  }

  /** Null when it is not one of the last two. */
  body(digest: string): Uint8Array | null {
    return this.#made.find(({ signed }) => signed.snapshot.digest === digest)?.body ?? null
  }

  async #make(): Promise<MadeSnapshot | null> {
    const { store, crypto, frame } = this.#ctx
    // Before the frames are read: so they are at least those of before its epoch, for which it stands.
    const { signer, epoch } = await store.query((db) => frame.current(db))
    while (await this.#page()) await new Promise((resolve) => setImmediate(resolve))
    this.#tell()
    const kills = this.#inForce()
    const isTooMuch =
      this.#marks.size > SNAPSHOT_MARKS_MAX || kills.length > KILLS_MAX || this.#lifts.length > LIFTS_MAX
    if (isTooMuch) return null // no point would take it
    const [last] = await store.query((db) => framesAfter(db, this.#read - 1, 1))
    const body = this.#marks.sorted()
    const snapshot: Snapshot = {
      v: 1,
      epoch,
      head: this.#read,
      head_hash: last === undefined ? '' : frameHash(crypto, last.frame),
      t: await store.now(),
      count: this.#marks.size,
      digest: bodyDigest(crypto, body),
      kills,
      lifts: [...this.#lifts],
    }
    const made = { signed: signSnapshot(signer, snapshot), body }
    this.#made = [made, ...this.#made].slice(0, KEPT)
    return made
  }

  #tell(): void {
    const { size } = this.#marks
    if (this.#isToldOf || size < SNAPSHOT_MARKS_MANY) return
    this.#isToldOf = true
    const message = `${size} handles are revoked, and a snapshot holds ${SNAPSHOT_MARKS_MAX}: past that, new points have to read every frame`
    this.#report(new RegistryError('LIMIT_EXCEEDED', message))
  }

  #inForce(): SignedKill[] {
    const lifted = new Set(this.#lifts.flatMap(({ lift }) => lift.kills))
    return [...this.#kills.values()].filter(({ kill }) => !lifted.has(kill.id))
  }

  /** @returns whether there may be more */
  async #page(): Promise<boolean> {
    const { store, crypto } = this.#ctx
    const rows = await store.query((db) =>
      db
        .selectFrom('frames')
        .select(['seq', 'kind', 'handle'])
        .where('seq', '>', this.#read)
        .orderBy('seq')
        .limit(PAGE)
        .execute(),
    )
    for (const { seq, kind, handle } of rows) {
      if (kind === 'kill' || kind === 'lift') await this.#keepStatement(seq)
      else this.#marks.add(markOf(crypto, { kind, handle }))
      this.#read = seq
    }
    return rows.length === PAGE
  }

  async #keepStatement(seq: number): Promise<void> {
    const [signed] = await this.#ctx.store.query((db) => framesAfter(db, seq - 1, 1))
    const statement = signed?.frame.statement
    if (statement === undefined) return
    if ('kill' in statement) this.#kills.set(statement.kill.id, statement)
    else this.#lifts.push(statement)
  }
}
