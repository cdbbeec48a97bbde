/** A session of the benchmark. @module */
import type { Action } from '../../src/observe/drift/action.ts'

/** Records have no times: a call a second, so that nothing is learned from them. */
export const CALL_MS = 1000

export interface Session {
  readonly record: string
  readonly suite: string
  readonly model: string
  readonly task: string
  /** Of a run that the attacker won: its name. Null: benign. */
  readonly attack: string | null
  readonly actions: readonly Action[]
  /**
   * Whether a person who was asked about a call refused it: a deterministic sign. People are taken to refuse what realizes
   * the attacker's goal, and to approve the rest.
   */
  readonly refused: boolean
}
