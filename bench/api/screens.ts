/** What the screens of the console ask for, one request after another in the session of a person. @module */
import { percentiles, type Percentiles } from '../measure.ts'
import type { Company } from './plant.ts'

/** One of each is thrown away. */
const ROUNDS = 100

export interface Asked {
  readonly screen: string
  readonly path: string
  readonly bytes: number
  readonly ms: Percentiles
}

export async function measureScreens({
  stage,
  cookie,
  agents,
  receipts,
}: Company): Promise<readonly Asked[]> {
  const { url } = stage.control
  const asked: Asked[] = []
  for (const [screen, path] of Object.entries(questions(agents, receipts))) {
    const took: number[] = []
    let bytes = 0
    for (let round = 0; round <= ROUNDS; round++) {
      const began = performance.now()
      const answer = await fetch(url + path(round), { headers: { cookie } })
      bytes = (await answer.arrayBuffer()).byteLength
      if (answer.status !== 200) throw new Error(`${path(round)}: ${answer.status}`)
      if (round > 0) took.push(performance.now() - began)
    }
    asked.push({ screen, path: path(0), bytes, ms: percentiles(took) })
  }
  return asked
}

/** Each round asks about something else. */
function questions(agents: number, receipts: number): Readonly<Record<string, (round: number) => string>> {
  const agent = (round: number): string => `agt_${(round * 7919) % agents}`
  return {
    session: () => '/v1/session',
    'overview: fleet': () => '/v1/fleet?agents=200',
    'overview: readiness': () => '/v1/readiness',
    'agents: a page': (round) => `/v1/agents/search?after=${agent(round)}`,
    'agents: found': (round) => `/v1/agents/search?find=${round}`,
    'agents: names': () => '/v1/agent-names',
    'agent: itself': (round) => `/v1/agents/${agent(round)}`,
    'agent: fleet': (round) => `/v1/fleet/agents/${agent(round)}`,
    'agent: timeline': (round) => `/v1/agents/${agent(round)}/timeline`,
    'activity: newest': () => '/v1/actions',
    'activity: older': (round) => `/v1/actions?before=${receipts - round * 500}`,
    'activity: of an agent': (round) => `/v1/actions?agent=${agent(round)}`,
    'activity: denied': () => '/v1/actions?decision=deny',
    delegations: () => '/v1/delegations',
    approvals: () => '/v1/approvals',
    alerts: () => '/v1/alerts',
    incidents: () => '/v1/incidents',
    kills: () => '/v1/kills',
    outputs: () => '/v1/outputs',
    'log: newest': () => '/v1/entries/newest',
    'log: a page': (round) => `/v1/entries?after=${(round * 9_973) % receipts}&limit=100`,
    'log: an entry': (round) => `/v1/log/entries/${(round * 9_973) % receipts}`,
    people: () => '/v1/people',
    tools: () => '/v1/tools',
  }
}
