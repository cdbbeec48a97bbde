/** The tables of consent: notices, bases, data subjects, what they gave and took back. spec/consent.md. @module */

export interface ConsentTables {
  notices: {
    id: string
    status: 'waiting' | 'approved'
    name: string
    version: string
    language: string
    jurisdiction: string
    notice_json: string
    /** What `text_hash` is the digest of; null in a database that was rebuilt. */
    text: string | null
    proposer: string
    /** Index of the `notice.proposed` entry. */
    proposal: number
    approval: number | null
  }
  bases: {
    id: string
    status: 'waiting' | 'approved' | 'ended'
    basis_json: string
    proposer: string
    /** Index of the `basis.proposed` entry. */
    proposal: number
    approval: number | null
    /** Index of the entry that changed what points are told of it, or null. */
    changed: number | null
  }
  managers: {
    id: string
    status: 'waiting' | 'approved' | 'removed'
    jkt: string
    manager_json: string
    proposer: string
    /** Index of the `manager.proposed` entry. */
    proposal: number
    approval: number | null
  }
  data_subjects: {
    id: string
    jurisdiction: string
    /** Index of the last entry that changed what points are told. */
    changed: number
    /** The passkey in force, with the index of its `data_subject.enrolled` entry. */
    credential_json: string | null
    registration: number | null
    /** WebAuthn credential identifier, base64url. */
    credential_id: string | null
  }
  /** Identifiers: the value is in `sealed`, behind the commitment of its `data_subject.identified` entry. */
  identifiers: {
    commitment: string
    subject: string
    system: string | null
    /** Index of that entry. */
    entry: number
    /** What it is found by (CNS-10); null in a database that was rebuilt. */
    key: string | null
    /** What looks like it is found by (CNS-43); null where it is plain itself, and in a database that was rebuilt. */
    alike: string | null
  }
  consents: {
    id: string
    subject: string
    rev: string
    notice: string
    record_json: string
    proof: 'passkey' | 'manager' | 'imported'
    manager: string | null
    /** Index of the `consent.given` entry. */
    given: number
    /** Seconds. */
    expires: number
    /** Purposes that were withdrawn; null in it: the whole. `[]` while none was. */
    withdrawn_json: string
  }
  /** One row a `consent.withdrawn` entry, or an `objection.made` (then `consent` is null). */
  withdrawals: {
    entry: number
    consent: string | null
    subject: string
    /** As the entry says; `null` for all. */
    purposes_json: string
    time_ms: number
  }
  /** Which listener took the event of which frame (SIG-10). */
  taken: { listener: string; seq: number; entry: number; time_ms: number }
  subject_requests: {
    id: string
    subject: string
    kind: string
    jurisdiction: string
    status: 'open' | 'closed'
    /** Milliseconds. */
    opened: number
    due: number
    extended: number
    outcome: string | null
    text_commit: string | null
    answer_commit: string | null
    /** Whether an alert said that it is late. */
    alerted: number
  }
  subject_links: { secret_hash: string; subject: string; by: string; expires: number }
  /** What receipts say of whose data was used or withheld (CNS-28): the accounting of CNS-29. */
  disclosures: {
    /** Index of the receipt. */
    entry: number
    /** Within the receipt. */
    part: number
    subject: string
    /** Milliseconds, of the receipt. */
    time_ms: number
    agent: string | null
    server: string
    tool: string
    purpose: string | null
    basis: string | null
    /** Why it was withheld or denied; null: it was used. */
    reason: string | null
    n: number
  }
}
