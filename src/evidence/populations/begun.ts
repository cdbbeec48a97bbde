/** From when on what is wanted of every day and hour is wanted. spec/tests.md (TST-51). @module */
import type { History } from '../history.ts'
import { DAY_MS, dayOf } from './acting.ts'

/**
 * The first midnight of UTC after the log was created, in milliseconds: whoever founds it has until then.
 * @returns Infinity: nothing says when it was created
 */
export function begunDay({ created }: History): number {
  return created === null ? Infinity : (dayOf(Date.parse(created.entry.time)) + 1) * DAY_MS
}
