/**
 * Packs that people of the company have the control plane build, each in a thread of its own. spec/evidence.md (EVD-4 to
 * EVD-7, EVD-9). Invariant: a pack is logged and its manifest signed before its file can be had, and who asked for it alone has it.
 * @module
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { base64url } from '../../src/core/encoding.ts'
import { parseRfc3339, rfc3339 } from '../../src/core/time.ts'
import type { PackToSign } from '../../src/evidence/pack/build.ts'
import type { Manifest } from '../../src/evidence/pack/manifest.ts'
import type { TestCounts } from '../../src/evidence/tests/result.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { checkpointAt } from '../../src/registry/checkpoints.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { openField } from '../../src/registry/openings.ts'
import { recordPack } from '../../src/registry/packs.ts'
import { ApiError } from './errors.ts'
import { readGiven, type GivenFiles, type PackGiven } from './pack-given.ts'
import { settledCheckpoint, settledPoints } from './settled.ts'
import type { LogPlace } from './tiles.ts'

/** EVD-7: how long a file is kept for who asked for it, in milliseconds, and how many are. */
const KEPT_MS = 60 * 60_000
const KEPT_MAX = 4

export interface PackPeriod {
  readonly from: string
  readonly to: string
}

export interface PackSummary {
  readonly bytes: number
  /** Hex, of the whole file. */
  readonly sha256: string
  /** Hex, of its manifest, which the log names. */
  readonly manifest: string
  readonly entries: number
  readonly tests: TestCounts
  readonly generator: string
  /** As its manifest says (POP-5, POP-6). */
  readonly state: Manifest['state']
  readonly limitations: Manifest['limitations']
}

export type PackState =
  | { readonly state: 'waiting' | 'computing' | 'signing' }
  /** Of the bundles of entries in the log. */
  | { readonly state: 'reading'; readonly done: number; readonly of: number }
  | { readonly state: 'done'; readonly pack: PackSummary; readonly entry: number }
  | { readonly state: 'failed'; readonly message: string }

export interface PackThreadData {
  readonly place: LogPlace
  readonly vkey: string
  readonly controls: string | null
  readonly period: PackPeriod
  readonly checkpoint: Uint8Array
  readonly start: Uint8Array | null
  readonly given: GivenFiles
  /** Who asked for it. */
  readonly runner: string
  /** Where the pack is written: no file is there yet. */
  readonly path: string
}

export type FromPackThread =
  | { readonly kind: 'progress'; readonly state: PackState }
  | { readonly kind: 'sign'; readonly pack: PackToSign; readonly release: string }
  | { readonly kind: 'open'; readonly entry: number }
  | { readonly kind: 'built'; readonly pack: PackSummary }
  /** `said`: why none can be built, in words for who asked; null: a fault of ours. */
  | { readonly kind: 'failed'; readonly said: string | null; readonly message: string }

export type ToPackThread = { readonly value: unknown } | { readonly refused: string }

export interface PackJob {
  readonly id: string
  readonly period: PackPeriod
  readonly now: PackState
}

interface Job {
  readonly id: string
  readonly person: string
  readonly period: PackPeriod
  readonly given: GivenFiles
  readonly path: string
  readonly begun_ms: number
  now: PackState
  entry: number
}

export interface PackJobsOptions {
  readonly registry: RegistryContext
  readonly tiles: Pick<TileStore, 'read'>
  readonly clock: Clock
  readonly place: LogPlace
  readonly vkey: string
  readonly controls: string | null
  report(error: unknown): void
}

export class PackJobs {
  readonly #o: PackJobsOptions
  readonly #jobs = new Map<string, Job>()
  #folder: string | null = null
  #worker: Worker | null = null

  constructor(options: PackJobsOptions) {
    this.#o = options
  }

  /**
   * @throws {ApiError} `TOO_MANY`: another one is being built; `REQUEST_INVALID`: the period ends before it starts, or what
   * is given does not hold; `NOT_FOUND`: no such earlier pack
   */
  async begin(person: string, period: PackPeriod, said: PackGiven = {}): Promise<PackJob> {
    if (!(parseRfc3339(period.from) < parseRfc3339(period.to)))
      throw new ApiError('REQUEST_INVALID', 'the period must end after it starts')
    // Reading what is given takes a while: nobody has it done in vain.
    this.#assertIdle()
    // Before old packs make room: the earlier one may be the oldest.
    const given = readGiven(said, (pack) => this.file(person, pack).path)
    await this.#forget()
    // From here on nothing is waited for: two that come at once are not both the only one.
    this.#assertIdle()
    this.#folder ??= mkdtempSync(join(tmpdir(), 'countersign-packs-'))
    const id = base64url(this.#o.registry.crypto.randomBytes(16))
    const path = join(this.#folder, `${id}.zip`)
    const begun_ms = this.#o.clock.monotonic()
    const job: Job = { id, person, period, given, path, begun_ms, now: { state: 'waiting' }, entry: 0 }
    this.#jobs.set(id, job)
    void this.#build(job).catch((error: unknown) => this.#fail(job, error))
    return job
  }

  #assertIdle(): void {
    if (this.#running())
      throw new ApiError('TOO_MANY', 'another pack is being built: try again when it is done')
  }

  /** Of this person alone. @throws {ApiError} `NOT_FOUND` */
  find(person: string, id: string): PackJob {
    return this.#own(person, id)
  }

  /** The latest first. */
  list(person: string): PackJob[] {
    return [...this.#jobs.values()].filter((job) => job.person === person).toReversed()
  }

  /** Where the file of a pack is that was built. @throws {ApiError} `NOT_FOUND` */
  file(person: string, id: string): { readonly path: string; readonly pack: PackSummary } {
    const { now, path } = this.#own(person, id)
    if (now.state !== 'done') throw new ApiError('NOT_FOUND', 'this pack is not there: see what became of it')
    return { path, pack: now.pack }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate()
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true })
    this.#jobs.clear()
  }

  #own(person: string, id: string): Job {
    const job = this.#jobs.get(id)
    if (job === undefined || job.person !== person)
      throw new ApiError('NOT_FOUND', 'no such pack of yours: it was built on another node, or too long ago')
    return job
  }

