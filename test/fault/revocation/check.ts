/**
 * What must hold of a run, whatever happened in it: decided from the tools' own record of what they were handed, and
 * from what the harness did. All times are milliseconds of the machine's monotonic clock, which every process shares.
 * @module
 */

/** A tool was handed a call. */
export interface Act {
  readonly point: string
  readonly jti: string
  readonly t: number
}

/** Somebody was told that it is stopped: a revocation or a kill. `until` when it was lifted again. */
export interface Stopped {
  readonly jti: string
  readonly t: number
  readonly until?: number
  /** Only this point was told. */
  readonly point?: string
}

/** From `t` to `until` nothing stood in the way of a call of this chain at this point. */
export interface Expected {
  readonly point: string
  readonly jti: string
  readonly t: number
  readonly until: number
}

export interface Run {
  readonly acts: readonly Act[]
  readonly stopped: readonly Stopped[]
  /** Calls that a delegation allows in all. */
  readonly caps: ReadonlyMap<string, number>
  readonly expected: readonly Expected[]
  readonly bound_ms: number
}

export interface Checked {
  readonly faults: readonly string[]
  /** How long after the acknowledgement the last call of a stopped chain was handed over; -Infinity when none was. */
  readonly worst_allow_after_ms: number
}

export function check({ acts, stopped, caps, expected, bound_ms }: Run): Checked {
  const faults: string[] = []
  const of = Map.groupBy(acts, ({ jti }) => jti)
  let worst = -Infinity
  for (const { jti, t, until = Infinity, point } of stopped) {
    const told = (of.get(jti) ?? []).filter((act) => point === undefined || act.point === point)
    const after = told.filter((act) => act.t > t && act.t < until)
    for (const act of after) {
      worst = Math.max(worst, act.t - t)
      if (act.t - t > bound_ms) {
        faults.push(`${act.point} let ${jti} through ${Math.round(act.t - t)} ms after it was stopped`)
      }
    }
  }
  for (const [jti, max] of caps) {
    const n = of.get(jti)?.length ?? 0
    if (n > max) faults.push(`${jti} was let through ${n} times of ${max}`)
  }
  for (const { point, jti, t, until } of expected) {
    const isServed = (of.get(jti) ?? []).some((act) => act.point === point && act.t >= t && act.t <= until)
    if (!isServed)
      faults.push(`${point} let nothing of ${jti} through in ${Math.round(until - t)} ms of peace`)
  }
  return { faults, worst_allow_after_ms: worst }
}
