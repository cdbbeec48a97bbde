/** Who leaves, and what is left of them: delegations die at once, agents get another owner, and their name is erased. Agents leave, too. spec/simulation.md (SIM-14). @module */
import { gestureOver } from '../../cli/operator.ts'
import { retire } from '../agents.ts'
import { activeAgents, isDay, type Story, type Theme } from '../story.ts'
import { hire } from '../staff.ts'
import { handOver } from './roles.ts'

const LEAVING_DAYS = { first: 50, every: 80 }
const ERASING_DAYS = { first: 64, every: 80 }
const RETIRING_DAYS = { first: 70, every: 60 }
/** Note: who left, until their name is erased. */
const LEFT = 'people.left'

export const people: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, LEAVING_DAYS)) await leave(story)
    if (isDay(story, day_ms, ERASING_DAYS)) await eraseLeft(story)
    if (isDay(story, day_ms, RETIRING_DAYS)) await retireOne(story)
  },
}

async function leave(story: Story): Promise<void> {
  const { staff, points } = story.company
  const [leaver, ...others] = staff.owners
  if (leaver === undefined) return
  const successor = await hire(story.company, staff.security, 'Agent owner')
  staff.owners = [...others, successor]
  await staff.operations.client.post(`/v1/people/${leaver.person}/leave`, { reason: 'left' })
  await handOver(story, leaver, successor)
  for (const agent of story.agents)
    if (agent.owner === leaver) {
      agent.owner = successor
      agent.held.clear()
    }
  for (const point of points.values()) await point.hear()
  story.notes.set(LEFT, leaver.person)
}

async function eraseLeft(story: Story): Promise<void> {
  const subject = story.notes.get(LEFT)
  if (typeof subject !== 'string') return
  const { privacy } = story.company.staff
  const asked = { act: 'subject.erase', subject, basis: 'request', approver: privacy.person }
  const path = `/v1/subjects/${subject}`
  const also = { basis: 'request' }
  await gestureOver(privacy, asked, `${path}/erasure?basis=request`, `${path}/erase`, also)
  story.notes.delete(LEFT)
}

async function retireOne(story: Story): Promise<void> {
  const agents = activeAgents(story)
  const last = agents.at(-1)
  if (agents.length < 4 || last === undefined) return
  await retire(last, story.company.staff.operations, 'retired')
  for (const point of story.company.points.values()) await point.hear()
}
