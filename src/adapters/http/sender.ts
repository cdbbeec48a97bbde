/** {@link SignalSender} over HTTP. spec/signals.md, SIG-2. @module */
import type { Delivery, SignalSender } from '../../ports/signal.ts'

const ANSWER_MS_MAX = 10_000
const GONE = 410

export const httpSender: SignalSender = {
  send: async (url, { headers, body }, taken, signal) => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)])
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal: limit })
      // What it says is nobody's business: the status is the answer, however long or broken the rest.
      await response.body?.cancel().catch(() => undefined)
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
