/** What an agent spent of its limits, and which tools it called in the last day. @module */
import { SimpleGrid, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Answer } from '../../parts/states.tsx'
import { TextLink } from '../../parts/link.tsx'
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
            <Table.ScrollContainer minWidth={380}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.tool}</Table.Th>
                    <Table.Th ta="right">{t.allowed}</Table.Th>
                    <Table.Th ta="right">{t.denied}</Table.Th>
                    <Table.Th ta="right">{t.asked}</Table.Th>
                    <Table.Th ta="right">{t.failed}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {last_day.rows.map(({ server = '', tool = '', allowed, denied, asked, failed }) => (
                    <Table.Tr key={`${server} ${tool}`}>
                      <Table.Td>
                        <TextLink to="/activity" search={{ agent: agent.id, server, tool }}>
                          {server} / {tool}
                        </TextLink>
                      </Table.Td>
                      {[allowed, denied, asked, failed].map((n, i) => (
                        <Table.Td key={i} ta="right">
                          {count(n ?? 0)}
                        </Table.Td>
                      ))}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
        </Answer>
      </Part>
    </SimpleGrid>
  )
}
