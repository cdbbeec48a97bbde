/** Reviews of access, each quarter: everything that may act is looked at, and one thing that nobody needs is revoked. spec/simulation.md (SIM-12). @module */
import {
  closeAccessReview,
  decideAccess,
  openAccessReview,
  showAccessReview,
} from '../../cli/access-reviews.ts'
import type { Profile } from '../../cli/profile.ts'
import { MINUTE_MS } from '../clock.ts'
import { isDay, type Story, type Theme } from '../story.ts'
import { dropDelegation } from './trouble.ts'

const REVIEW_DAYS = { first: 20, every: 85 }

export const reviews: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, REVIEW_DAYS)) await reviewAccess(story, day_ms)
  },
}

async function reviewAccess(story: Story, day_ms: number): Promise<void> {
  const { clock, staff, points } = story.company
  const { operations, security, privacy } = staff
  const { review } = await openAccessReview(operations, quarterOf(day_ms))
  const { items } = await showAccessReview(security, review)
  const needless = items.find(({ kind }) => kind === 'delegation')
  for (const item of items) {
    const by: Profile = item.owner === security.person || item.target === security.person ? privacy : security
    await decideAccess(by, review, item.n, item === needless ? 'revoke' : 'keep')
  }
  clock.pass(MINUTE_MS)
  if (needless !== undefined) {
    await security.client.post(`/v1/access-reviews/${review}/act`, { item: needless.n, entries: [] })
    dropDelegation(story, needless.target)
  }
  for (const point of points.values()) await point.hear()
  clock.pass(MINUTE_MS)
  await closeAccessReview(privacy, review)
}

/** As ACR-1 has it: `2026-Q3`. */
function quarterOf(time_ms: number): string {
  const date = new Date(time_ms)
  return `${date.getUTCFullYear()}-Q${Math.floor(date.getUTCMonth() / 3) + 1}`
}
