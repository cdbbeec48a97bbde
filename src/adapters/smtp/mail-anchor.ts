/**
 * Checkpoints by mail (SMTP) to somebody who keeps them. spec/witness.md, ANC-1.
 * Invariant: nothing is sent in the clear to a server that was to use TLS.
 * @module
 */
import { createTransport } from 'nodemailer'
import { fromUtf8 } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { AnchorService } from '../../ports/anchor.ts'
import type { Clock } from '../../ports/clock.ts'

const TIMEOUT_MS = 20_000

export interface MailAnchorOptions {
  /** Stands in the log: no address. */
  readonly name: string
  readonly from: string
  readonly to: string
  readonly host: string
  readonly port: number
  /** `starttls` is refused by a server that has none. */
  readonly tls: 'implicit' | 'none' | 'starttls'
  readonly auth: { readonly user: string; readonly pass: string } | null
  /** PEM of certificate authorities, where they are not the usual ones. */
  readonly ca: string | null
  readonly clock: Clock
}

/** What the mail proves, its receiver knows: the token is the checkpoint, the time is when the server took the mail. */
export function mailAnchor(options: MailAnchorOptions): AnchorService {
  const { name, from, to, host, port, tls, auth, ca, clock } = options
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // What a message names is sent as it is: no file and no URL is read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(auth === null ? {} : { auth }),
    ...(ca === null ? {} : { tls: { ca } }),
  })
  return {
    kind: 'mail',
    by: name,
    anchor: async (note, signal) => {
      const text = fromUtf8(note)
      const [origin = '', size = ''] = text.split('\n')
      try {
        const sent = transport.sendMail({
          from,
          to,
          subject: `Checkpoint of ${origin}: ${size} entries`,
          text: bodyOf(text),
          attachments: [
            { filename: 'checkpoint', content: Buffer.from(note), contentType: 'application/octet-stream' },
          ],
        })
        const { rejected } = await orAborted(sent, signal)
        if (rejected.length > 0) throw new Error('the server took the mail for nobody')
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

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('given up'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
