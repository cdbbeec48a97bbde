/**
 * Calls that are at their tools: stopped when what they stand on is revoked or killed. spec/revocation.md, REV-12.
 * Invariant: who asked hears of the stop at once, and what is recorded is what is known of the tool, not what was asked
 * of it.
 * @module
 */
import type { Reason } from '../decide/reasons.ts'
import type { DecidedChain } from '../token/verify.ts'
import type { CallRequest, ToolResult } from './types.ts'

/** How long a tool that was told to stop may take to say what it did, in milliseconds. After it nobody waits. */
export const STOP_GRACE_MS = 5_000

/** What `act` rejects with when the tool confirmed that it stopped, and did not do what it was asked. */
export class ToolStopped extends Error {
  constructor() {
    super('the tool stopped')
    this.name = 'ToolStopped'
  }
}

export type Outcome = 'finished' | 'failed' | 'stopped' | 'unknown'

/** `reasons`: the call was stopped while it was under way. The outcome comes later then. */
export type Acted<T> =
  { readonly reasons: null; readonly result: T } | { readonly reasons: readonly Reason[] }

export interface CallUnderWay {
  readonly chain: DecidedChain
  readonly request: CallRequest
}

interface UnderWay extends CallUnderWay {
  readonly stop: (reasons: readonly Reason[]) => void
}

export class CallsUnderWay {
  readonly #stopping: (call: CallUnderWay) => readonly Reason[]
  readonly #calls = new Set<UnderWay>()

  /** @param stopping why a call may not go on; empty when it may */
  constructor(stopping: (call: CallUnderWay) => readonly Reason[]) {
    this.#stopping = stopping
  }

  /** Something was revoked or killed: asks anew for every call. */
  recheck(): void {
    for (const call of this.#calls) {
      const reasons = this.#stopping(call)
      if (reasons.length > 0) call.stop(reasons)
    }
  }

  /**
   * Runs `act` in this turn. Resolves with its result, or, once it is stopped, without waiting for it.
   * @param onOutcome called once: when the tool has answered, or after the grace
   * @throws what `act` rejects with, unless the call was stopped before
   */
  run<T>(
    about: CallUnderWay,
    act: (signal: AbortSignal) => Promise<ToolResult<T>>,
    onOutcome: (outcome: Outcome) => void,
  ): Promise<Acted<T>> {
    const controller = new AbortController()
    const stopped = Promise.withResolvers<Acted<T>>()
    const tell = once(onOutcome)
    let grace: NodeJS.Timeout | undefined
    const call: UnderWay = {
      ...about,
      stop: (reasons) => {
        if (controller.signal.aborted) return
        grace = setTimeout(() => tell('unknown'), STOP_GRACE_MS)
        stopped.resolve({ reasons })
        controller.abort()
      },
    }
    this.#calls.add(call)
    const acted = (async () => act(controller.signal))() // in this turn, and a throw is a rejection
      .then(
        ({ result, failed }): Acted<T> => {
          tell(failed ? 'failed' : 'finished')
          return { reasons: null, result }
        },
        (cause: unknown) => {
          tell(cause instanceof ToolStopped ? 'stopped' : 'unknown')
          throw cause
        },
      )
      .finally(() => {
        clearTimeout(grace)
        this.#calls.delete(call)
      })
    acted.catch(() => undefined) // a fault after the stop has nobody waiting
    return Promise.race([acted, stopped.promise])
  }
}

function once(tell: (outcome: Outcome) => void): (outcome: Outcome) => void {
  let told = false
  return (outcome) => {
    if (told) return
    told = true
    tell(outcome)
  }
}

/** Two turns of the event loop: whoever waits for the answer has written it by then. */
export function laterTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
