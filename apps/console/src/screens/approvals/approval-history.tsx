/** What was decided, the latest first. @module */
import { Group, Select, Stack } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { TextLink } from '../../parts/link.tsx'
import { duration } from '../../parts/duration.ts'
import { Paged } from '../../parts/paged.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Seen } from '../../parts/seen.tsx'
import { Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { historyQuery, type Listed } from './approval-queries.ts'

const t = words.approvals
const STATUSES = ['open', 'approved', 'refused', 'timed_out'] as const

export function ApprovalHistory() {
  const { status } = useSearch({ from: '/inside/approvals' })
  const navigate = useNavigate({ from: '/approvals' })
  const wanted = STATUSES.find((one) => one === status)
  const all = useInfiniteQuery(historyQuery(wanted))
  return (
    <Stack gap="sm">
      <Group role="search">
        <Select
          label={t.status}
          data={STATUSES.map((value) => ({ value, label: t.statuses[value] }))}
          value={status ?? null}
          onChange={(to) => void navigate({ search: (old) => ({ ...old, status: to ?? undefined }) })}
          placeholder={t.any}
          clearable
        />
      </Group>
      <Paged
        of={all}
        empty={({ approvals }) => approvals.length === 0}
        nothing={
          <Empty title={wanted === undefined ? t.noneEver : t.noneFound}>
            {wanted === undefined ? t.noneEverText : t.noneFoundText}
          </Empty>
        }
      >
        {(pages, paging) => (
          <Rows
            {...paging}
            label={t.tabs.history}
            rows={pages.flatMap(({ approvals }) => approvals)}
            columns={columns(Object.assign({}, ...pages.map(({ names }) => names)) as Record<string, string>)}
            keyOf={({ id }) => id}
          />
        )}
      </Paged>
    </Stack>
  )
}

function columns(names: Readonly<Record<string, string>>): readonly Column<Listed>[] {
  return [
    {
      name: t.tool,
      width: 'minmax(10rem, 2fr)',
      cell: ({ id, server, tool }) => (
        <TextLink to="/approvals/$id" params={{ id }}>
          <Seen of={`${server}: ${tool}`} />
        </TextLink>
      ),
    },
    { name: t.agent, width: 'minmax(8rem, 1.5fr)', cell: ({ agent }) => names[agent] ?? agent },
    {
      name: t.status,
      width: '7rem',
      cell: ({ status }) => <State of={status} label={t.statuses[status]} />,
    },
    {
      name: t.by,
      width: 'minmax(8rem, 1fr)',
      cell: ({ approver }) => (approver === null ? '–' : (names[approver] ?? approver)),
    },
    {
      name: t.took,
      width: '6rem',
      cell: ({ decided, requested }) => duration(decided === null ? null : decided - requested),
    },
    { name: t.asked, width: '12rem', cell: ({ requested }) => <Time at={requested} /> },
  ]
}
