/** Whether an agent behaves as it did: its level, what it is held against, baselines. spec/drift.md. @module */
import { Group, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, Pairs, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import type { AgentView } from './agents.tsx'
import { useNames } from './names.ts'

const t = words.agents
const COLOURS = { none: 'active', watch: 'waiting', step_up: 'open', isolate: 'isolated' } as const

type Epoch =
  paths['/v1/agents/{id}/drift']['get']['responses'][200]['content']['application/json']['epochs'][number]

const EPOCHS: readonly Cell<Epoch>[] = [
  { name: t.taskClass, cell: ({ task_class }) => task_class },
  { name: t.risk, cell: ({ level }) => <State of={COLOURS[level]} label={t.driftLevels[level]} /> },
  { name: t.warm, cell: ({ warm }) => t.sessions(warm), isNumber: true },
  { name: t.scored, cell: ({ scored }) => count(scored), isNumber: true },
  { name: t.manifest, cell: ({ manifest }) => <span className="mono">{manifest.slice(0, 12)}…</span> },
]

export default function AgentDrift({ agent }: { agent: AgentView }) {
  const drift = useQuery({
    queryKey: ['agents', agent.id, 'drift'],
    queryFn: () => said(api.GET('/v1/agents/{id}/drift', { params: { path: { id: agent.id } } })),
  })
  return (
    <Stack>
      <Text c="dimmed">{t.driftLead}</Text>
      <Answer of={drift}>
        {({ level, alarm, epochs }) => (
          <Part title={t.epochs}>
            <Pairs
              of={[
                [t.risk, <State key="level" of={COLOURS[level]} label={t.driftLevels[level]} />],
                [
                  t.alarm,
                  alarm === null ? (
                    t.noAlarm
                  ) : (
                    <Group key="alarm" gap="xs">
                      <Time at={alarm.time_ms} />
                      <TextLink to="/log/$index" params={{ index: String(alarm.entry) }}>
                        {alarm.entry}
                      </TextLink>
                    </Group>
                  ),
                ],
              ]}
            />
            <Listing
              label={t.epochs}
              rows={epochs}
              columns={EPOCHS}
              keyOf={({ epoch }) => epoch}
              none={t.noEpochs}
              minWidth={480}
            />
          </Part>
        )}
      </Answer>
      <Baselines agent={agent} />
    </Stack>
  )
}

function Baselines({ agent }: { agent: AgentView }) {
  const session = useSession()
  const queries = useQueryClient()
  const names = useNames()
  const [approving, setApproving] = useState<string | null>(null)
  const baselines = useQuery({ queryKey: ['baselines'], queryFn: () => said(api.GET('/v1/baselines')) })
  return (
    <Part title={t.baselines}>
      <Answer
        of={baselines}
        empty={(data) => data.baselines.every((one) => one.agent !== agent.id)}
        nothing={<Text c="dimmed">{t.noBaselines}</Text>}
      >
        {(data) =>
          data.baselines
            .filter((one) => one.agent === agent.id)
            .map(({ id, status, sessions, digest }) => (
              <Group key={id} justify="space-between">
                <Group gap="sm">
                  <State of={status} label={t.baselineStates[status]} />
                  <Text size="sm">{t.sessions(sessions)}</Text>
                  <Id of={digest} />
                </Group>
                {status === 'waiting' && (
                  <ActButton
                    size="xs"
                    whyNot={whyNot(session, 'agents.approve')}
                    onClick={() => setApproving(id)}
                  >
                    {t.approveBaseline}
                  </ActButton>
                )}
              </Group>
            ))
        }
      </Answer>
      {approving !== null && (
        <GestureDialog
          title={t.approveBaseline}
          consequences={t.approveBaselineText}
          ask={() => said(api.GET('/v1/baselines/{id}/approval', { params: { path: { id: approving } } }))}
          askKey={['baseline', approving]}
          take={(body) =>
            said(api.POST('/v1/baselines/{id}/approve', { params: { path: { id: approving } }, body }))
          }
          names={{ ...names.all, [agent.id]: agent.name }}
          onDone={() => void queries.invalidateQueries({ queryKey: ['baselines'] })}
          onClose={() => setApproving(null)}
        />
      )}
    </Part>
  )
}
