/**
 * Revocations as other vendors read them: Standard Webhooks messages and Security Event Tokens. spec/signals.md
 * (SIG-3, SIG-4). Pure.
 * @module
 */
import type { Crypto, Signer } from '../core/crypto.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { signJws } from '../core/sign.ts'
import { signedWebhook, type WebhookMessage } from '../core/standard-webhook.ts'
import { rfc3339, seconds } from '../core/time.ts'
import type { RevocationKind, SignedFrame } from './frame.ts'

export const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
export const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

/** SIG-4: what a session can end with. The others are about no session. */
const OF_SESSIONS: ReadonlySet<RevocationKind> = new Set([
  'delegation',
  'agent',
  'key',
  'person',
  'consent',
  'issuer',
])

export function endsSessions({ frame }: SignedFrame): boolean {
  return OF_SESSIONS.has(frame.kind)
}

/**
 * @param secret the key itself, without its prefix and base64
 * @param now_ms of this try
 */
export function webhookMessage(
  crypto: Crypto,
  secret: Uint8Array,
  about: {
    readonly listener: string
    readonly signed: SignedFrame
    readonly now_ms: number
    /** Of a frame about a data subject: its own type, and what it says besides (SIG-10). */
    readonly said?: { readonly type: string; readonly data: JsonObject } | null
  },
): WebhookMessage {
  const { listener, signed, now_ms, said } = about
  const id = `msg_${listener}_${signed.frame.seq}`
  const body = JSON.stringify({
    type: said?.type ?? 'revocation.committed',
    timestamp: rfc3339(signed.frame.t),
    data: { ...signed, ...said?.data },
  })
  return signedWebhook(crypto, secret, { id, body, now_ms })
}

interface Issuing {
  readonly crypto: Crypto
  /** The current issuer key. */
  readonly signer: Signer
  /** The control plane's URL. */
  readonly iss: string
  readonly now_ms: number
}

/** The identifier of a frame's event, the same whenever it is made. */
export function eventId(listener: string, seq: number): string {
  return `set_${listener}_${seq}`
}

/** @param listener whom it is for */
export function sessionRevoked(by: Issuing, listener: string, { frame }: SignedFrame): string {
  return securityEvent(by, listener, {
    jti: eventId(listener, frame.seq),
    txn: `frame-${frame.seq}`,
    sub_id: { format: 'opaque', id: frame.handle },
    events: {
      [SESSION_REVOKED]: {
        event_timestamp: seconds(frame.t),
        initiating_entity: 'admin',
        reason_admin: { en: frame.reason },
      },
    },
  })
}

export function verification(
  by: Issuing,
  listener: string,
  { jti, state }: { readonly jti: string; readonly state?: string },
): string {
  return securityEvent(by, listener, {
    jti,
    sub_id: { format: 'opaque', id: listener },
    events: { [VERIFICATION]: state === undefined ? {} : { state } },
  })
}

function securityEvent({ crypto, signer, iss, now_ms }: Issuing, aud: string, claims: JsonObject): string {
  const header = { typ: 'secevent+jwt', kid: thumbprint(crypto, signer.publicJwk) }
  return signJws(signer, header, { iss, aud, iat: seconds(now_ms), ...claims })
}
