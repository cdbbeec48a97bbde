/**
 * Follows a revocation stream into a {@link RevocationState}: connects, resumes, renews the time, backs off.
 * Losing the connection needs no action here: the state ages past the bound by itself.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import type { RevocationSource, StreamEvent } from '../ports/control-plane.ts'
import type { Applied, RevocationState } from './state.ts'
import type { SignedKill, SignedLift } from './statement.ts'

const BACKOFF_MIN_MS = 50
const BACKOFF_MAX_MS = 1000
const NONCE_BYTES = 24

export interface Follower {
  /** Resolves once the state has been fresh for the first time. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

/** @param vouched whether the frame that it came in was verified and follows */
export type OnStatement = (statement: SignedKill | SignedLift, vouched: boolean) => void

/** @param onEvent is told of each event that was applied */
export function follow(options: {
  crypto: Crypto
  source: RevocationSource
  state: RevocationState
  onEvent?: (event: StreamEvent) => void
  onStatement?: OnStatement
}): Follower {
  const { crypto, source, state } = options
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  first.promise.catch(() => undefined) // a follower that is stopped before it is ready has nobody waiting

  const newNonce = (): string => base64url(crypto.randomBytes(NONCE_BYTES))

  const apply = (event: StreamEvent): Applied => {
    switch (event.type) {
      case 'time':
        return state.applyTime(event.data)
      case 'frame': {
        const applied = state.applyFrame(event.data)
        // In the turn in which it arrived, whatever became of the frame: a statement stands for itself (KIL-10).
        const { statement } = event.data.frame
        if (statement !== undefined) options.onStatement?.(statement, applied === 'applied')
        return applied
      }
      case 'heartbeat':
        return state.applyHeartbeat(event.data)
    }
  }

  let renewing = false
  const renewTime = (): void => {
    if (renewing) return
    renewing = true
    const nonce = newNonce()
    state.expectTime(nonce)
    source
      .time(nonce, stopping.signal)
      .then((signed) => state.applyTime(signed))
      .catch(() => undefined) // the state goes stale by itself
      .finally(() => {
        renewing = false
      })
  }

  const run = async (): Promise<void> => {
    let backoff_ms = BACKOFF_MIN_MS
    while (!stopping.signal.aborted) {
      const connection = new AbortController()
      const signal = AbortSignal.any([stopping.signal, connection.signal])
      const nonce = newNonce()
      state.connecting(nonce)
      try {
        for await (const event of source.stream({ ...state.resume, nonce }, signal)) {
          if (apply(event) === 'rejected') break
          backoff_ms = BACKOFF_MIN_MS
          options.onEvent?.(event)
          if (event.type === 'heartbeat' && state.needsTime()) renewTime()
          if (state.freshness() !== null) first.resolve()
        }
      } catch {
        // not reachable, or cut: the state ages, and we try again
      } finally {
        connection.abort()
      }
      await pause(backoff_ms, stopping.signal)
      backoff_ms = Math.min(backoff_ms * 2, BACKOFF_MAX_MS)
    }
    first.reject(new Error('stopped before the revocation state was fresh'))
  }

  const running = run()
  return {
    ready: first.promise,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
