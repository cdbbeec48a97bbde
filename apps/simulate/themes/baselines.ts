/** What is normal of an agent, once it was learned: approved by somebody who does not own it. spec/simulation.md (SIM-9). @module */
import { z } from 'zod'
import { approveAt } from '../../cli/operator.ts'
import { forgets, isDay, type Theme } from '../story.ts'

const LOOK_DAYS = { first: 0, every: 7 }
const listed = z.object({ baselines: z.array(z.object({ id: z.string(), status: z.string() })) })

export const baselines: Theme = {
  day: async (story, day_ms) => {
    if (!isDay(story, day_ms, LOOK_DAYS) || forgets(story, 'baselines')) return
    const { security } = story.company.staff
    const { baselines: all } = listed.parse(await security.client.get('/v1/baselines'))
    for (const { id } of all.filter(({ status }) => status === 'waiting'))
      await approveAt(security, `/v1/baselines/${id}`, { act: 'baseline.approve', baseline: id })
  },
}
