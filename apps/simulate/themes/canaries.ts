/** At noon each point tries an agent that nobody registered, and people are told. spec/simulation.md (SIM-21). @module */
import { DAY_MS, HOUR_MS } from '../clock.ts'
import { forgets, type Theme } from '../story.ts'

const NOON_MS = 12 * HOUR_MS

export const canaries: Theme = {
  hour: async (story, hour_ms) => {
    if (hour_ms % DAY_MS !== NOON_MS || forgets(story, 'strangers')) return
    const { plane, points } = story.company
    for (const point of points.values()) {
      await point.tryStranger()
      await point.ship()
    }
    if (!forgets(story, 'observer')) await plane.observe()
  },
}
