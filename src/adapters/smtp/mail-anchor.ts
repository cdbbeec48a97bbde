/**
 * Checkpoints by mail (SMTP) to somebody who keeps them. spec/witness.md, ANC-1.
 * @module
 */
import { fromUtf8 } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { AnchorService } from '../../ports/anchor.ts'
import type { Clock } from '../../ports/clock.ts'
import { mailTransport, sendMail, type MailServerSettings } from './transport.ts'

export interface MailAnchorOptions extends MailServerSettings {
  /** Stands in the log: no address. */
  readonly name: string
  readonly from: string
  readonly to: string
  readonly clock: Clock
}

/** What the mail proves, its receiver knows: the token is the checkpoint, the time is when the server took the mail. */
export function mailAnchor(options: MailAnchorOptions): AnchorService {
  const { name, from, to, host, clock } = options
  const transport = mailTransport(options)
  return {
    kind: 'mail',
    by: name,
    anchor: async (note, signal) => {
      const text = fromUtf8(note)
      const [origin = '', size = ''] = text.split('\n')
      try {
        const content = Buffer.from(note)
        const mail = {
          from,
          to,
          subject: `Checkpoint of ${origin}: ${size} entries`,
          text: bodyOf(text),
          attachments: [{ filename: 'checkpoint', content, contentType: 'application/octet-stream' }],
        }
        await sendMail(transport, mail, signal)
      } catch (cause) {
        // What went wrong may quote the address or the greeting of the server: it stays in the cause.
        throw new LogError('ANCHOR_FAILED', `the mail server ${host} did not take the checkpoint`, { cause })
      }
      return { token: note, at_ms: clock.now() }
    },
  }
}

function bodyOf(note: string): string {
  return [
    'This is the signed head of an append-only log. Keep this mail: with it you can prove later what the log held today.',
    'The attachment has the exact bytes.',
    '',
    note,
  ].join('\n')
}
