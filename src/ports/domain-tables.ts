/** The table of memory domains. spec/flow.md, spec/registers.md. @module */

/** Times are milliseconds since 1970, `*_json` columns hold JSON text. */
export interface DomainTables {
  /** Memory domains, by the agent that they are named after. spec/flow.md */
  domains: {
    agent: string
    /** Who holds it; null: it was handed over, or nobody ever did. */
    point: string | null
    epoch: number
    run: string
    /** How often it was given to a holder. */
    turn: number
    /** Milliseconds. */
    expires: number
    /** What its turn began with; once handed over, what the next begins with. */
    taint_json: string
    /** Which point asks for it, and until when nobody else gets it. */
    wanted_by: string | null
    wanted_until: number
  }
}
