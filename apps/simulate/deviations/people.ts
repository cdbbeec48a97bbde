/** Deviations of people: what takes two is done by one, and what is to be tested is not. spec/simulation.md (SIM-18). @module */
import { z } from 'zod'
import { approveAgent, approveAt, changeAgent, proposeAgent } from '../../cli/operator.ts'
import { manifestOf, type Agent } from '../agents.ts'
import { DAY_MS } from '../clock.ts'
import { activeAgents, type Story } from '../story.ts'
import { changeTemplate, releaseVersion } from '../themes/changes.ts'
import { openOne } from '../themes/deficiencies.ts'
import type { Deviation } from './deviation.ts'

function oneAgent(story: Story): Agent {
  const [agent] = activeAgents(story)
  if (agent === undefined) throw new TypeError('there is no agent')
  return agent
}

/** An agent that nobody gives anything to do. */
async function idleAgent(
  story: Story,
  more: { readonly systems: readonly string[]; readonly alone: boolean },
): Promise<void> {
  const { staff } = story.company
  const [owner] = staff.owners
  if (owner === undefined) throw new TypeError('nobody owns agents')
  const id = await proposeAgent(owner, {
    name: 'spare',
    class: 'spare',
    purpose: 'Stands by',
    systems: more.systems,
    manifest: manifestOf('clerk', 1),
  })
  await approveAgent(more.alone ? owner : staff.security, id)
  await changeAgent(owner, id, 'activate', 'approved')
}

const actedAlone: Deviation = {
  name: 'acted-alone',
  what: 'The owner of an agent approves it.',
  finds: [{ test: 2, code: 'ACTED_ALONE', n: 1 }],
  play: (story) =>
    idleAgent(story, { systems: [...story.company.systems.values()].slice(0, 1), alone: true }),
}

const systemMissing: Deviation = {
  name: 'system-missing',
  what: 'An agent is approved that belongs to no system.',
  finds: [{ test: 1, code: 'AGENT_SYSTEM_MISSING', n: 1 }],
  play: (story) => idleAgent(story, { systems: [], alone: false }),
}

const untestedChange: Deviation = {
  name: 'untested-change',
  what: 'A version of an agent is approved that names no test.',
  finds: [{ test: 17, code: 'CHANGE_UNTESTED', n: 1 }],
  play: (story) => releaseVersion(story, oneAgent(story), null),
}

const failedTests: Deviation = {
  name: 'failed-tests',
  what: 'A version of an agent is approved although tests of it failed.',
  finds: [{ test: 17, code: 'CHANGE_TESTS_FAILED', n: 1 }],
  play: (story) => releaseVersion(story, oneAgent(story), 3),
}

const vendorUnassessed: Deviation = {
  name: 'vendor-unassessed',
  what: 'A version of an agent runs on a model of a vendor whom nobody assessed.',
  finds: [{ test: 20, code: 'VENDOR_UNASSESSED', n: 1 }],
  play: (story) => releaseVersion(story, oneAgent(story), 0, 'unassessed-model-1'),
}

const deficiencyUnowned: Deviation = {
  name: 'deficiency-unowned',
  what: 'Nobody owns a deficiency for weeks.',
  finds: [{ test: 19, code: 'DEFICIENCY_UNOWNED', n: 1 }],
  left_days: 14,
  play: async (story) => void (await openOne(story, 300)),
}

const aloneUnreviewed: Deviation = {
  name: 'alone-unreviewed',
  what: 'One person changes a template alone, and nobody reviews it afterwards.',
  finds: [{ test: 18, code: 'ALONE_UNREVIEWED', n: 1 }],
  left_days: 12,
  play: async (story) => {
    const { operations } = story.company.staff
    await changeTemplate(story, { author: operations, approver: operations })
  },
}

/** Before anybody is asked about the first agents, and until enough is learned of some. */
const BEGUN_DAYS = 35
const LEARNED_DAYS = 70
const listed = z.object({
  baselines: z.array(z.object({ id: z.string(), status: z.string(), agent: z.string() })),
})

const baselineAlone: Deviation = {
  name: 'baseline-alone',
  what: 'The owner of an agent approves what is held to be normal of it.',
  finds: [{ test: 12, code: 'ACTED_ALONE', n: 1 }],
  after_days: BEGUN_DAYS,
  left_days: LEARNED_DAYS,
  play: async (story) => {
    story.forgotten.set('baselines', Infinity)
    await approveOwn(story)
  },
}

/** As soon as one waits. */
async function approveOwn(story: Story): Promise<void> {
  const { clock, staff } = story.company
  const { baselines } = listed.parse(await staff.security.client.get('/v1/baselines'))
  for (const { id } of baselines.filter(({ status }) => status === 'waiting')) {
    const own = story.agents.find((agent) => baselines.some((one) => one.id === id && one.agent === agent.id))
    if (own === undefined || !staff.owners.includes(own.proposer)) continue
    await approveAt(own.proposer, `/v1/baselines/${id}`, { act: 'baseline.approve', baseline: id })
    story.forgotten.delete('baselines')
    return
  }
  story.agenda.push({ at_ms: clock.now() + DAY_MS, what: 'baseline-alone', play: () => approveOwn(story) })
}

export const OF_PEOPLE: readonly Deviation[] = [
  actedAlone,
  systemMissing,
  untestedChange,
  failedTests,
  aloneUnreviewed,
  baselineAlone,
  vendorUnassessed,
  deficiencyUnowned,
]
