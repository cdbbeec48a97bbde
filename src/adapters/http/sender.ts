/** {@link SignalSender} over HTTP. spec/signals.md, SIG-2. @module */
import type { Delivery, SignalSender } from '../../ports/signal.ts'
import { readBody } from './body.ts'

const ANSWER_BYTES_MAX = 64 * 1024
const ANSWER_MS_MAX = 10_000
const GONE = 410

export const httpSender: SignalSender = {
  send: async (url, { headers, body }, taken, signal) => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)])
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal: limit })
      await readBody(response, ANSWER_BYTES_MAX) // so that the connection is free again
      return deliveryOf(response.status, taken)
    } catch (cause) {
      const isLate = cause instanceof Error && cause.name === 'TimeoutError'
      return { kind: 'failed', why: isLate ? 'no answer in time' : 'cannot be reached' }
    }
  },
}

function deliveryOf(status: number, taken: (status: number) => boolean): Delivery {
  if (taken(status)) return { kind: 'taken' }
  return status === GONE ? { kind: 'gone' } : { kind: 'failed', why: `answered with status ${status}` }
}
