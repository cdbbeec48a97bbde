/** Where data flows, from the counts of calls and the labels of tools; as a chart or as a table. @module */
import { Group, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { api, said } from '../../api/client.ts'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty, Loading } from '../../parts/states.tsx'
import { useSession } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { flowsOf, type Flow } from './flow-counts.ts'
import { labelsQuery } from './queries.ts'
import { Level } from './tools.tsx'

const t = words.data
const Sankey = lazy(() => import('./sankey.tsx'))

const HOUR_MS = 3_600_000
const SINCE = { hour: HOUR_MS, day: 24 * HOUR_MS, month: 30 * 24 * HOUR_MS } as const
type Since = keyof typeof SINCE

export function Flows() {
  const { now } = useSession()
  const search = useSearch({ from: '/inside/data' })
  const navigate = useNavigate({ from: '/data' })
  const since: Since = search.since === 'hour' || search.since === 'day' ? search.since : 'month'
  const isTable = search.as === 'table'
  const labels = useQuery(labelsQuery)
  const counts = useQuery({
    queryKey: ['flows', since, Math.floor(now / HOUR_MS)],
    queryFn: () =>
      said(
        api.GET('/v1/telemetry', {
          params: {
            query: { by: 'server,tool', step: 'all', from: new Date(now - SINCE[since]).toISOString() },
          },
        }),
      ),
  })
  return (
    <Section
      title={t.tabs.flows}
      lead={t.flowsText}
      actions={
        <Group gap="sm">
          <SegmentedControl
            size="xs"
            aria-label={t.from}
            value={since}
            onChange={(value) => void navigate({ search: (old) => ({ ...old, since: value }) })}
            data={(['hour', 'day', 'month'] as const).map((value) => ({ value, label: t[value] }))}
          />
          <SegmentedControl
            size="xs"
            aria-label={t.chart}
            value={isTable ? 'table' : 'chart'}
            onChange={(value) =>
              void navigate({ search: (old) => ({ ...old, as: value === 'table' ? value : undefined }) })
            }
            data={[
              { value: 'chart', label: t.asChart },
              { value: 'table', label: t.asTable },
            ]}
          />
        </Group>
      }
    >
      <Answer of={labels}>
        {(known) => (
          <Answer of={counts}>
            {({ rows }) => {
              const flows = flowsOf(known.labels, rows)
              if (flows.length === 0) return <Empty title={t.noFlows}>{t.noFlowsText}</Empty>
              return isTable ? (
                <FlowTable flows={flows} />
              ) : (
                <Suspense fallback={<Loading />}>
                  <Sankey flows={flows} />
                </Suspense>
              )
            }}
          </Answer>
        )}
      </Answer>
    </Section>
  )
}

function FlowTable({ flows }: { flows: readonly Flow[] }) {
  return (
    <Listing<Flow>
      label={t.chart}
      rows={flows}
      keyOf={({ side, tool }) => `${side} ${tool}`}
      none={t.noFlows}
      columns={[
        { name: t.tool, cell: ({ tool }) => tool },
        { name: t.effect, cell: ({ side }) => (side === 'source' ? t.source : t.sink) },
        { name: t.level, cell: ({ level }) => <Level of={level} /> },
        { name: t.calls, cell: ({ calls }) => count(calls) },
      ]}
    />
  )
}
