/** What the page and the workers of `verify.html` say to each other. @module */
import type { FromThread, ToThread } from '../../src/evidence/bundles/threads.ts'
import type { HeldCheckpoint } from '../../src/evidence/verify/held.ts'
import type { EarlierPack } from '../../src/evidence/verify/roll-forward.ts'
import type { PackReport } from '../../src/evidence/verify/report.ts'

/** A MessagePort, as browsers have it; the types of this repository are Node's. */
export interface Port<Said, Heard> {
  postMessage(said: Said, memory: ArrayBuffer[]): void
  addEventListener(type: 'message', listener: (event: { readonly data: Heard }) => void): void
  start(): void
  close(): void
}

/** To the worker that verifies. */
export interface Asked {
  readonly kind: 'verify'
  readonly pack: Uint8Array
  readonly key: string
  readonly held: readonly HeldCheckpoint[]
  readonly earlier: EarlierPack | null
  /** Each leads to a worker that reads bundles. */
  readonly readers: readonly Port<ToThread, FromThread>[]
  /** Keys of witnesses that the reader trusts. */
  readonly witnesses: readonly string[]
}

export type ToWorker =
  | Asked
  /** To a worker that is to read bundles for whoever asks it there. */
  | { readonly kind: 'read'; readonly port: Port<FromThread, ToThread> }
  /** To the worker that verifies: the reader of this number has failed. */
  | { readonly kind: 'gone'; readonly reader: number }

export type Told =
  | { readonly kind: 'entries' | 'signatures'; readonly done: number; readonly of: number }
  | { readonly kind: 'done'; readonly report: PackReport; readonly seconds: number }
  /** What is no pack at all, or a browser that cannot verify. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
