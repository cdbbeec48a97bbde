/**
 * Sessions: the decisions of one agent under one root delegation, until it is idle, has enough of them, or the delegation
 * is over. spec/drift.md (DRF-1 to DRF-5).
 * Invariant: which receipts are of one session follows from the entries and their times alone, and sessions close in the
 * order in which they would have been idle, whoever looks when.
 * @module
 */
import type { DriftPolicy } from '../../core/drift-policy.ts'
import type { Action } from './action.ts'
import type { RootFacts } from './roots.ts'

export interface OpenSession {
  readonly key: string
  readonly agent: string
  readonly root: RootFacts
  /** The epoch that it began in, by digest: a tool that changes meanwhile is of the next session. */
  readonly epoch: string
  /** Index of its first receipt. */
  readonly first: number
  readonly actions: Action[]
  /** Of its last entry, milliseconds since 1970. */
  last_ms: number
}

type Close = (session: OpenSession) => void

/** Those that are open, the longest idle first: a Map keeps the order in which it was filled. */
export class Sessions {
  readonly #open = new Map<string, OpenSession>()
  /** Keys whose session was begun, went on or closed since they were saved. */
  readonly changed = new Set<string>()

  get(key: string): OpenSession | undefined {
    return this.#open.get(key)
  }

  /** @param next what it is part of, with its first action if there is no session yet */
  add(next: Omit<OpenSession, 'actions' | 'last_ms'>, action: Action, time_ms: number): OpenSession {
    const known = this.#open.get(next.key)
    const session = known ?? { ...next, actions: [], last_ms: time_ms }
    session.actions.push(action)
    session.last_ms = time_ms
    if (known !== undefined) this.#open.delete(next.key)
    this.#open.set(next.key, session)
    this.changed.add(next.key)
    return session
  }

  close(session: OpenSession, close: Close): void {
    this.#open.delete(session.key)
    this.changed.add(session.key)
    close(session)
  }

  /** Closes those that have been idle for so long at `now_ms`. */
  closeIdle(now_ms: number, { idle_s }: DriftPolicy, close: Close): void {
    for (const session of this.#open.values()) {
      if (session.last_ms + idle_s * 1000 > now_ms) return
      this.close(session, close)
    }
  }

  /** Closes those of a delegation, or of an agent, that was revoked. */
  closeOf(target: string, close: Close): void {
    for (const session of this.#open.values())
      if (session.agent === target || session.root.jti === target) this.close(session, close)
  }

  /** Takes up sessions that were saved. */
  restore(sessions: readonly OpenSession[]): void {
    for (const session of sessions.toSorted((a, b) => a.last_ms - b.last_ms || a.first - b.first))
      this.#open.set(session.key, session)
  }
}
