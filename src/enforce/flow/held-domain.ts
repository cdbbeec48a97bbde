/** One memory domain that this point holds, and for how long. spec/flow.md (FLW-13). @module */
import { DOMAIN_LEASE_MS } from '../../core/domain.ts'
import { covers, join, type DataLabel } from '../../core/label.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DomainLease } from '../../ports/domains.ts'
import type { KeptTaint } from './kept-taints.ts'

/** How much slower than ours any other clock may run (LIM-6). */
const DRIFT = 200e-6
const RENEW_MS = DOMAIN_LEASE_MS / 3

/** By the monotonic clock, and by the wall clock, which goes on while a machine sleeps. */
interface Ends {
  ends_ms: number
  ends_wall_ms: number
  renew_ms: number
}

export interface Held extends KeptTaint, Ends {
  taint: DataLabel
  readonly forgot: boolean
  /** The first of its turns that followed each other in this process, with nobody else between: its texts are here. */
  readonly since: number
  used_ms: number
  /** Calls that are in it. */
  stays: number
  /** Nobody enters any more: another point asks for it, or this one closes. */
  leaving: boolean
}

/** When a question went out, and in which epoch. */
export interface Sending {
  readonly at_ms: number
  readonly wall_ms: number
  readonly epoch: number
}

/** It lasts from when it was asked for, by the slower of the clocks. */
export function endsOf({ ttl_ms }: DomainLease, { at_ms, wall_ms }: Sending): Ends {
  return {
    ends_ms: at_ms + ttl_ms * (1 - DRIFT),
    ends_wall_ms: wall_ms + ttl_ms,
    renew_ms: at_ms + RENEW_MS,
  }
}

export function isOver({ ends_ms, ends_wall_ms }: Held, clock: Clock): boolean {
  return clock.monotonic() >= ends_ms || clock.now() >= ends_wall_ms
}

/** @returns whether that is more than was read in it */
export function raiseTo(held: Held, label: DataLabel): boolean {
  if (covers(held.taint, label)) return false
  held.taint = join(held.taint, label)
  return true
}

export function knowTheSame([first, ...others]: readonly Held[]): boolean {
  return others.every(
    ({ taint }) => first !== undefined && covers(taint, first.taint) && covers(first.taint, taint),
  )
}

export function taintOf(held: readonly Held[]): DataLabel {
  return held.map(({ taint }) => taint).reduce(join)
}
