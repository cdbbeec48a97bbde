/** Delegations: those that were issued, by status and agent, and those that wait for signatures of the reader. @module */
import { Group, Select, SegmentedControl, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import { agentNamesQuery } from '../../parts/names.ts'
import { useNames, type Names } from '../agents/names.ts'
import { shortId } from './chain-model.ts'
import { Drafts } from './drafts.tsx'
import { statusOf, STATUSES, useDelegations, type DelegationRow } from './queries.ts'

const t = words.delegations

export function Delegations() {
  const session = useSession()
  const { tab } = useSearch({ from: '/inside/delegations' })
  const navigate = useNavigate({ from: '/delegations' })
  const refuse = whyNot(session, 'delegate')
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <ActButton whyNot={refuse} onClick={() => void navigate({ to: '/delegations/new' })}>
          {t.authorize}
        </ActButton>
      }
    >
      <SegmentedControl
        aria-label={t.views}
        value={tab === 'drafts' ? 'drafts' : 'issued'}
        onChange={(value) => void navigate({ search: value === 'drafts' ? { tab: value } : {} })}
        data={Object.entries(t.tabs).map(([value, label]) => ({ value, label }))}
        w="fit-content"
      />
      {tab === 'drafts' ? <Drafts /> : <Issued />}
    </Page>
  )
}

function Issued() {
  const wanted = useSearch({ from: '/inside/delegations' })
  const navigate = useNavigate({ from: '/delegations' })
  const session = useSession()
  const agents = useQuery(agentNamesQuery).data?.agents ?? []
  const listed = useDelegations(wanted)
  const names = useNames()
  const isFiltered = wanted.status !== undefined || wanted.agent !== undefined
  return (
    <Stack gap="md">
      <Group gap="sm" align="flex-end" role="search">
        <Select
          label={t.status}
          placeholder={t.any}
          data={STATUSES.map((value) => ({ value, label: t.statuses[value] }))}
          value={wanted.status ?? null}
          onChange={(status) => void navigate({ search: (old) => ({ ...old, status: status ?? undefined }) })}
          clearable
        />
        <Select
          label={t.agent}
          placeholder={t.any}
          data={agents.map(({ id, name }) => ({ value: id, label: name }))}
          value={wanted.agent ?? null}
          onChange={(agent) => void navigate({ search: (old) => ({ ...old, agent: agent ?? undefined }) })}
          searchable
          limit={SELECT_MAX}
          clearable
        />
      </Group>
      <Answer
        of={listed}
        empty={({ pages }) => pages.every(({ delegations }) => delegations.length === 0)}
        nothing={
          isFiltered ? (
            <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
          ) : (
            <Empty title={t.none} next={<TextLink to="/delegations/new">{t.authorize}</TextLink>}>
              {t.noneText}
            </Empty>
          )
        }
      >
        {({ pages }) => (
          <Rows
            label={t.title}
            rows={pages.flatMap(({ delegations }) => delegations)}
            columns={delegationColumns(names, session.now)}
            keyOf={({ jti }) => jti}
            more={listed.hasNextPage ? () => void listed.fetchNextPage() : undefined}
            loading={listed.isFetchingNextPage}
            height="calc(100dvh - 19rem)"
          />
        )}
      </Answer>
    </Stack>
  )
}

/** @param withAgent false: all are of one agent */
export function delegationColumns(
  names: Names,
  now_ms: number,
  withAgent = true,
): readonly Column<DelegationRow>[] {
  const agent: Column<DelegationRow> = {
    name: t.agent,
    width: 'minmax(9rem, 1.4fr)',
    cell: ({ agent: id }) => (
      <TextLink to="/agents/$id" params={{ id }}>
        {names.of(id)}
      </TextLink>
    ),
  }
  return [
    {
      name: t.delegation,
      width: '10rem',
      cell: ({ jti }) => (
        <TextLink to="/delegations/$jti" params={{ jti }} className="mono" title={jti}>
          {shortId(jti)}
        </TextLink>
      ),
    },
    {
      name: t.status,
      width: '7rem',
      cell: (row) => {
        const status = statusOf(row, now_ms)
        return <State of={status} label={t.statuses[status]} />
      },
    },
    ...(withAgent ? [agent] : []),
    { name: t.principal, width: 'minmax(9rem, 1.4fr)', cell: ({ principal }) => names.of(principal) },
    { name: t.issued, width: '12rem', cell: ({ issued }) => <Time at={issued} /> },
    { name: t.ends, width: '12rem', cell: ({ exp }) => <Time at={exp * 1000} /> },
  ]
}
