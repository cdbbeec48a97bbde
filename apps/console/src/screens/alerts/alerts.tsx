/** Alerts, the latest first, with filters in the address. @module */
import { Badge, Checkbox, Group, Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Page } from '../../parts/page.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Empty, NotYet, Stale } from '../../parts/states.tsx'
import { Subject } from '../../parts/subject.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { saysOf } from './says.ts'
import { alertsQuery, SEVERITIES, STATUSES, type AlertView } from './alert-queries.ts'

const t = words.alerts

export function Alerts() {
  const { status, severity, rule, canaries } = useSearch({ from: '/inside/alerts' })
  const session = useSession()
  const names = useNames()
  const wanted = STATUSES.find((one) => one === status)
  const alerts = useInfiniteQuery(alertsQuery(wanted, canaries === 'true'))
  const all = alerts.data?.pages.flatMap((page) => page.alerts)
  const rows = all?.filter(
    (one) =>
      (severity === undefined || one.severity === severity) && (rule === undefined || one.rule === rule),
  )
  const isFiltered = [status, severity, rule].some((one) => one !== undefined)
  const more = () => void alerts.fetchNextPage()
  const again = () => void alerts.refetch()
  return (
    <Page title={t.title} lead={t.lead}>
      <Filters />
      {alerts.isError && rows !== undefined && (
        <Stale at={alerts.dataUpdatedAt} error={alerts.error} again={again} />
      )}
      {rows === undefined ? (
        <NotYet error={alerts.error} again={again} rows={8} />
      ) : rows.length === 0 && !alerts.hasNextPage ? (
        <Empty title={isFiltered ? t.noneFound : t.none}>{isFiltered ? t.noneFoundText : t.noneText}</Empty>
      ) : (
        <Rows
          label={t.title}
          rows={rows}
          columns={columns(names, session.now)}
          keyOf={({ id }) => id}
          more={alerts.hasNextPage ? more : undefined}
          loading={alerts.isFetchingNextPage}
          height="calc(100dvh - 260px)"
        />
      )}
    </Page>
  )
}

function Filters() {
  const search = useSearch({ from: '/inside/alerts' })
  const navigate = useNavigate({ from: '/alerts' })
  const set = (name: 'status' | 'severity' | 'rule' | 'canaries') => (to: string | null) =>
    void navigate({ search: (old) => ({ ...old, [name]: to ?? undefined }), replace: true })
  return (
    <Group gap="sm" align="flex-end" role="search">
      <Select
        label={t.status}
        data={STATUSES.map((value) => ({ value, label: t.statuses[value] }))}
        value={search.status ?? null}
        onChange={set('status')}
        placeholder={t.any}
        clearable
        w={150}
      />
      <Select
        label={t.severity}
        data={SEVERITIES.map((value) => ({ value, label: t.severities[value] }))}
        value={search.severity ?? null}
        onChange={set('severity')}
        placeholder={t.any}
        clearable
        w={150}
      />
      <Select
        label={t.rule}
        data={Object.entries(t.rules).map(([value, label]) => ({ value, label }))}
        value={search.rule ?? null}
        onChange={set('rule')}
        placeholder={t.any}
        searchable
        clearable
        w={{ base: '100%', sm: 360 }}
      />
      <Checkbox
        label={t.canaries}
        checked={search.canaries === 'true'}
        onChange={(event) => set('canaries')(event.currentTarget.checked ? 'true' : null)}
        pb={8}
      />
    </Group>
  )
}

function columns(names: ReadonlyMap<string, string>, now: number): readonly Column<AlertView>[] {
  return [
    {
      name: t.severity,
      width: '6rem',
      cell: ({ severity }) => <State of={severity} label={t.severities[severity]} />,
    },
    {
      name: t.says,
      width: 'minmax(16rem, 3fr)',
      cell: (alert) => (
        <TextLink to="/alerts/$id" params={{ id: alert.id }}>
          {saysOf(alert, names)}
        </TextLink>
      ),
    },
    {
      name: t.about,
      width: 'minmax(9rem, 1.5fr)',
      cell: ({ subject }) => (subject === null ? '–' : <Subject of={subject} names={names} />),
    },
    {
      name: t.status,
      width: '10rem',
      cell: (alert) => <Standing of={alert} now={now} />,
    },
    { name: t.count, width: '4rem', cell: ({ count: n }) => count(n) },
    { name: t.last, width: '12rem', cell: ({ last }) => <Time at={last} /> },
  ]
}

export function Standing({ of, now }: { of: AlertView; now: number }) {
  const isOverdue = of.status === 'open' && of.triage_until < now
  return (
    <Group gap={4} wrap="nowrap">
      <State of={of.status} label={t.statuses[of.status]} />
      {isOverdue && (
        <Badge color="red" tt="none">
          {t.overdue}
        </Badge>
      )}
    </Group>
  )
}
