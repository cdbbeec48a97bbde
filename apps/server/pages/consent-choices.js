/**
 * What a person keeps of what a program asks for. spec/oauth.md (OAU-12). Pure: also runs in tests. What comes of it is
 * held against the proposal again where it is taken.
 * @module
 */
import { duration } from './plain.js'

const DAY_LIMIT = { measure: 'calls', unit: '1', per: 'day' }

/** Times to choose from, in seconds. */
const TIMES = [900, 3_600, 8 * 3_600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400]

/** @returns `{seconds, words}` of each, the longest allowed last */
export function timesUpTo(max) {
  const shorter = TIMES.filter((seconds) => seconds < max)
  return [...shorter, max].map((seconds) => ({ seconds, words: duration(seconds) }))
}

/**
 * @param choices one for each grant: `{actions: string[], per_day: number | null, ask: boolean}`
 * @returns the grants of which some action is left, each with what was added to it
 */
export function chosenGrants(grants, choices) {
  return grants.flatMap((grant, i) => {
    const { actions, per_day, ask } = choices[i]
    if (actions.length === 0) return []
    const limits = per_day === null ? grant.limits : withLimit(grant.limits ?? [], per_day)
    return [{ ...grant, actions, ...(limits && { limits }), ...(ask && { ask: true }) }]
  })
}

function withLimit(limits, max) {
  const isSame = (limit) =>
    limit.measure === DAY_LIMIT.measure && limit.unit === DAY_LIMIT.unit && limit.per === DAY_LIMIT.per
  const known = limits.find(isSame)
  const lowest = known === undefined ? max : Math.min(max, known.max)
  return [...limits.filter((limit) => !isSame(limit)), { ...DAY_LIMIT, max: lowest }]
}
