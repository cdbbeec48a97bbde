/** The tables of labels and of the flow policy. spec/labels.md (LBL-8), spec/flow.md (FLW-10). @module */

export interface FlowTables {
  label_proposals: {
    id: string
    status: 'waiting' | 'approved' | 'replaced'
    /** `[{tool, definition_hash, label}]` */
    labels_json: string
    proposer: string
    /** Index of the `label.proposed` entry. */
    proposal: number
  }
  /** Those in force. */
  labels: {
    /** The tool's identifier. */
    tool: string
    definition_hash: string
    label_json: string
    /** Index of the `label.approved` entry. */
    approval: number
  }
  flow_policies: {
    id: string
    /** At most one is active. */
    status: 'waiting' | 'active' | 'replaced'
    policy_json: string
    proposer: string
    /** Index of the `flow_policy.proposed` entry. */
    proposal: number
    /** Index of the `flow_policy.approved` entry. */
    approval: number | null
  }
}
