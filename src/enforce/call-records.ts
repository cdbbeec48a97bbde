/**
 * What a point records of a call: its decisions before anything else happens, its outcome after. spec/enforcement.md.
 * Never rejects: what cannot be recorded is for the caller to deny.
 * @module
 */
import type { BasesRecord } from '../log/receipt-basis.ts'
import { laterTurn, type Outcome } from './calls-under-way.ts'
import type { Judged } from './judged.ts'
import { decisionFields, openingOf } from './opening.ts'
import type { PointOptions } from './point-options.ts'
import type { StreamPlace } from './recorder.ts'
import type { CallRequest } from './types.ts'

/** What a receipt is about. */
export interface Names {
  readonly action: string
  readonly approval?: string
  readonly kill?: string
}

type RecordOptions = Pick<PointOptions, 'recorder' | 'placement' | 'revocations' | 'onRecorded' | 'onFault'>

export class CallRecords {
  readonly #o: RecordOptions
  /** Outcomes that are being recorded. */
  readonly #outcomes = new Set<Promise<boolean>>()

  constructor(options: RecordOptions) {
    this.#o = options
  }

  /** @returns null: nothing could be recorded */
  async decision(request: CallRequest, names: Names, judged: Judged): Promise<StreamPlace | null> {
    const { authenticated, verdict } = judged
    const { action, approval, kill } = names
    // A process may stand still at any place: of an allow, the state that was held against the bound.
    const freshness =
      verdict.decision === 'allow'
        ? verdict.freshness
        : this.#o.revocations(authenticated.chain?.iss ?? null).freshness()
    const fields = decisionFields(request, action, judged, {
      placement: this.#o.placement,
      freshness,
      ...(kill === undefined ? {} : { kill }),
      ...(approval === undefined ? {} : { approval }),
    })
    return this.#durably(() =>
      this.#o.recorder.decision(fields, authenticated.record, openingOf(request, action, authenticated)),
    )
  }

  /**
   * @param basis whom the result is about: then it is recorded before anybody has the result (CNS-37)
   * @returns whether it could be
   */
  outcome(action: string, outcome: Outcome, basis?: BasesRecord): Promise<boolean> {
    const fields = { action, outcome, ...(basis === undefined ? {} : { basis }) }
    const record = (): Promise<true | null> =>
      this.#durably(() => this.#o.recorder.outcome(fields).then(() => true as const))
    // Else the caller gets its answer first: a crash in between leaves the outcome `unknown`, as RCP-4 has it.
    const done = (basis === undefined ? laterTurn().then(record) : record()).then((stored) => stored === true)
    this.#outcomes.add(done)
    void done.finally(() => this.#outcomes.delete(done))
    return done
  }

  async idle(): Promise<void> {
    await Promise.all(this.#outcomes)
  }

  async #durably<T>(write: () => Promise<T>): Promise<T | null> {
    try {
      const written = await write()
      this.#o.onRecorded()
      return written
    } catch (error) {
      this.#o.onFault(error)
      return null
    }
  }
}
