/**
 * Channels: where people hear of alerts. spec/alerts.md (ALR-12). What a channel is told with is secret as a whole: the
 * address of a person, a URL with a token in it.
 * @module
 */
import { z } from 'zod'

const URL_CHARS_MAX = 2048
const SECRET_CHARS_MAX = 1024
/** PEM of a few certificate authorities. */
const CA_CHARS_MAX = 64 * 1024

const host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9.:_-]+$/)
const port = z.int().min(1).max(65_535)
const ca = z.string().max(CA_CHARS_MAX).exactOptional()
const url = z.url({ protocol: /^https?$/ }).max(URL_CHARS_MAX)
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/)

export const SYSLOG_FORMATS = ['text', 'cef', 'ocsf'] as const
export type SyslogFormat = (typeof SYSLOG_FORMATS)[number]

export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

export const channelSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('webhook'), url }),
  z.strictObject({ kind: z.literal('slack'), url }),
  z.strictObject({
    kind: z.literal('pagerduty'),
    routing_key: z
      .string()
      .max(SECRET_CHARS_MAX)
      .regex(/^[A-Za-z0-9]+$/),
    /** Of the region, where it is not {@link PAGERDUTY_URL}. */
    url: url.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('mail'),
    host,
    port,
    /** `starttls` is refused by a server that has none. */
    tls: z.enum(['implicit', 'starttls', 'none']),
    from: address,
    to: address,
    auth: z
      .strictObject({ user: z.string().max(SECRET_CHARS_MAX), pass: z.string().max(SECRET_CHARS_MAX) })
      .exactOptional(),
    ca,
  }),
  z.strictObject({
    kind: z.literal('syslog'),
    host,
    port,
    transport: z.enum(['udp', 'tcp', 'tls']),
    format: z.enum(SYSLOG_FORMATS),
    ca,
  }),
])
export type Channel = z.infer<typeof channelSchema>
export type ChannelKind = Channel['kind']
export const CHANNEL_KINDS = [
  'webhook',
  'slack',
  'pagerduty',
  'mail',
  'syslog',
] as const satisfies readonly ChannelKind[]

/** What may be known of it: no path, which can be a secret. */
export function hostOf(channel: Channel): string {
  if ('host' in channel) return channel.host
  return new URL(channel.url ?? PAGERDUTY_URL).hostname
}
