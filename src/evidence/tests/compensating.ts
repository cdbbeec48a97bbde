/** What is said beside a deviation of what one person did alone. spec/alone.md (ALO-6). @module */
import type { JsonObject } from '../../core/json.ts'
import { textOf } from './test.ts'

/** @returns the end of its message: nothing where nobody else reviewed it */
export function compensatedBy({ review, reviewed, reviewer, review_outcome }: JsonObject): string {
  if (typeof review !== 'number') return ''
  const who = `${textOf(reviewer)} reviewed it on ${textOf(reviewed)}`
  return review_outcome === 'agreed'
    ? `; the compensating control: ${who}, and agreed`
    : `; ${who}, and objected`
}
