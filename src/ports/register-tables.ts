/** Tables of registers that people keep by hand. spec/deviations.md. Columns as in schema.ts. @module */

export interface RegisterTables {
  /** Drafts of management's evaluations, and those that were signed. */
  evaluations: {
    id: string
    /** Identifier of the deviation (DEV-1). */
    deviation: string
    said_json: string
    proposer: string
    /** Index of the `evaluation.proposed` entry. */
    proposal: number
    signer: string | null
    /** Index of the `evaluation.signed` entry. */
    signature: number | null
    /** Milliseconds. */
    signed: number | null
  }
  deficiencies: {
    id: string
    /** Index of the `deficiency.opened` entry. */
    entry: number
    criteria_json: string
    deviation: string | null
    opener: string
    owner: string | null
    title_commit: string | null
    /** Milliseconds, as those below. */
    opened: number
    due: number
    closed: number | null
    /** Indices of the entries that say so: of the last remediation, and of the last retest of it that passed. */
    remediation: number | null
    /** Who said what was done. */
    repairer: string | null
    retest: number | null
    closing: number | null
  }
  /** Words about deficiencies, by commitment. */
  deficiency_notes: {
    entry: number
    deficiency: string
    /** `plan`, `remediation`, `note`, or the result of a retest. */
    phase: string
    author: string
    time: number
    text_commit: string
  }
}
