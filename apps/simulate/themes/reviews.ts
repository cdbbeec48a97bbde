/** Reviews of access, each quarter: everything that may act is looked at, and one thing that nobody needs is revoked. spec/simulation.md (SIM-12). @module */
import {
  closeAccessReview,
  decideAccess,
  openAccessReview,
  showAccessReview,
} from '../../cli/access-reviews.ts'
import type { Profile } from '../../cli/profile.ts'
import { quarterOf } from '../../../src/core/quarter.ts'
import { MINUTE_MS } from '../clock.ts'
import { forgets, type Story, type Theme } from '../story.ts'
import { dropDelegation } from './trouble.ts'

/** Of the first month of each quarter of the year. */
export const REVIEW_DAY = 20

export const reviews: Theme = {
  day: async (story, day_ms) => {
    const date = new Date(day_ms)
    const isDue = date.getUTCDate() === REVIEW_DAY && date.getUTCMonth() % 3 === 0
    if (isDue && !forgets(story, 'reviews')) await reviewAccess(story, day_ms)
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
