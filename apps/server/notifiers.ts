/**
 * Who tells each kind of channel. spec/alerts.md (ALR-13, ALR-14). Composition: messages are those of src/respond/notify.
 * @module
 */
import { publicAddressOf } from '../../src/adapters/http/public-address.ts'
import { mailTransport, sendMail } from '../../src/adapters/smtp/transport.ts'
import { sendSyslog } from '../../src/adapters/syslog/sender.ts'
import { PAGERDUTY_URL, type Channel } from '../../src/core/channel.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import type { Notifier } from '../../src/ports/notifier.ts'
import type { Delivery, SignalSender } from '../../src/ports/signal.ts'
import { pagerdutyNotice, slackNotice, webhookNotice } from '../../src/respond/notify/http.ts'
import { mailNotice } from '../../src/respond/notify/mail.ts'
import { framed, syslogMessage } from '../../src/respond/notify/syslog.ts'

export interface NotifierParts {
  readonly crypto: Crypto
  readonly sender: SignalSender
  /** Whether channels may be on this machine and in its network (SIG-9). */
  readonly isAnywhere: () => boolean
}

type Of<K extends Channel['kind']> = Extract<Channel, { kind: K }>

const isTaken = (status: number): boolean => status >= 200 && status < 300

/** @param secret of a webhook */
export function notifierOf(parts: NotifierParts, channel: Channel, secret: Uint8Array | null): Notifier {
  const { crypto, sender } = parts
  switch (channel.kind) {
    case 'webhook': {
      const key = secret ?? new Uint8Array(0)
      return {
        notify: (notice, signal) =>
          sender.send(channel.url, webhookNotice(crypto, key, notice), isTaken, signal),
      }
    }
    case 'slack':
      return {
        notify: (notice, signal) => sender.send(channel.url, slackNotice(notice), isTaken, signal),
      }
    case 'pagerduty': {
      const { routing_key, url = PAGERDUTY_URL } = channel
      return {
        notify: (notice, signal) => sender.send(url, pagerdutyNotice(routing_key, notice), isTaken, signal),
      }
    }
    case 'mail':
      return mailNotifier(parts, channel)
    case 'syslog':
      return syslogNotifier(parts, channel)
  }
}

function mailNotifier({ isAnywhere }: NotifierParts, channel: Of<'mail'>): Notifier {
  const { from, to, auth = null, ca = null } = channel
  return {
    notify: async (notice, signal): Promise<Delivery> => {
      try {
        const address = await publicAddressOf(channel.host, isAnywhere())
        const transport = mailTransport({ ...channel, auth, ca }, address)
        await sendMail(transport, { from, to, ...mailNotice(notice) }, signal)
        return { kind: 'taken' }
      } catch {
        // What went wrong may quote the address or the greeting of the server.
        return { kind: 'failed', why: 'the mail server did not take it' }
      }
    },
  }
}

function syslogNotifier({ isAnywhere }: NotifierParts, channel: Of<'syslog'>): Notifier {
  const { transport, format, ca = null } = channel
  return {
    notify: async (notice, signal): Promise<Delivery> => {
      try {
        const address = await publicAddressOf(channel.host, isAnywhere())
        const message = syslogMessage(format, notice)
        const bytes = transport === 'udp' ? message : framed(message)
        return await sendSyslog({ ...channel, address, ca }, bytes, signal)
      } catch {
        return { kind: 'failed', why: 'not a public address, or none' }
      }
    },
  }
}
