/**
 * Alerts as web services take them: Standard Webhooks, Slack's incoming webhooks, PagerDuty's Events API v2.
 * spec/alerts.md (ALR-14). Pure.
 * @module
 */
import type { Severity } from '../../core/alert.ts'
import type { Crypto } from '../../core/crypto.ts'
import { signedWebhook, type WebhookMessage } from '../../core/standard-webhook.ts'
import { rfc3339 } from '../../core/time.ts'
import type { Notice } from '../../ports/notifier.ts'
import { linesOf, saysOf, titleOf } from './words.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

export function webhookNotice(crypto: Crypto, secret: Uint8Array, notice: Notice): WebhookMessage {
  const { id, event, time_ms, now_ms, alert, iss, url } = notice
  const says = saysOf(notice)
  const data = { iss, url, alert: { ...alert, says } }
  const body = JSON.stringify({ type: `alert.${event}`, timestamp: rfc3339(time_ms), data })
  return signedWebhook(crypto, secret, { id: `msg_${id}`, body, now_ms })
}

/** Slack's limit of a section is 3,000 characters. */
const SECTION_CHARS_MAX = 2_900

export function slackNotice(notice: Notice): WebhookMessage {
  const title = escaped(titleOf(notice))
  const lines = escaped(linesOf(notice).join('\n')).slice(0, SECTION_CHARS_MAX)
  const blocks = [`*${title}*`, lines].map((text) => ({ type: 'section', text: { type: 'mrkdwn', text } }))
  return { headers: JSON_HEADERS, body: JSON.stringify({ text: title, blocks }) }
}

/** The three characters that Slack gives a meaning to. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const PAGERDUTY_SEVERITY: Readonly<Record<Severity, string>> = {
  info: 'info',
  low: 'info',
  medium: 'warning',
  high: 'error',
  critical: 'critical',
}
const SUMMARY_CHARS_MAX = 1_024
const DEDUP_CHARS_MAX = 255

/** One incident there is one alert here: what is told of it later names the same `dedup_key`. */
export function pagerdutyNotice(routing_key: string, notice: Notice): WebhookMessage {
  const { event, alert, iss, url, time_ms } = notice
  const action = event === 'acknowledged' ? 'acknowledge' : event === 'closed' ? 'resolve' : 'trigger'
  const payload = {
    summary: titleOf(notice).slice(0, SUMMARY_CHARS_MAX),
    source: iss,
    severity: PAGERDUTY_SEVERITY[alert.severity],
    timestamp: rfc3339(time_ms),
    ...(alert.subject === null ? {} : { component: alert.subject }),
    class: alert.rule,
    custom_details: {
      ...alert.detail,
      alert: alert.id,
      raised: alert.count,
      entries: alert.entries.join(' '),
    },
  }
  const body = {
    routing_key,
    event_action: action,
    dedup_key: `${alert.id}@${iss}`.slice(0, DEDUP_CHARS_MAX),
    ...(action === 'trigger' ? { payload, client: 'Countersign', client_url: url } : {}),
  }
  return { headers: JSON_HEADERS, body: JSON.stringify(body) }
}
