/** What the page and the worker of `verify.html` say to each other. @module */
import type { HeldCheckpoint } from '../../src/evidence/verify/held.ts'
import type { EarlierPack } from '../../src/evidence/verify/roll-forward.ts'
import type { PackReport } from '../../src/evidence/verify/report.ts'

export interface Asked {
  readonly pack: Uint8Array
  readonly key: string
  readonly held: readonly HeldCheckpoint[]
  readonly earlier: EarlierPack | null
}

export type Told =
  | { readonly kind: 'entries' | 'signatures'; readonly done: number; readonly of: number }
  | { readonly kind: 'done'; readonly report: PackReport; readonly seconds: number }
  /** What is no pack at all, or a browser that cannot verify. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
