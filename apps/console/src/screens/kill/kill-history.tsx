/** Kills that were, and how fast drills stopped everything: as a chart, and as the same table. @module */
import { Stack, Text, Title } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { TextLink } from '../../parts/link.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty, Loading } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { milliseconds } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { drillsQuery, historyQuery, reportQuery, scopeText, type Drill } from './kill-queries.ts'
import type { paths } from '../../api/schema.d.ts'

const LatencyChart = lazy(() => import('./latency-chart.tsx'))

const t = words.kill
/** Drills of which the report is fetched. */
const CHARTED_MAX = 24

type Past =
  paths['/v1/kills/history']['get']['responses'][200]['content']['application/json']['kills'][number]

export function KillHistory() {
  const names = useNames()
  const history = useQuery(historyQuery)
  return (
    <Stack gap="lg">
      <Latency />
      <Stack gap="sm" component="section">
        <Title order={2}>{t.history}</Title>
        <Answer
          of={history}
          empty={({ kills }) => kills.length === 0}
          nothing={<Empty title={t.historyNone}>{t.historyNoneText}</Empty>}
        >
          {({ kills }) => (
            <Rows
              label={t.history}
              rows={kills}
              columns={columns(names)}
              keyOf={({ statement }) => statement.kill.id}
            />
          )}
        </Answer>
      </Stack>
    </Stack>
  )
}

function columns(names: ReadonlyMap<string, string>): readonly Column<Past>[] {
  return [
    {
      name: t.scope,
      width: 'minmax(12rem, 2fr)',
      cell: ({ statement: { kill } }) => (
        <TextLink to="/kill" search={{ kill: kill.id }}>
          {scopeText(kill.scope, names)}
        </TextLink>
      ),
    },
    { name: t.reason, width: 'minmax(7rem, 1fr)', cell: ({ statement }) => statement.kill.reason },
    { name: t.pulled, width: '12rem', cell: ({ at }) => <Time at={at} /> },
    {
      name: t.over,
      width: '12rem',
      cell: ({ lift }) => (lift === null ? <State of="isolated" label={t.still} /> : <Time at={lift.at} />),
    },
    {
      name: t.pulledBy,
      width: 'minmax(8rem, 1fr)',
      cell: ({ statement, by_person }) =>
        by_person === null
          ? statement.by === 'break_glass'
            ? t.outside
            : '–'
          : (names.get(by_person) ?? t.unknownPerson),
    },
    { name: t.by, width: '11rem', cell: ({ statement }) => t.bys[statement.by] },
  ]
}

function Latency() {
  const drills = useQuery(drillsQuery)
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{t.chart}</Title>
      <Text c="dimmed" size="sm">
        {t.chartText}
      </Text>
      <Answer of={drills}>
        {(data) => {
          const done = data.drills.filter(({ status, kill }) => status === 'closed' && kill !== null)
          return done.length === 0 ? (
            <Text>{t.chartNone}</Text>
          ) : (
            <Charted of={done.slice(0, CHARTED_MAX).toReversed()} />
          )
        }}
      </Answer>
    </Stack>
  )
}

export interface Took {
  readonly drill: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly first_ms: number | null
  readonly last_ms: number | null
}

function Charted({ of }: { of: readonly Drill[] }) {
  const names = useNames()
  const reports = useQueries({ queries: of.map(({ id }) => ({ ...reportQuery(id), staleTime: Infinity })) })
  const took = reports.flatMap(({ data }): Took[] =>
    data?.report.kill
      ? [
          {
            drill: data.drill.id,
            at: Date.parse(data.report.kill.at),
            first_ms: data.report.first_ms,
            last_ms: data.report.last_ms,
          },
        ]
      : [],
  )
  const scopes = new Map(of.map((drill) => [drill.id, scopeText(drill.scope, names)]))
  if (took.length < of.length) return <Loading rows={4} />
  return (
    <>
      <Suspense fallback={<Loading rows={4} />}>
        <LatencyChart took={took} />
      </Suspense>
      <Listing
        label={t.chartTable}
        rows={took.toReversed()}
        columns={columnsOf(scopes)}
        keyOf={({ drill }) => drill}
        none={words.values.none}
        minWidth={420}
      />
    </>
  )
}

function columnsOf(scopes: ReadonlyMap<string, string>): readonly Cell<Took>[] {
  return [
    {
      name: t.drill,
      cell: ({ drill }) => (
        <TextLink to="/kill" search={{ mode: 'drills', drill }}>
          {scopes.get(drill) ?? drill}
        </TextLink>
      ),
    },
    { name: t.pulled, cell: ({ at }) => <Time at={at} /> },
    { name: t.first, cell: ({ first_ms }) => milliseconds(first_ms) },
    { name: t.last, cell: ({ last_ms }) => milliseconds(last_ms) },
  ]
}
