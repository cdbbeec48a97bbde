/** Tables of auditors' previews. spec/preview.md. Columns as in schema.ts. @module */
import type { OUTCOMES_OF_REQUESTS } from '../log/preview-bodies.ts'

export interface PreviewTables {
  previews: {
    id: string
    status: 'waiting' | 'granted' | 'revoked'
    proposer: string
    /** Index of the `preview.proposed` entry. */
    proposal: number
    /** Index of the `preview.granted` entry. */
    approval: number | null
    scope_json: string
    /** Milliseconds. */
    expires: number
    auditor_commit: string
    firm_commit: string
    holder: 'key' | 'passkey' | null
    jkt: string | null
    credential_json: string | null
    /** WebAuthn credential identifier of a passkey, base64url. */
    credential_id: string | null
    /** Index of the `preview.enrolled` entry. */
    registration: number | null
    /** Entries in which something was looked at or taken away, and when that was last. */
    looks_n: number
    looked: number | null
  }
  preview_comments: {
    entry: number
    preview: string
    /** Null: the auditor. */
    person: string | null
    about_json: string
    text_commit: string
    time: number
  }
  evidence_requests: {
    id: string
    preview: string
    /** Index of the `evidence_request.opened` entry. */
    entry: number
    about_json: string | null
    text_commit: string
    opened: number
    outcome: (typeof OUTCOMES_OF_REQUESTS)[number] | null
    answer_commit: string | null
    person: string | null
    answered: number | null
  }
  preview_invitations: { secret_hash: string; preview: string; expires: number }
}
