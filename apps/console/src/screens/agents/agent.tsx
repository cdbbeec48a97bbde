/** One agent: who answers for it, what it may do, what it did, and how to stop it. @module */
import { Group, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useState, type ComponentType } from 'react'
import { api, said } from '../../api/client.ts'
import { Page } from '../../parts/page.tsx'
import { Answer, Loading } from '../../parts/states.tsx'
import { Id, State } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { Following, type Followed } from '../delegations/following.tsx'
import { AgentActions } from './agent-actions.tsx'
import type { AgentView } from './agents.tsx'

const t = words.agents

const PARTS: Readonly<Record<keyof typeof t.parts, ComponentType<{ agent: AgentView }>>> = {
  overview: lazy(() => import('./agent-overview.tsx')),
  chain: lazy(() => import('./agent-chain.tsx')),
  timeline: lazy(() => import('./agent-timeline.tsx')),
  spend: lazy(() => import('./agent-spend.tsx')),
  versions: lazy(() => import('./agent-versions.tsx')),
  drift: lazy(() => import('./agent-drift.tsx')),
}

function isPart(text: string | undefined): text is keyof typeof PARTS {
  return text !== undefined && Object.hasOwn(PARTS, text)
}

export function standingQuery(id: string) {
  return {
    queryKey: ['agents', id, 'isolation'],
    queryFn: () => said(api.GET('/v1/agents/{id}/isolation', { params: { path: { id } } })),
  } as const
}

export function Agent() {
  const { id } = useParams({ from: '/inside/agents/$id' })
  const agent = useQuery({
    queryKey: ['agents', id],
    queryFn: () => said(api.GET('/v1/agents/{id}', { params: { path: { id } } })),
  })
  return <Answer of={agent}>{(data) => <AgentPage key={id} agent={data} />}</Answer>
}

function AgentPage({ agent }: { agent: AgentView }) {
  const { part } = useSearch({ from: '/inside/agents/$id' })
  const navigate = useNavigate({ from: '/agents/$id' })
  const [followed, setFollowed] = useState<Followed | null>(null)
  const standing = useQuery(standingQuery(agent.id))
  const level = standing.data?.level ?? 'none'
  const shown = isPart(part) ? part : 'overview'
  const Part = PARTS[shown]
  return (
    <Page
      title={agent.name}
      lead={
        <Group gap="xs">
          <State of={agent.status} />
          {level !== 'none' && <State of={level} label={t.levels[level]} />}
          <Id of={agent.id} />
        </Group>
      }
      actions={<AgentActions agent={agent} level={level} onFrames={setFollowed} />}
    >
      {followed !== null && <Following of={followed} />}
      <Tabs
        value={shown}
        onChange={(value) =>
          void navigate({ search: value === null || value === 'overview' ? {} : { part: value } })
        }
        keepMounted={false}
      >
        <Tabs.List aria-label={t.sections} mb="md" className="tabs">
          {Object.entries(t.parts).map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown}>
          <Suspense fallback={<Loading />}>
            <Part agent={agent} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
