/** The tables of those elsewhere who are told of revocations, and how far. spec/signals.md. @module */

export interface ListenerTables {
  /** Software elsewhere that is told of revocations (SIG-1). Times of entries are their indices. */
  listeners: {
    id: string
    kind: 'webhook' | 'ssf_push' | 'ssf_poll'
    url: string | null
    added: number
    /** The last frame that was there before it. */
    after: number
    removed: number | null
    token_hash: string | null
    secret_box: Uint8Array | null
  }
  /** How far each listener was told. Times in milliseconds. */
  deliveries: {
    listener: string
    /** The last frame that was taken, and all before it. */
    sent: number
    status: 'enabled' | 'paused' | 'disabled'
    attempts: number
    next_try: number
    failing_since: number | null
    alerted: number
    /** Until then one node tells it. */
    claimed_until: number
    /** Numbers past `sent` that a poll has acknowledged. */
    acked_json: string
    /** A verification that was asked for: `{jti, state?}`. */
    verify_json: string | null
  }
}
