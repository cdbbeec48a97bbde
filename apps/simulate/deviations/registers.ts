/** Deviations in what people keep by hand: reviews of access, emergency access, requests of data subjects. spec/simulation.md (SIM-18). @module */
import { rfc3339 } from '../../../src/core/time.ts'
import { DAY_MS, HOUR_MS } from '../clock.ts'
import { activeAgents } from '../story.ts'
import { closeRequest, openRequest } from '../themes/consents.ts'
import { REVIEW_DAY } from '../themes/reviews.ts'
import type { Deviation } from './deviation.ts'
import { nextReview, QUARTER_OVER_DAYS } from './roles.ts'

const accessUnreviewed: Deviation = {
  name: 'access-unreviewed',
  what: 'Nobody reviews in a quarter what may act.',
  finds: [{ test: 7, code: 'REVIEW_MISSING', n: 1 }],
  left_days: QUARTER_OVER_DAYS,
  play: async (story) => void story.forgotten.set('reviews', nextReview(story, REVIEW_DAY) + DAY_MS),
}

const emergencyUnreviewed: Deviation = {
  name: 'emergency-unreviewed',
  what: 'Somebody takes emergency access for two hours, and nobody looks at it afterwards.',
  finds: [{ test: 32, code: 'EMERGENCY_UNREVIEWED', n: 1 }],
  left_days: 7,
  play: async (story) => {
    const { clock, staff } = story.company
    const [agent] = activeAgents(story)
    if (agent === undefined) throw new TypeError('there is no agent')
    const asked = {
      agent: agent.id,
      until: rfc3339(clock.now() + 2 * HOUR_MS),
      reason: 'Nobody else is there.',
    }
    await staff.security.client.post('/v1/emergency-access', asked)
  },
}

/** Of a month that the law gives. */
const ANSWERED_DAYS = 40

const requestLate: Deviation = {
  name: 'request-late',
  what: 'A customer who asks what is known of them is answered after forty days.',
  finds: [{ test: 34, code: 'REQUEST_LATE', n: 1 }],
  left_days: ANSWERED_DAYS + 4,
  play: async (story) => {
    const request = await openRequest(story)
    if (request === null) throw new TypeError('there is no customer')
    story.agenda.push({
      at_ms: story.company.clock.now() + ANSWERED_DAYS * DAY_MS,
      what: 'request-late',
      play: () => closeRequest(story, request),
    })
  },
}

export const OF_REGISTERS: readonly Deviation[] = [accessUnreviewed, emergencyUnreviewed, requestLate]
