/** Tables of people's passkeys and of recoveries. spec/people.md (PPL-8 to PPL-13). Columns as in schema.ts. @module */

export interface PasskeyTables {
  /** Every passkey that a person ever registered: a key has one owner for good (PPL-4). */
  passkeys: {
    /** Index of the entry that registered it, by which gestures name it. */
    registration: number
    person: string
    credential_json: string
    /** WebAuthn credential identifier, base64url; null where it was erased, or the log alone is known. */
    credential_id: string | null
    amr_json: string
    /** Of the operator key that was registered with it; null: it was added. Nobody else ever has that key (PPL-4). */
    operator_jkt: string | null
    backed_up: number
    /**
     * `waiting`: for the endorsement of an enrolment; `recovering`: of a recovery, and of no use until then; `dropped`: that
     * recovery ended, and it never counted; `ended`: it counted once.
     */
    status: 'waiting' | 'recovering' | 'dropped' | 'counts' | 'ended'
    /** Of the passkey that added it; null: it was endorsed. */
    adder: number | null
    /** Milliseconds. */
    added: number
    /** What its person calls it, sealed under that person's key; null: nothing, or erased. */
    name_box: Uint8Array | null
    /** Milliseconds: when a session began by it last; null: none has. */
    signed_in: number | null
  }
  /** Who is invited to register anew, one at most of a person (PPL-11). */
  recoveries: {
    person: string
    /** Index of the `person.recovery_invited` entry. */
    invitation: number
    /** Null: the control plane's own machine (PPL-13). */
    inviter: string | null
    /** Index of the `person.reregistered` entry; null: not yet. */
    registration: number | null
    /** Of the invitation, once it was used: with it whoever endorses themselves says who they are. */
    secret_hash: string | null
  }
}
