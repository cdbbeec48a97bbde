/** Deviations about agents that nobody registered. spec/simulation.md (SIM-18). @module */
import { DAY_MS, startOfDay } from '../clock.ts'
import { agentWith, sessionOf } from '../themes/trouble.ts'
import type { Deviation } from './deviation.ts'
import { allowed, READ } from './points.ts'

const canaryMissed: Deviation = {
  name: 'canary-missed',
  what: 'No point tries for a day whether it denies an agent that nobody registered, and one of them acts.',
  finds: [{ test: 10, code: 'CANARY_MISSED', n: 1 }],
  play: async (story) => {
    const agent = agentWith(story, 'files')
    if (agent === undefined) throw new TypeError('nobody calls files')
    await allowed(story, sessionOf(story, agent, 'files'), READ)
    story.forgotten.set('strangers', startOfDay(story.company.clock.now()) + DAY_MS)
  },
}

export const OF_STRANGERS: readonly Deviation[] = [canaryMissed]
