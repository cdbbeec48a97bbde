/** Who an agent is, its keys, what it touches, and how it stands with oversight and isolation. @module */
import { List, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, Pairs, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import { AddKey } from './add-key.tsx'
import { standingQuery } from './agent.tsx'
import type { AgentView } from './agents.tsx'
import { healthQuery } from './limits.tsx'
import { useNames } from './names.ts'

const t = words.agents

export default function AgentOverview({ agent }: { agent: AgentView }) {
  const names = useNames()
  const health = useQuery(healthQuery(agent.id)).data
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Part title={t.who}>
        <Pairs
          of={[
            [t.class, agent.class],
            [t.purpose, agent.purpose],
            [t.owner, <Id key="owner" of={agent.owner} name={names.all[agent.owner]} />],
            [t.proposer, names.of(agent.proposer)],
            [t.systems, agent.systems.map((id) => names.of(id)).join(', ') || t.noSystems],
            [
              t.seen,
              typeof health?.seen === 'number' ? (
                <Time key="seen" at={health.seen} ago />
              ) : (
                words.values.never
              ),
            ],
            ...(health === undefined
              ? []
              : ([
                  [t.hour, t.hourText(count(health.last_hour.allowed), count(health.last_hour.denied))],
                  [t.waiting, count(health.waiting)],
                ] as const)),
            [
              t.entry,
              <TextLink key="entry" to="/log/$index" params={{ index: String(agent.proposal) }}>
                {agent.proposal}
              </TextLink>,
            ],
          ]}
        />
      </Part>
      <Stack>
        <Keys agent={agent} />
        <Standing agent={agent} />
      </Stack>
    </SimpleGrid>
  )
}

function Keys({ agent }: { agent: AgentView }) {
  const session = useSession()
  const [adding, setAdding] = useState(false)
  const refuse = agent.status === 'retired' ? t.isRetired : whyNot(session, 'agents.propose')
  return (
    <Part title={t.keys}>
      {agent.keys.length === 0 ? (
        <Text c="dimmed">{t.noKeys}</Text>
      ) : (
        <Table>
          <Table.Tbody>
            {agent.keys.map(({ jkt, revoked }) => (
              <Table.Tr key={jkt}>
                <Table.Td>
                  <Id of={jkt} />
                </Table.Td>
                <Table.Td w="7rem">
                  <State of={revoked ? 'revoked' : 'active'} label={revoked ? t.keyRevoked : t.keyLive} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <ActButton variant="default" size="xs" w="fit-content" whyNot={refuse} onClick={() => setAdding(true)}>
        {t.addKey}
      </ActButton>
      {adding && <AddKey agent={agent.id} onClose={() => setAdding(false)} />}
    </Part>
  )
}

function Standing({ agent }: { agent: AgentView }) {
  const standing = useQuery(standingQuery(agent.id))
  return (
    <Part title={t.isolation}>
      <Answer of={standing}>
        {({ level, because, isolated, signs }) => (
          <>
            <Pairs
              of={[
                [
                  t.risk,
                  <State key="level" of={level === 'none' ? 'active' : level} label={t.levels[level]} />,
                ],
                ...(because === null ? [] : [[t.because, because.replaceAll('_', ' ')] as const]),
                ...(isolated === null
                  ? []
                  : [
                      [
                        t.since,
                        <TextLink key="since" to="/log/$index" params={{ index: String(isolated) }}>
                          {isolated}
                        </TextLink>,
                      ] as const,
                    ]),
              ]}
            />
            {signs.length === 0 ? (
              <Text size="sm" c="dimmed">
                {t.noSigns}
              </Text>
            ) : (
              <>
                <Text size="sm" fw={600}>
                  {t.isolationSigns}
                </Text>
                <List size="sm" spacing={4}>
                  {signs.map(({ rule, time, entries }) => (
                    <List.Item key={`${rule} ${time}`}>
                      {rule.toLowerCase().replaceAll('_', ' ')}, <Time at={time} />
                      {entries.slice(0, 3).map((index) => (
                        <span key={index}>
                          {' '}
                          <TextLink to="/log/$index" params={{ index: String(index) }}>
                            {index}
                          </TextLink>
                        </span>
                      ))}
                    </List.Item>
                  ))}
                </List>
              </>
            )}
          </>
        )}
      </Answer>
    </Part>
  )
}
