/** Messages of Standard Webhooks 1.0: what they are signed with, and how. spec/signals.md (SIG-3), spec/alerts.md (ALR-14). @module */
import type { Crypto } from './crypto.ts'
import { base64, utf8 } from './encoding.ts'
import { seconds } from './time.ts'

/** Before the base64 of a webhook's secret. */
export const SECRET_PREFIX = 'whsec_'

export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * @param secret the key itself, without its prefix and base64
 * @param message `id`: the same at each try; `now_ms`: of this try
 */
export function signedWebhook(
  crypto: Crypto,
  secret: Uint8Array,
  { id, body, now_ms }: { readonly id: string; readonly body: string; readonly now_ms: number },
): WebhookMessage {
  const timestamp = String(seconds(now_ms))
  const mac = base64(crypto.hmacSha256(secret, utf8(`${id}.${timestamp}.${body}`)))
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${mac}`,
    },
  }
}
