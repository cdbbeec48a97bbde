/** Incidents, the latest first, and what they add up to in a year (INC-7). @module */
import { Group, Select, SimpleGrid, Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { ActButton } from '../../parts/act-button.tsx'
import { duration } from '../../parts/duration.ts'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Page } from '../../parts/page.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Figure, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { incidentsQuery, type Incidents as Answered, type Listed } from './incident-queries.ts'
import { OpenIncident } from './open-incident.tsx'

const t = words.incidents
const STATUSES = ['open', 'contained', 'closed'] as const

export function Incidents() {
  const session = useSession()
  const names = useNames()
  const { status } = useSearch({ from: '/inside/incidents' })
  const navigate = useNavigate({ from: '/incidents' })
  const [opening, setOpening] = useState(false)
  const all = useQuery(incidentsQuery)
  const refuse = whyNot(session, 'alerts.work')
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <ActButton whyNot={refuse} onClick={() => setOpening(true)}>
          {t.open}
        </ActButton>
      }
    >
      <Answer of={all}>{({ year }) => <Year of={year} />}</Answer>
      <Group role="search">
        <Select
          label={t.status}
          data={[...STATUSES]}
          value={status ?? null}
          onChange={(to) => void navigate({ search: { status: to ?? undefined } })}
          placeholder={t.any}
          clearable
        />
      </Group>
      <Answer
        of={all}
        empty={({ incidents }) => incidents.length === 0}
        nothing={
          <Empty
            title={t.none}
            next={
              <ActButton variant="default" whyNot={refuse} onClick={() => setOpening(true)}>
                {t.open}
              </ActButton>
            }
          >
            {t.noneText}
          </Empty>
        }
      >
        {({ incidents }) => {
          const rows = incidents.filter((one) => status === undefined || one.status === status)
          if (rows.length === 0) return <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
          return <Rows label={t.title} rows={rows} columns={columns(names)} keyOf={({ id }) => id} />
        }}
      </Answer>
      {opening && <OpenIncident from={null} onClose={() => setOpening(false)} />}
    </Page>
  )
}

function Year({ of }: { of: Answered['year'] }) {
  const spread = ({ median_s, max_s }: Answered['year']['closed']) => ({
    value: duration(median_s === null ? null : median_s * 1_000),
    ...(max_s === null ? {} : { note: t.longest(duration(max_s * 1_000)) }),
  })
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{t.year}</Title>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }}>
        <Figure label={t.inYear} value={count(of.incidents)} note={t.exercises(count(of.exercises))} />
        <Figure label={t.stillOpen} value={count(of.open)} />
        <Figure label={t.toAcknowledged} {...spread(of.acknowledged)} />
        <Figure label={t.toContained} {...spread(of.contained)} />
        <Figure label={t.toClosed} {...spread(of.closed)} />
      </SimpleGrid>
    </Stack>
  )
}

function columns(names: ReadonlyMap<string, string>): readonly Column<Listed>[] {
  return [
    { name: t.severity, width: '6rem', cell: ({ severity }) => <State of={severity} /> },
    {
      name: t.name,
      width: 'minmax(14rem, 3fr)',
      cell: ({ id, title }) => (
        <TextLink to="/incidents/$id" params={{ id }}>
          {title ?? t.untitled}
        </TextLink>
      ),
    },
    { name: t.status, width: '7rem', cell: ({ status }) => <State of={status} /> },
    { name: t.kind, width: '9rem', cell: ({ kind }) => t.kinds[kind] },
    {
      name: t.agent,
      width: 'minmax(8rem, 1fr)',
      cell: ({ agent }) => (agent === null ? '–' : (names.get(agent) ?? agent)),
    },
    {
      name: t.owner,
      width: 'minmax(8rem, 1fr)',
      cell: ({ owner }) => (owner === null ? t.nobody : (names.get(owner) ?? owner)),
    },
    { name: t.opened, width: '12rem', cell: ({ opened }) => <Time at={opened} /> },
  ]
}
