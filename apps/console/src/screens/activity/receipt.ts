/** Receipts of decisions, as far as these screens say more of them than the list does (spec/enforcement.md). @module */
import type { words } from '../../words/words.ts'
import type { Flow } from './flow-view.tsx'

type T = (typeof words)['activity']

export interface Bases {
  readonly mode: keyof T['basisModes']
  readonly used: readonly {
    readonly subject: string | null
    readonly purpose: string
    readonly basis: string
    readonly n: number
  }[]
  readonly missing: readonly {
    readonly subject: string | null
    readonly purpose: string | null
    readonly reason: string
    readonly n: number
  }[]
}

export interface DecisionReceipt {
  readonly grant: string | null
  readonly binding: keyof T['bindings']
  readonly placement: keyof T['placements']
  readonly freshness: { readonly head: number; readonly age_ms: number } | null
  readonly args_commit: string | null
  readonly debits: readonly {
    readonly jti: string
    readonly grant: string
    readonly measure: string
    readonly unit: string
    readonly per: string
    readonly period: string
    readonly amount: number
  }[]
  readonly flow?: Flow
  readonly basis?: Bases
}
