/** Tables of service accounts. spec/service-accounts.md. Columns as in schema.ts. @module */

export interface ServiceTables {
  service_accounts: {
    id: string
    /** Index of the `service_account.proposed` entry. */
    entry: number
    name: string
    purpose: string
    owner: string
    roles_json: string
    networks_json: string
    /** Milliseconds, as every time here. */
    expires: number
    proposer: string
    proposed: number
    approver: string | null
    /** Index of the `service_account.approved` entry. */
    approval: number | null
    approved: number | null
    ended: 'disabled' | 'retired' | null
    /** Index of the entry that ended it. */
    ending: number | null
    ended_at: number | null
  }
  /** All that an account ever had: a key is somebody's once. */
  service_keys: {
    jkt: string
    account: string
    /** Index of the `service_account.enrolled` or `.rotated` entry. */
    entry: number
    since: number
    /** Index of the entry that replaced it. */
    replaced: number | null
  }
  service_invitations: { secret_hash: string; account: string; expires: number }
  service_uses: { account: string; used: number }
}