  #running(): boolean {
    return [...this.#jobs.values()].some(({ now: { state } }) => state !== 'done' && state !== 'failed')
  }

  async #forget(): Promise<void> {
    const old = this.#o.clock.monotonic() - KEPT_MS
    const ended = [...this.#jobs.values()].filter(
      ({ now: { state } }) => state === 'done' || state === 'failed',
    )
    const over = ended.slice(0, Math.max(0, ended.length - KEPT_MAX + 1))
    for (const { id, path } of ended.filter((job) => job.begun_ms < old || over.includes(job))) {
      this.#jobs.delete(id)
      await rm(path, { force: true })
    }
  }

  async #build(job: Job): Promise<void> {
    const { registry, place, vkey, controls } = this.#o
    await settledPoints(this.#o, parseRfc3339(job.period.to))
    const checkpoint = await settledCheckpoint(this.#o)
    const start = await registry.store.query((db) => checkpointAt(db, parseRfc3339(job.period.from)))
    const { period, path, given, person: runner } = job
    const workerData: PackThreadData = {
      place,
      vkey,
      controls,
      period,
      checkpoint,
      start: start?.note ?? null,
      given,
      runner,
      path,
    }
    const name = `./pack-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
    const worker = new Worker(new URL(name, import.meta.url), { workerData })
    this.#worker = worker
    worker.on('message', (message: FromPackThread) => void this.#hear(job, worker, message))
    worker.on('error', (error) => this.#fail(job, error))
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null
      if (job.now.state !== 'done' && job.now.state !== 'failed')
        job.now = { state: 'failed', message: 'it was not built to its end: ask again' }
    })
  }

  async #hear(job: Job, worker: Worker, message: FromPackThread): Promise<void> {
    switch (message.kind) {
      case 'progress':
        job.now = message.state
        return
      case 'built':
        job.now = { state: 'done', pack: message.pack, entry: job.entry }
        return
      case 'failed':
        if (message.said === null) this.#o.report(new Error(message.message))
        job.now = { state: 'failed', message: message.said ?? 'something went wrong in the control plane' }
        return
      case 'sign':
        return this.#answer(worker, () => this.#sign(job, message.pack, message.release))
      case 'open':
        return this.#answer(worker, () => this.#open(job, message.entry))
    }
  }

  async #answer(worker: Worker, ask: () => Promise<unknown>): Promise<void> {
    const said = await ask().then(
      (value): ToPackThread => ({ value }),
      (error: unknown): ToPackThread => ({
        refused: error instanceof Error ? error.message : 'unknown fault',
      }),
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(said)
  }

  async #sign(
    job: Job,
    { period, checkpoint, sha256, generator }: PackToSign,
    release: string,
  ): Promise<unknown> {
    const { registry, vkey } = this.#o
    const { entry, envelope } = await recordPack(registry, job.person, {
      from_ms: parseRfc3339(period.from),
      to_ms: parseRfc3339(period.to),
      checkpoint: openCheckpoint(registry.crypto, checkpoint, vkey),
      sha256,
      generator,
      release,
    })
    job.entry = entry
    return envelope
  }

  /** As any other value is opened: the log says so (ERA-11). @returns null: it was erased */
  async #open({ person }: Job, entry: number): Promise<unknown> {
    try {
      const { opening } = await openField(this.#o.registry, person, { entry, field: 'content' })
      return 'salt' in opening && typeof opening.value === 'string'
        ? { csv: opening.value, salt: opening.salt }
        : null
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'VALUE_ERASED') return null
      throw error
    }
  }

  #fail(job: Job, error: unknown): void {
    const said = error instanceof ApiError ? error.message : null
    if (said === null) this.#o.report(error)
    job.now = { state: 'failed', message: said ?? 'something went wrong in the control plane' }
  }
}

/** The name of a downloaded pack. */
export function packName({ from, to }: PackPeriod): string {
  const day = (time: string): string => rfc3339(parseRfc3339(time)).slice(0, 10)
  return `pack-${day(from)}-${day(to)}.zip`
}
