/**
 * A connection to a mail server. spec/witness.md (ANC-1), spec/alerts.md (ALR-14).
 * Invariant: nothing is sent in the clear to a server that was to use TLS.
 * @module
 */
import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'

const TIMEOUT_MS = 20_000

export interface MailServerSettings {
  readonly host: string
  readonly port: number
  /** `starttls` is refused by a server that has none. */
  readonly tls: 'implicit' | 'none' | 'starttls'
  readonly auth: { readonly user: string; readonly pass: string } | null
  /** PEM of certificate authorities, where they are not the usual ones. */
  readonly ca: string | null
}

/** @param address of the host, where somebody has resolved and checked it */
export function mailTransport(
  { host, port, tls, auth, ca }: MailServerSettings,
  address: string = host,
): ReturnType<typeof createTransport> {
  return createTransport({
    host: address,
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
    tls: { ...(ca === null ? {} : { ca }), ...(isIP(host) === 0 ? { servername: host } : {}) },
  })
}

/** @throws when the server takes it for nobody, or the signal aborts */
export async function sendMail(
  transport: ReturnType<typeof createTransport>,
  mail: Parameters<ReturnType<typeof createTransport>['sendMail']>[0],
  signal: AbortSignal,
): Promise<void> {
  const { rejected } = await orAborted(transport.sendMail(mail), signal)
  if (rejected.length > 0) throw new Error('the server took the mail for nobody')
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('given up'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
