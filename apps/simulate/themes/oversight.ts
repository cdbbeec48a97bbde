/** Agents that do not behave as they did: overseen, isolated where it is serious, and let go again by people. spec/simulation.md (SIM-10). @module */
import { addAgentKey } from '../../cli/operator.ts'
import {
  endOversight,
  liftIsolation,
  listIncidents,
  listStandings,
  noteIncident,
} from '../../cli/incidents.ts'
import { newHolder } from '../company.ts'
import type { Story, Theme } from '../story.ts'

export const oversight: Theme = {
  day: async (story) => {
    const { staff, points } = story.company
    const seen = (await listStandings(staff.security)).filter(
      ({ level }) => level === 'step_up' || level === 'isolated',
    )
    for (const { agent, level } of seen)
      await (level === 'isolated' ? letGo(story, agent) : endOversight(staff.security, agent))
    if (seen.length > 0) for (const point of points.values()) await point.hear()
  },
}

/** Once it is known why; with a new key, for the old one is dead. */
async function letGo(story: Story, id: string): Promise<void> {
  const { security } = story.company.staff
  const { incidents } = await listIncidents(security, true)
  for (const { id: incident, cause } of incidents.filter(({ agent }) => agent === id))
    if (cause === null) {
      await noteIncident(security, incident, 'cause', 'It was given other work than before.')
      await noteIncident(security, incident, 'lessons', 'Other work gets another agent.')
    }
  await liftIsolation(security, id)
  const agent = story.agents.find((one) => one.id === id)
  if (agent === undefined) return
  agent.holder = newHolder(story.company)
  agent.held.clear()
  await addAgentKey(security, id, agent.holder.publicJwk)
}
