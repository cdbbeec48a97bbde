/** What agents do, as it happens and as it happened, with filters in the address. @module */
import { Badge, Box, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Pause, Play, RotateCw } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Arrivals } from '../../parts/arrivals.ts'
import { TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Empty, Failed, Loading, NotYet, Stale, useFault } from '../../parts/states.tsx'
import { useUntil } from '../../parts/until.tsx'
import { words } from '../../words/words.ts'
import { useNames } from '../agents/names.ts'
import { actionColumns } from './action-columns.tsx'
import { canFollow, useActions, useLiveActions, type Action, type Wanted } from './actions-query.ts'
import { Filters } from './filters.tsx'

const t = words.activity
/** Pages without a row that are asked for one after another, before the reader is asked. */
const EMPTY_PAGES_MAX = 10

export function Activity() {
  const wanted = useSearch({ from: '/inside/activity' })
  const until = useUntil(wanted.until)
  if (until.error !== null) return <Failed error={until.error} again={until.again} />
  if (!until.isKnown) return <Loading rows={8} />
  // Another filter is another list: nothing of the last one stays.
  return <Decisions key={JSON.stringify(wanted)} wanted={wanted} until={until.before} />
}

/** @param until index below which the list begins; null: with the newest, and what comes is shown */
function Decisions({ wanted, until }: { wanted: Wanted; until: number | null }) {
  const navigate = useNavigate({ from: '/activity' })
  const [size, setSize] = useState<number | null>(null)
  const live = useLiveActions(wanted, size)
  const [held, setHeld] = useState<Arrivals<Action> | null>(null)
  const fresh = held ?? live.fresh
  const listed = useActions(wanted, until ?? fresh.from)
  // What comes is heard of since the first reading, also when later ones begin elsewhere.
  const first = listed.data?.pages[0]?.size
  const isFollowed = canFollow(wanted)
  if (isFollowed && size === null && first !== undefined) setSize(first)
  const waiting = live.fresh.n - fresh.n
  const older = listed.data?.pages.flatMap(({ actions }) => actions) ?? []
  const rows = [...fresh.rows, ...older].map((one) =>
    one.outcome === null && live.ends.has(one.action)
      ? { ...one, outcome: live.ends.get(one.action) ?? null }
      : one,
  )
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        isFollowed && first !== undefined ? (
          <>
            <Badge
              variant="light"
              size="lg"
              tt="none"
              color={live.state === 'live' ? 'teal' : live.state === 'lost' ? 'red' : 'gray'}
              role="status"
            >
              {held === null ? words.shell.live[live.state] : t.paused(waiting)}
            </Badge>
            <Button
              variant="default"
              size="xs"
              leftSection={held === null ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
              onClick={() => setHeld(held === null ? live.fresh : null)}
            >
              {held === null ? t.pause : t.resume}
            </Button>
          </>
        ) : (
          until === null &&
          !isFollowed && (
            <Button
              variant="default"
              size="xs"
              leftSection={<RotateCw size={14} aria-hidden />}
              loading={listed.isRefetching}
              onClick={() => void listed.refetch()}
            >
              {t.again}
            </Button>
          )
        )
      }
    >
      <Stack gap="sm">
        <Box className="scrolls">
          <SegmentedControl
            aria-label={t.show}
            value={wanted.show ?? 'all'}
            onChange={(show) =>
              void navigate({ search: (old) => ({ ...old, show: show === 'all' ? undefined : show }) })
            }
            data={Object.entries(t.shows).map(([value, label]) => ({ value, label }))}
          />
        </Box>
        <Group gap="sm" align="flex-end" role="search" aria-label={t.filters}>
          <Filters wanted={wanted} />
        </Group>
        {!isFollowed && until === null && (
          <Text size="sm" c="dimmed">
            {t.notFollowed}
          </Text>
        )}
        {wanted.show === 'tests' && (
          <Text size="sm" c="dimmed">
            {t.showTests}
          </Text>
        )}
      </Stack>
      <List rows={rows} listed={listed} filtered={Object.values(wanted).some((one) => one !== undefined)} />
    </Page>
  )
}

function List({
  rows,
  listed,
  filtered,
}: {
  rows: readonly Action[]
  listed: ReturnType<typeof useActions>
  filtered: boolean
}) {
  const names = useNames()
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = listed
  const pages = listed.data?.pages.length ?? 0
  const asked = useRef(0)
  const goOn = rows.length === 0 && hasNextPage && !isFetchingNextPage && asked.current < EMPTY_PAGES_MAX
  useEffect(() => {
    if (!goOn) return
    asked.current += 1
    void fetchNextPage()
  }, [goOn, pages, fetchNextPage])
  const fault = useFault(listed)
  const again = () => void (listed.isFetchNextPageError ? fetchNextPage() : listed.refetch())
  if (listed.data === undefined) return <NotYet error={fault} again={again} rows={8} />
  const stale = fault !== null && <Stale at={listed.dataUpdatedAt} error={fault} again={again} />
  if (rows.length > 0)
    return (
      <>
        {stale}
        <Rows
          label={t.title}
          rows={rows}
          columns={actionColumns(names)}
          keyOf={({ entry }) => String(entry)}
          more={hasNextPage ? () => void fetchNextPage() : undefined}
          loading={isFetchingNextPage}
          height="calc(100dvh - 20rem)"
        />
      </>
    )
  if (isFetchingNextPage || goOn) return <Loading rows={8} />
  if (stale !== false) return stale
  if (hasNextPage)
    return (
      <Empty
        title={t.noneHere}
        next={
          <Button variant="default" onClick={() => void fetchNextPage()}>
            {t.further}
          </Button>
        }
      >
        {t.noneHereText(listed.data.pages.at(-1)?.next ?? 0)}
      </Empty>
    )
  if (filtered) return <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
  return (
    <Empty title={t.none} next={<TextLink to="/agents">{t.toAgents}</TextLink>}>
      {t.noneText}
    </Empty>
  )
}
