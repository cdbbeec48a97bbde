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

/** A session between those that were idle for longer and for less long. */
interface Held {
  readonly session: OpenSession
  before: Held | null
  after: Held | null
  /** Whether its key is among {@link Sessions.changed}. */
  isChanged: boolean
}

/** Those that are open, in the order in which they will have been idle. A receipt moves one to the end. */
export class Sessions {
  readonly #open = new Map<string, Held>()
  #first: Held | null = null
  #last: Held | null = null
  /** Keys whose session was begun, went on or closed since they were saved. */
  readonly #changed = new Set<string>()

  get(key: string): OpenSession | undefined {
    return this.#open.get(key)?.session
  }

  /** @param next what it is part of, with its first action if there is no session yet */
  add(next: Omit<OpenSession, 'actions' | 'last_ms'>, action: Action, time_ms: number): OpenSession {
    const known = this.#open.get(next.key)
    const held = known ?? this.#hold({ ...next, actions: [], last_ms: time_ms })
    const { session } = held
    session.actions.push(action)
    session.last_ms = time_ms
    if (held !== this.#last) {
      this.#unlink(held)
      this.#link(held)
    }
    if (!held.isChanged) this.#changed.add(next.key)
    held.isChanged = true
    return session
  }

  close(session: OpenSession, close: Close): void {
    const held = this.#open.get(session.key)
    if (held !== undefined) this.#unlink(held)
    this.#open.delete(session.key)
    this.#changed.add(session.key)
    close(session)
  }

  /** Closes those that have been idle for so long at `now_ms`. */
  closeIdle(now_ms: number, { idle_s }: DriftPolicy, close: Close): void {
    for (let held = this.#first; held !== null; held = this.#first) {
      if (held.session.last_ms + idle_s * 1000 > now_ms) return
      this.close(held.session, close)
    }
  }

  /** Closes those of a delegation, or of an agent, that was revoked. */
  closeOf(target: string, close: Close): void {
    for (let held = this.#first; held !== null;) {
      const { session, after } = held
      if (session.agent === target || session.root.jti === target) this.close(session, close)
      held = after
    }
  }

  /** Keys whose session is not as it was when this was asked last. */
  takeChanged(): readonly string[] {
    const keys = [...this.#changed]
    this.#changed.clear()
    for (const key of keys) {
      const held = this.#open.get(key)
      if (held !== undefined) held.isChanged = false
    }
    return keys
  }

  /** Takes up sessions that were saved. */
  restore(sessions: readonly OpenSession[]): void {
    for (const session of sessions.toSorted((a, b) => a.last_ms - b.last_ms || a.first - b.first))
      this.#hold(session)
  }

  #hold(session: OpenSession): Held {
    const held = { session, before: null, after: null, isChanged: false }
    this.#open.set(session.key, held)
    this.#link(held)
    return held
  }

  #link(held: Held): void {
    held.before = this.#last
    held.after = null
    if (this.#last === null) this.#first = held
    else this.#last.after = held
    this.#last = held
  }

  #unlink(held: Held): void {
    const { before, after } = held
    if (before === null) this.#first = after
    else before.after = after
    if (after === null) this.#last = before
    else after.before = before
  }
}
