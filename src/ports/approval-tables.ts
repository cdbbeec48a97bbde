/** The tables of what waits for a person. spec/approvals.md, spec/limits.md (LIM-11 to LIM-13). @module */

export interface ApprovalTables {
  topups: {
    id: string
    key: string
    agent: string
    delegation: string
    grant_digest: string
    limit_json: string
    asked: number
    status: 'open' | 'granted' | 'declined'
    /** Milliseconds. */
    requested: number
    /** The new delegation, or the reason. */
    answer: string | null
  }
  /** Calls that wait, or waited, for a person (APR-5). Times in milliseconds. */
  approvals: {
    id: string
    point: string
    action: string
    agent: string
    /** Issuer and identifier of the chain's root. */
    iss: string
    jti: string
    grant_digest: string
    server: string
    tool: string
    definition_hash: string | null
    args_commit: string
    expires: number
    requested: number
    /** One that is open past `expires` has timed out. */
    status: 'open' | 'approved' | 'refused'
    decided: number | null
    approver: string | null
    act_json: string | null
    flow_json: string | null
    gesture_json: string | null
  }
  /** What opens the page of an approval, by the hash of its secret. */
  approval_links: { secret_hash: string; approval: string; expires: number }
}
