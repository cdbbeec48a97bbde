/** Waiting to become the one signer of a log whose lock store has one place. spec/log.md, LOG-20. @module */
import { setTimeout as delay } from 'node:timers/promises'
import { LogError } from '../../src/log/entries.ts'
import type { Publisher } from './publisher-thread.ts'

/** How often a second signer looks whether the place is free, in milliseconds. */
export const TURN_POLL_MS = 500

export interface TurnOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal
  readonly poll_ms?: number
  /** Called once, when there is something to wait for. */
  readonly onWait?: () => void
}

/**
 * Starts a publisher as soon as nobody else has the place; a process that died does not keep it.
 * @returns whether it started, or the wait was ended
 * @throws {LogError} whatever else a start is refused for
 */
export async function waitForTurn(
  publisher: Pick<Publisher, 'start'>,
  { signal, poll_ms = TURN_POLL_MS, onWait }: TurnOptions,
): Promise<boolean> {
  for (let first = true; !signal.aborted; first = false) {
    try {
      await publisher.start()
      return true
    } catch (cause) {
      if (!(cause instanceof LogError) || cause.code !== 'LOG_LOCKED') throw cause
    }
    if (first) onWait?.()
    await delay(poll_ms, undefined, { signal }).catch(() => undefined)
  }
  return false
}
