/** What an agent spent of its limits, and which tools it called in the last day. @module */
import { SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { paths } from '../../api/schema.d.ts'
import { Answer } from '../../parts/states.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import type { AgentView } from './agents.tsx'
import { healthQuery, Limits } from './limits.tsx'

const t = words.agents

export default function AgentSpend({ agent }: { agent: AgentView }) {
  const health = useQuery(healthQuery(agent.id))
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Part title={words.delegations.limits}>
        <Limits agent={agent.id} none={t.noLimits} />
      </Part>
      <Part title={t.lastDay}>
        <Answer
          of={health}
          empty={({ last_day }) => last_day.rows.length === 0}
          nothing={<Text c="dimmed">{t.noCalls}</Text>}
        >
          {({ last_day }) => (
            <Listing
              label={t.lastDay}
              rows={last_day.rows}
              columns={columnsOf(agent.id)}
              keyOf={({ server = '', tool = '' }) => `${server} ${tool}`}
              none={t.noCalls}
              minWidth={380}
            />
          )}
        </Answer>
      </Part>
    </SimpleGrid>
  )
}

type Called =
  paths['/v1/fleet/agents/{id}']['get']['responses'][200]['content']['application/json']['last_day']['rows'][number]
type Counted = 'allowed' | 'denied' | 'asked' | 'failed'

const COUNTS: readonly Counted[] = ['allowed', 'denied', 'asked', 'failed']

function columnsOf(agent: string): readonly Cell<Called>[] {
  return [
    {
      name: t.tool,
      cell: ({ server = '', tool = '' }) => (
        <TextLink to="/activity" search={{ agent, server, tool }}>
          {server} / {tool}
        </TextLink>
      ),
    },
    ...COUNTS.map((name) => ({
      name: t[name],
      cell: (row: Called) => count(row[name] ?? 0),
      isNumber: true,
    })),
  ]
}
