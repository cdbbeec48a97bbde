/** Agents: those that are registered, and what was found that acts. Filters live in the address. @module */
import { Group, SegmentedControl, Select, TextInput } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { TextLink } from '../../parts/link.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { Page } from '../../parts/page.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Inventory } from './inventory.tsx'
import { peopleQuery } from '../../parts/names.ts'
import { useNames, type Names } from './names.ts'
import { ProposeAgent } from './propose-agent.tsx'

const t = words.agents

export type AgentView = paths['/v1/agents/{id}']['get']['responses'][200]['content']['application/json']
type Found =
  paths['/v1/agents/search']['get']['responses'][200]['content']['application/json']['agents'][number]
type Level = paths['/v1/isolation']['get']['responses'][200]['content']['application/json']['agents'][number]
/** Whom a search names by what they are called. */
const OWNERS_MAX = 50
export const STATUSES = ['proposed', 'approved', 'active', 'suspended', 'retired'] as const

export function Agents() {
  const session = useSession()
  const { tab } = useSearch({ from: '/inside/agents' })
  const navigate = useNavigate({ from: '/agents' })
  const [proposing, setProposing] = useState(false)
  const refuse = whyNot(session, 'agents.propose')
  return (
    <Page
      title={t.title}
      lead={tab === 'inventory' ? t.inventory.lead : t.lead}
      actions={
        <ActButton whyNot={refuse} onClick={() => setProposing(true)}>
          {t.propose}
        </ActButton>
      }
    >
      <SegmentedControl
        aria-label={t.views}
        value={tab === 'inventory' ? 'inventory' : 'registered'}
        onChange={(value) => void navigate({ search: value === 'inventory' ? { tab: value } : {} })}
        data={Object.entries(t.tabs).map(([value, label]) => ({ value, label }))}
        w="fit-content"
      />
      {tab === 'inventory' ? <Inventory /> : <Registered onPropose={() => setProposing(true)} />}
      {proposing && <ProposeAgent onClose={() => setProposing(false)} />}
    </Page>
  )
}

function Registered({ onPropose }: { onPropose: () => void }) {
  const session = useSession()
  const { status, find = '' } = useSearch({ from: '/inside/agents' })
  const navigate = useNavigate({ from: '/agents' })
  const agents = useFound(status, find)
  const standings = useQuery({ queryKey: ['isolation'], queryFn: () => said(api.GET('/v1/isolation')) })
  const names = useNames()
  const levels = new Map(standings.data?.agents.map((one) => [one.agent, one.level]))
  return (
    <>
      <Group gap="sm" align="flex-end" role="search">
        <TextInput
          label={t.find}
          value={find}
          onChange={(event) =>
            void navigate({ search: (old) => ({ ...old, find: event.currentTarget.value }), replace: true })
          }
        />
        <Select
          label={t.status}
          data={[...STATUSES]}
          value={status ?? null}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, status: value ?? undefined }) })}
          clearable
          placeholder={t.any}
        />
      </Group>
      <Answer
        of={agents}
        empty={({ pages }) => pages[0]?.agents.length === 0}
        nothing={
          status !== undefined || find !== '' ? (
            <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
          ) : (
            <Empty
              title={t.none}
              next={
                <ActButton whyNot={whyNot(session, 'agents.propose')} onClick={onPropose}>
                  {t.propose}
                </ActButton>
              }
            >
              {t.noneText}
            </Empty>
          )
        }
      >
        {({ pages }) => (
          <Rows
            label={t.title}
            rows={pages.flatMap((page) => page.agents)}
            columns={columns(names, levels)}
            keyOf={({ id }) => id}
            more={agents.hasNextPage ? () => void agents.fetchNextPage() : undefined}
            loading={agents.isFetchingNextPage}
            height="calc(100dvh - 19rem)"
          />
        )}
      </Answer>
    </>
  )
}

/** Found by the control plane, page by page; owners by the names that people have here. */
function useFound(status: string | undefined, typed: string) {
  const find = useDeferredValue(typed)
  const people = useQuery(peopleQuery).data?.people ?? []
  const owners = people
    .filter(({ name }) => find !== '' && name?.toLowerCase().includes(find.toLowerCase()) === true)
    .slice(0, OWNERS_MAX)
    .map(({ id }) => id)
    .join(',')
  const wanted = STATUSES.find((one) => one === status)
  return useInfiniteQuery({
    queryKey: ['agents', 'found', wanted, find, owners],
    queryFn: ({ pageParam: after }) =>
      said(
        api.GET('/v1/agents/search', {
          params: {
            query: { after, owners, ...(find !== '' && { find }), ...(wanted && { status: wanted }) },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  })
}

function columns(names: Names, levels: ReadonlyMap<string, Level['level']>): readonly Column<Found>[] {
  return [
    {
      name: t.name,
      width: 'minmax(11rem, 2fr)',
      cell: ({ id, name }) => (
        <TextLink to="/agents/$id" params={{ id }}>
          {name}
        </TextLink>
      ),
    },
    { name: t.status, width: '7rem', cell: ({ status }) => <State of={status} /> },
    {
      name: t.risk,
      width: '8.5rem',
      cell: ({ id }) => {
        const level = levels.get(id) ?? 'none'
        return level === 'none' ? '–' : <State of={level} label={t.levels[level]} />
      },
    },
    { name: t.class, width: 'minmax(7rem, 1fr)', cell: ({ class: kind }) => kind },
    { name: t.owner, width: 'minmax(8rem, 1fr)', cell: ({ owner }) => names.of(owner) },
    {
      name: t.systems,
      width: 'minmax(8rem, 1.4fr)',
      cell: ({ systems }) => systems.map((id) => names.of(id)).join(', ') || '–',
    },
    {
      name: t.seen,
      width: '9rem',
      cell: ({ seen }) => (seen === null ? words.values.never : <Time at={seen} ago />),
    },
  ]
}
