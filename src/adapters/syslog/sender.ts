/** Sends syslog messages over UDP, TCP and TLS. spec/alerts.md (ALR-14). @module */
import { createSocket } from 'node:dgram'
import { connect as overTcp, isIP, type Socket } from 'node:net'
import { connect as overTls } from 'node:tls'
import type { Delivery } from '../../ports/signal.ts'

const CONNECT_MS_MAX = 10_000

export interface SyslogTarget {
  /** An address: who resolved the name has checked it. */
  readonly address: string
  /** What the certificate of TLS is for. */
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** PEM of certificate authorities, where they are not the usual ones. */
  readonly ca: string | null
}

/**
 * One message over a connection of its own. Syslog has no answer: over TCP and TLS it is taken once the other side has
 * closed after us, so that what it refused to read is tried again; over UDP nobody knows.
 * @param bytes as they go on the wire. Never rejects.
 */
export async function sendSyslog(
  target: SyslogTarget,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Delivery> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS_MAX)])
  try {
    await (target.transport === 'udp' ? overUdp(target, bytes) : overStream(target, bytes, limit))
    return { kind: 'taken' }
  } catch {
    return {
      kind: 'failed',
      why: limit.aborted && !signal.aborted ? 'no answer in time' : 'cannot be reached',
    }
  }
}

function overUdp({ address, port }: SyslogTarget, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    socket.on('error', reject)
    socket.send(bytes, port, address, (error) => {
      socket.close()
      if (error) reject(error)
      else resolve()
    })
  })
}

function overStream(target: SyslogTarget, bytes: Uint8Array, limit: AbortSignal): Promise<void> {
  const { address, host, port, transport, ca } = target
  return new Promise((resolve, reject) => {
    const socket: Socket =
      transport === 'tcp'
        ? overTcp({ host: address, port })
        : overTls({
            host: address,
            port,
            ...(isIP(host) === 0 ? { servername: host } : {}),
            ...(ca === null ? {} : { ca }),
          })
    const stop = (): void => void socket.destroy(new Error('given up'))
    if (limit.aborted) stop()
    limit.addEventListener('abort', stop, { once: true })
    socket.on('error', reject)
    socket.on('close', () => {
      limit.removeEventListener('abort', stop)
      reject(new Error('closed early')) // a no-op once it has ended
    })
    socket.on('end', resolve)
    socket.resume()
    socket.end(bytes)
  })
}
