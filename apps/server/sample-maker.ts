/**
 * Freezings and draws that the control plane computes for people of the company, each in a thread of its own: the log is
 * read as whoever verifies a pack reads it. spec/samples.md (SMP-11). What is logged of it takes the usual way.
 * @module
 */
import { Worker } from 'node:worker_threads'
import type { Period } from '../../src/evidence/populations/definition.ts'
import type { Freezing, NoDraw } from '../../src/evidence/samples/make.ts'
import { SAMPLE_MAX, type Drawn, type Frozen } from '../../src/log/sample-bodies.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { ApiError } from './errors.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { LogPlace } from './tiles.ts'
import { settledCheckpoint, settledPoints, type Published } from './settled.ts'

/** What is drawn, as people say it. */
export interface Asked {
  readonly test: number
  /** Of the catalogue; null: the test as such. */
  readonly control: string | null
  /** Null: by how often the control runs. */
  readonly size: number | null
  /** Hex, the auditor's; null: management's sample. */
  readonly nonce: string | null
}

export type SampleQuestion =
  | { readonly what: 'freeze'; readonly engagement: string; readonly period: Period }
  | { readonly what: 'draw'; readonly freezing: Frozen & { readonly entry: number }; readonly asked: Asked }
  | { readonly what: 'redraw'; readonly sample: string }

export interface SampleThreadData {
  readonly place: LogPlace
  readonly vkey: string
  readonly controls: string | null
  readonly checkpoint: Uint8Array
  readonly question: SampleQuestion
}

export type NoSample = NoDraw | 'PERIOD_OPEN' | 'UNKNOWN_CONTROL' | 'UNKNOWN_SAMPLE'

/** What a sample is when it is drawn again, with its items. */
export interface Redrawn {
  readonly sample: string
  readonly entry: number
  readonly engagement: string
  readonly from: string
  readonly to: string
  readonly drawn: Drawn
  readonly seed: string
  readonly items: readonly { readonly row: number; readonly item: Readonly<Record<string, unknown>> }[]
  readonly faults: readonly { readonly code: string; readonly message: string }[]
}

export type FromSampleThread =
  | { readonly freezing: Freezing }
  | { readonly drawn: Drawn }
  | { readonly redrawn: Redrawn }
  | { readonly none: NoSample }
  /** `said`: the log cannot be read so, in words; null: a fault of ours. */
  | { readonly said: string | null; readonly message: string }

/** Of a log of millions it takes a minute and more. */
const RUN_MS_MAX = 15 * 60_000

const NONE: Readonly<Record<NoSample, string>> = {
  PERIOD_OPEN:
    'the log has no entry past the end of the period yet: choose an earlier end, or freeze it later',
  NOT_FROZEN: 'the population of that test was not frozen with the others',
  NOT_ANCHORED:
    'nobody outside has seen the frozen populations yet: wait for the next anchor, and ask the auditor for the nonce then',
  CHANGED: 'the log gives another population than was frozen: freeze the period again',
  TOO_LARGE: `a sample has at most ${SAMPLE_MAX} items`,
  UNKNOWN_CONTROL: 'the catalogue has no such control with that test',
  UNKNOWN_SAMPLE: 'the log has no such sample',
}

export interface SampleMakerOptions extends Published {
  readonly registry: RegistryContext
  readonly place: LogPlace
  readonly controls: string | null
}

export class SampleMaker {
  readonly #o: SampleMakerOptions
  /** Who looks at samples does not keep waiting who makes them. */
  readonly #turns = {
    make: new OneAtATime<FromSampleThread>(),
    redraw: new OneAtATime<FromSampleThread>(),
  }
  readonly #workers = new Set<Worker>()

  constructor(options: SampleMakerOptions) {
    this.#o = options
  }

  /** @throws {RegistryError} `SAMPLE_INVALID`, `LIMIT_EXCEEDED`; {ApiError} `NOT_FOUND`, `LOG_NOT_PUBLISHED` */
  async ask<K extends 'freezing' | 'drawn' | 'redrawn'>(
    question: SampleQuestion,
    wanted: K,
  ): Promise<Extract<FromSampleThread, Record<K, unknown>>[K]> {
    const turns = this.#turns[question.what === 'redraw' ? 'redraw' : 'make']
    const answer = await turns.take(JSON.stringify(question), () => this.#run(question))
    if (wanted in answer) return (answer as Extract<FromSampleThread, Record<K, unknown>>)[wanted]
    if ('none' in answer && answer.none === 'UNKNOWN_SAMPLE')
      throw new ApiError('NOT_FOUND', NONE[answer.none])
    if ('none' in answer) throw new RegistryError('SAMPLE_INVALID', NONE[answer.none])
    if ('said' in answer && answer.said !== null) throw new RegistryError('SAMPLE_INVALID', answer.said)
    throw new Error('message' in answer ? answer.message : 'the thread answered something else')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.terminate()))
  }

  async #run(question: SampleQuestion): Promise<FromSampleThread> {
    const { place, vkey, controls } = this.#o
    if (question.what === 'freeze') await settledPoints(this.#o, question.period.to_ms)
    const checkpoint = await settledCheckpoint(this.#o)
    const name = `./sample-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
    const workerData: SampleThreadData = { place, vkey, controls, checkpoint, question }
    const worker = new Worker(new URL(name, import.meta.url), { workerData })
    this.#workers.add(worker)
    const late = setTimeout(() => void worker.terminate(), RUN_MS_MAX).unref()
    try {
      return await new Promise<FromSampleThread>((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
        worker.once('exit', () => reject(new Error('it was not computed to its end')))
      })
    } finally {
      clearTimeout(late)
      this.#workers.delete(worker)
    }
  }
}
