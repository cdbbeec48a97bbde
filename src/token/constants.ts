/** Constants of the drafts and of our profile, in one place so that a new draft is one change. @module */

/** `typ` of a root: an SD-JWT (RFC 9901) of our profile. */
export const ROOT_TYP = 'delegation+sd-jwt'
/** `typ` of a hop that carries a key: draft-ietf-oauth-delegate-sd-jwt-00. */
export const HOP_TYP = 'kb+sd-jwt+kb'
/** `typ` of a holder proof: RFC 9901 section 4.3. */
export const PROOF_TYP = 'kb+jwt'
/** `typ` of a holder proof over HTTP: RFC 9449. */
export const DPOP_TYP = 'dpop+jwt'
/** `typ` of an issuer's statement about an agent's key (DLG-7). */
export const STATEMENT_TYP = 'agent-statement+jwt'
/** `typ` of an issuer's statement that a version of an agent is approved (VER-4). */
export const VERSION_TYP = 'agent-version+jwt'
/** `typ` of a status list token: draft-ietf-oauth-status-list. */
export const STATUS_LIST_TYP = 'statuslist+jwt'
/** `typ` of an access token: RFC 9068. */
export const ACCESS_TOKEN_TYP = 'at+jwt'
export const SD_ALG = 'sha-256'
/** Between segments, and after a segment. */
export const SEGMENT_SEPARATOR = '~~'

export const ROOT_TAG = 'countersign-root-v1'
export const ACT_TAG = 'countersign-act-v1'
export const APPROVAL_TAG = 'countersign-approval-v1'
export const CALL_TAG = 'countersign-call-v1'
export const SEGMENT_TAG = 'countersign-segment-v1'
export const SESSION_INFO = 'countersign-session-v1'

/** DLG-1. A presentation as it arrives. */
export const PRESENTATION_BYTES_MAX = 64 * 1024
/** DLG-1. One JWT with its disclosures; fits a log entry. */
export const SEGMENT_BYTES_MAX = 40 * 1024
export const HOPS_MAX = 8
export const GRANTS_MAX = 64
/** Limits of a grant: nine delegations' worth of debits fit a receipt, which holds 128. */
export const LIMITS_MAX = 14
export const LIFE_MAX_S = 90 * 24 * 3600
export const STATEMENT_LIFE_MAX_S = 24 * 3600
