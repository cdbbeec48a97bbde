/** What a verifier reports: what it checked, what did not hold, what it could not check. spec/pack.md. @module */
import type { CutOff } from '../populations/cut-off.ts'
import type { TestCounts, TestResult } from '../tests/result.ts'
import type { FaultCode } from './fault-codes.ts'
import type { RolledForward } from './rolled.ts'
import type { Cosigned } from './cosigned.ts'

/** Something that does not hold, as exactly as it can be named. */
export interface Fault {
  readonly code: FaultCode
  readonly message: string
  /** Index of the entry that it is about. */
  readonly index?: number
  /** Indices of entries that it is about besides. */
  readonly others?: readonly number[]
  readonly file?: string
}

export interface Check {
  readonly name: string
  readonly ok: boolean
  /** How many things were checked. */
  readonly count: number
}

export interface PackReport {
  readonly ok: boolean
  readonly origin: string
  readonly simulated: boolean
  readonly period: { readonly from: string; readonly to: string }
  readonly log: { readonly start: number | null; readonly end: number }
  /** As the log makes it (POP-5, POP-6). */
  readonly state: CutOff['state']
  readonly limitations: CutOff['limitations']
  readonly entries: number
  readonly checks: readonly Check[]
  /** At most {@link FAULTS_MAX}; `faults_n` counts them all. */
  readonly faults: readonly Fault[]
  readonly faults_n: number
  readonly populations: Readonly<Record<string, number>>
  /** No fault says that the pack is not what it claims (TST-9); what else does not hold is a deviation of some test. */
  readonly integrity: boolean
  /** How many tests came to what. */
  readonly tests: TestCounts
  /** By number of the test, as this verifier computed them. */
  readonly results: Readonly<Record<string, TestResult>>
  /** Decisions of the whole log, by outcome and first reason. */
  readonly allowed: number
  /** Calls that waited for a person: how each ended is a decision of its own. */
  readonly asked: number
  readonly denied: Readonly<Record<string, number>>
  /** True statements about the evidence that a reader should know. */
  readonly notes: readonly string[]
  readonly not_checked: readonly string[]
  /** That hold, by witnesses whose keys the reader gave; absent: none was given. */
  readonly cosignatures?: readonly Cosigned[]
  /** Since an earlier pack that the reader gave; absent: none was. Null: this pack does not verify. */
  readonly rolled_forward?: RolledForward | null
}

export const FAULTS_MAX = 100

/** Faults that are kept for the tests, of a pack of any size: what is over is counted, and makes a pack fail all the same. */
const KEPT_MAX = 1_000_000

/** Collects checks and faults in order. */
export class Findings {
  readonly checks: Check[] = []
  /** Those that a report lists. */
  readonly faults: Fault[] = []
  faults_n = 0
  readonly #byCode = new Map<FaultCode, Fault[]>()

  add(fault: Fault): void {
    this.faults_n++
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault)
    if (this.faults_n > KEPT_MAX) return
    const same = this.#byCode.get(fault.code)
    if (same === undefined) this.#byCode.set(fault.code, [fault])
    else same.push(fault)
  }

  /** Also those that are not listed. */
  ofCode(code: FaultCode): readonly Fault[] {
    return this.#byCode.get(code) ?? []
  }

  /** As {@link check}, of what is known last and comes first: what it finds stands in front of all else. */
  checkFirst(name: string, run: (own: Findings) => number): void {
    const own = new Findings()
    const count = run(own)
    this.checks.unshift({ name, ok: own.faults_n === 0, count })
    this.faults_n += own.faults_n
    this.faults.unshift(...own.faults)
    this.faults.splice(FAULTS_MAX)
    for (const [code, faults] of own.#byCode) this.#byCode.set(code, [...faults, ...this.ofCode(code)])
  }

  /** Runs one check: it is good when it adds no fault. @param run returns how many things it checked */
  check(name: string, run: () => number): void {
    const before = this.faults_n
    const count = run()
    this.checks.push({ name, ok: this.faults_n === before, count })
  }

  /** As {@link check}, of what has to wait. Nothing else is to be checked meanwhile. */
  async checkLater(name: string, run: () => Promise<number>): Promise<void> {
    const before = this.faults_n
    const count = await run()
    this.checks.push({ name, ok: this.faults_n === before, count })
  }
}
