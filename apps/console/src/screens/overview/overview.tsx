/** The fleet now: what it does, what waits for people, how well the record is kept. @module */
import { Badge, Group, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLive } from '../../api/live.ts'
import { TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Figure, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count, milliseconds, percent } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { CriteriaGlance } from './criteria.tsx'
import { applyFleet, fleetQuery, type Fleet } from './fleet.ts'
import { Readiness } from './readiness.tsx'
import { RecordHealth } from './record-health.tsx'

const t = words.overview

export function Overview() {
  const queries = useQueryClient()
  const fleet = useQuery(fleetQuery)
  const take = (kind: 'fleet' | 'agent' | 'point') => (data: unknown) =>
    queries.setQueryData<Fleet>(fleetQuery.queryKey, (old) => applyFleet(old, kind, data))
  const live = useLive('/v1/fleet/stream', {
    fleet: take('fleet'),
    agent: take('agent'),
    point: take('point'),
  })
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <Badge
          variant="light"
          tt="none"
          color={live === 'live' ? 'teal' : live === 'lost' ? 'red' : 'gray'}
          role="status"
        >
          {words.shell.live[live]}
        </Badge>
      }
    >
      <Answer of={fleet}>{(data) => <Figures fleet={data} />}</Answer>
      <Stack gap="sm" component="section">
        <Title order={2}>{t.agents}</Title>
        <Answer
          of={fleet}
          empty={({ agents }) => agents.length === 0}
          nothing={
            <Empty title={t.noAgents} next={<TextLink to="/agents">{t.toAgents}</TextLink>}>
              {t.noAgentsText}
            </Empty>
          }
        >
          {({ agents }) => (
            <Rows
              label={t.agents}
              rows={agents.toSorted(byTrouble)}
              columns={COLUMNS}
              keyOf={({ id }) => id}
              height={360}
            />
          )}
        </Answer>
      </Stack>
      <CriteriaGlance />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <RecordHealth fleet={fleet} />
        <Readiness />
      </SimpleGrid>
    </Page>
  )
}

type Row = Fleet['agents'][number]

const COLUMNS: readonly Column<Row>[] = [
  {
    name: t.agent,
    width: 'minmax(10rem, 2fr)',
    cell: ({ id, name }) => (
      <TextLink to="/agents/$id" params={{ id }}>
        {name}
      </TextLink>
    ),
  },
  { name: t.status, width: '7rem', cell: ({ status }) => <State of={status} /> },
  {
    name: t.seen,
    width: '9rem',
    cell: ({ seen }) => (seen === null ? words.values.never : <Time at={seen} ago />),
  },
  { name: t.allowed, width: '6rem', cell: ({ last_hour }) => count(last_hour.allowed) },
  {
    name: t.denied,
    width: '6rem',
    cell: ({ last_hour }) => (
      <Text span inherit fw={last_hour.denied > 0 ? 650 : 400}>
        {count(last_hour.denied)}
      </Text>
    ),
  },
  { name: t.waiting, width: '6rem', cell: ({ waiting }) => count(waiting) },
  {
    name: t.spent,
    width: '9rem',
    cell: ({ spent }) =>
      spent === null ? (
        '–'
      ) : (
        <Group gap={6} wrap="nowrap">
          <Progress value={spent * 100} w={60} color={spent > 0.9 ? 'red' : 'blue'} aria-label={t.spent} />
          <Text size="sm">{percent(spent)}</Text>
        </Group>
      ),
  },
]

function byTrouble(a: Row, b: Row): number {
  return b.last_hour.denied - a.last_hour.denied || b.waiting - a.waiting || (b.seen ?? 0) - (a.seen ?? 0)
}

function Figures({ fleet }: { fleet: Fleet }) {
  const { last_hour, last_minute_n, alerts_n, waiting_n, agents_n, active_n } = fleet
  const session = useSession()
  const mayDecide = whyNot(session, 'calls.decide') === null
  const decisions = last_hour.allowed + last_hour.denied + last_hour.asked
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
      <Figure
        label={t.decisions}
        value={
          <TextLink to="/activity" search={{}} inherit>
            {count(decisions)}
          </TextLink>
        }
        note={t.perSecond((last_minute_n / 60).toFixed(2))}
      />
      <Figure
        label={t.deniedHour}
        value={
          <TextLink to="/activity" search={{ show: 'denied' }} inherit>
            {count(last_hour.denied)}
          </TextLink>
        }
        note={t.ofAll(percent(decisions === 0 ? null : last_hour.denied / decisions))}
      />
      <Figure
        label={t.latency}
        value={milliseconds(last_hour.latency_ms_mean)}
        note={t.within(percent(last_hour.within_1s))}
      />
      <Figure
        label={t.openAlerts}
        value={
          <TextLink to="/alerts" inherit>
            {count(alerts_n)}
          </TextLink>
        }
      />
      <Figure
        label={t.approvals}
        value={
          mayDecide ? (
            <TextLink to="/approvals" inherit>
              {count(waiting_n)}
            </TextLink>
          ) : (
            '–'
          )
        }
        note={mayDecide ? undefined : t.notYours}
      />
      <Figure
        label={t.active}
        value={
          <TextLink to="/agents" search={{ status: 'active' }} inherit>
            {count(active_n)}
          </TextLink>
        }
        note={t.inAll(count(agents_n))}
      />
    </SimpleGrid>
  )
}
