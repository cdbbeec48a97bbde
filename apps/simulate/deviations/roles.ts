/** Deviations about who administers the control plane. spec/simulation.md (SIM-18). @module */
import { quarterBounds, quarterOf } from '../../../src/core/quarter.ts'
import { listRoles, removeRole } from '../../cli/roles.ts'
import { DAY_MS } from '../clock.ts'
import { hire } from '../staff.ts'
import type { Story } from '../story.ts'
import { grant, ROLE_REVIEW_DAY, roleOf } from '../themes/roles.ts'
import type { Deviation } from './deviation.ts'

/** From any day until the end of the next quarter of which the log has the whole. */
export const QUARTER_OVER_DAYS = 163
/** After it is found that a role stayed. */
const NOTICED_DAYS = 7

const rolesUnreviewed: Deviation = {
  name: 'roles-unreviewed',
  what: 'Nobody reviews in a quarter who administers the control plane.',
  finds: [{ test: 31, code: 'ROLE_UNREVIEWED', n: 1 }],
  left_days: QUARTER_OVER_DAYS,
  play: async (story) => void story.forgotten.set('roles', nextReview(story, ROLE_REVIEW_DAY) + DAY_MS),
}

/** Midnight of the day of the next one that is of a quarter after the company was founded. @param day of its first month */
export function nextReview({ company, period }: Story, day: number): number {
  for (let at_ms = company.clock.now(); ; at_ms = quarterBounds(quarterOf(at_ms)).to_ms) {
    const { from_ms } = quarterBounds(quarterOf(at_ms))
    const review_ms = from_ms + (day - 1) * DAY_MS
    if (review_ms >= at_ms && from_ms >= period.from_ms) return review_ms
  }
}

const leaverKeepsRole: Deviation = {
  name: 'leaver-keeps-role',
  what: 'Somebody leaves, and for a week nobody removes the role that they held.',
  finds: [{ test: 31, code: 'ROLE_OF_LEAVER', n: 1 }],
  left_days: NOTICED_DAYS + 3,
  play: async (story) => {
    const { company, agenda } = story
    const { operations, security } = company.staff
    const leaver = await hire(company, security, 'Contractor')
    const role = await grant(story, leaver, roleOf(leaver, 'viewer'))
    await operations.client.post(`/v1/people/${leaver.person}/leave`, { reason: 'left' })
    for (const point of company.points.values()) await point.hear()
    agenda.push({
      at_ms: company.clock.now() + NOTICED_DAYS * DAY_MS,
      what: 'leaver-keeps-role',
      play: async () => {
        const found = (await listRoles(security)).find(({ id }) => id === role)
        if (found?.removed === null) await removeRole(security, role, 'left')
      },
    })
  },
}

export const OF_ADMINISTRATORS: readonly Deviation[] = [rolesUnreviewed, leaverKeepsRole]
