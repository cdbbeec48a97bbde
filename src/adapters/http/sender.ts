/** {@link SignalSender} over HTTP. spec/signals.md, SIG-2 and SIG-9. @module */
import { request as overHttp } from 'node:http'
import { request as overTls } from 'node:https'
import type { Delivery, SignalSender } from '../../ports/signal.ts'
import { mayBePublic, publicLookup } from './public-address.ts'

const ANSWER_MS_MAX = 10_000
const GONE = 410

/** @param options `isAnywhere`: also to addresses of this machine and of its network */
export function httpSender(options: { readonly isAnywhere: boolean }): SignalSender {
  const { isAnywhere } = options
  return {
    send: async (url, message, taken, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)])
      try {
        return deliveryOf(await statusOf(new URL(url), message, limit, isAnywhere), taken)
      } catch {
        const isLate = limit.aborted && !signal.aborted
        return { kind: 'failed', why: isLate ? 'no answer in time' : 'cannot be reached' }
      }
    },
  }
}

/** The status is the answer: what else it says is nobody's business, however long or broken. Follows no redirect. */
function statusOf(
  url: URL,
  { headers, body }: Parameters<SignalSender['send']>[1],
  signal: AbortSignal,
  isAnywhere: boolean,
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!isAnywhere && !mayBePublic(url.hostname)) throw new Error('not a public address')
    const request = (url.protocol === 'https:' ? overTls : overHttp)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      signal,
      ...(isAnywhere ? {} : { lookup: publicLookup }),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      response.on('error', () => undefined) // the rest of it
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    request.end(body)
  })
}

function deliveryOf(status: number, taken: (status: number) => boolean): Delivery {
  if (taken(status)) return { kind: 'taken' }
  return status === GONE ? { kind: 'gone' } : { kind: 'failed', why: `answered with status ${status}` }
}
