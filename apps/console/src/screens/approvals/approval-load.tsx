/** How much people are asked, and how they answer (APR-18). @module */
import { Group, Progress, Select, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { duration } from '../../parts/duration.ts'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Figure } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'

const t = words.approvals
const DAYS = [7, 30, 90, 366]

type Loads = paths['/v1/approvals/load']['get']['responses'][200]['content']['application/json']
type Load = Loads['total']

export function ApprovalLoad() {
  const { days: given } = useSearch({ from: '/inside/approvals' })
  const navigate = useNavigate({ from: '/approvals' })
  const days = DAYS.find((one) => String(one) === given) ?? 30
  const loads = useQuery({
    queryKey: ['approvals', 'load', days],
    queryFn: () => said(api.GET('/v1/approvals/load', { params: { query: { days } } })),
  })
  return (
    <Stack>
      <Group role="search">
        <Select
          label={t.days}
          data={DAYS.map((n) => ({ value: String(n), label: t.lastDays(n) }))}
          value={String(days)}
          onChange={(to) => void navigate({ search: (old) => ({ ...old, days: to ?? undefined }) })}
          allowDeselect={false}
        />
      </Group>
      <Answer
        of={loads}
        empty={({ total }) => total.requested === 0}
        nothing={<Empty title={t.noneEver}>{t.noneEverText}</Empty>}
      >
        {(data) => <Tables of={data} />}
      </Answer>
    </Stack>
  )
}

function Tables({ of: { total, days, agents } }: { of: Loads }) {
  const names = useNames()
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
        <Figure label={t.requested} value={count(total.requested)} />
        <Figure label={t.approved} value={count(total.approved)} />
        <Figure label={t.refused} value={count(total.refused)} />
        <Figure label={t.timedOut} value={count(total.timed_out)} />
        <Figure label={t.median} value={seconds(total.median_s)} />
        <Figure label={t.longest} value={seconds(total.longest_s)} />
      </SimpleGrid>
      <Text c="dimmed">{t.loadText}</Text>
      <Stack gap="xs" component="section">
        <Title order={2}>{t.byAgent}</Title>
        <Rows
          label={t.byAgent}
          rows={agents}
          columns={[
            {
              name: t.agent,
              width: 'minmax(9rem, 2fr)',
              cell: ({ agent }) => <Subject of={agent} names={names} />,
            },
            ...columns<Loads['agents'][number]>(total.requested),
          ]}
          keyOf={({ agent }) => agent}
          height={320}
        />
      </Stack>
      <Stack gap="xs" component="section">
        <Title order={2}>{t.byDay}</Title>
        <Rows
          label={t.byDay}
          rows={days.toReversed()}
          columns={[
            { name: t.day, width: 'minmax(9rem, 2fr)', cell: ({ day }) => day },
            ...columns<Loads['days'][number]>(Math.max(...days.map(({ requested }) => requested))),
          ]}
          keyOf={({ day }) => day}
          height={400}
        />
      </Stack>
    </Stack>
  )
}

function columns<T extends Load>(most: number): readonly Column<T>[] {
  return [
    {
      name: t.requested,
      width: 'minmax(8rem, 1.5fr)',
      cell: ({ requested }) => (
        <Group gap="xs" wrap="nowrap">
          <Progress value={(100 * requested) / Math.max(1, most)} w={80} aria-label={t.requested} />
          <Text size="sm">{count(requested)}</Text>
        </Group>
      ),
    },
    { name: t.approved, width: '6rem', cell: ({ approved }) => count(approved) },
    { name: t.refused, width: '6rem', cell: ({ refused }) => count(refused) },
    { name: t.timedOut, width: '6rem', cell: ({ timed_out }) => count(timed_out) },
    { name: t.median, width: '11rem', cell: ({ median_s }) => seconds(median_s) },
  ]
}

function seconds(s: number | null): string {
  return duration(s === null ? null : s * 1_000)
}
