/** The entries of the log, newest first. What is recorded meanwhile comes in while the reader is at the top. @module */
import { Autocomplete, Badge, Button, Group, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { MEANINGS } from '../../../../../docs/entry-meanings.ts'
import { api, said } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'
import { NONE_CAME, withArrived, type Arrivals } from '../../parts/arrivals.ts'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Empty, Failed, Loading, NotYet, Stale, useFault } from '../../parts/states.tsx'
import { useTogether } from '../../parts/together.ts'
import { Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { UntilField, useUntil } from '../../parts/until.tsx'
import { words } from '../../words/words.ts'
import { useNames, type Names } from '../../parts/names.ts'
import { asEntry, saysOf, typeLabel, type Listed } from './says.ts'

const t = words.log

const TYPES = Object.keys(MEANINGS)
const FAMILIES = [
  ...new Set(TYPES.filter((type) => type.includes('.')).map((type) => `${type.split('.')[0]}.`)),
]
const TYPE = /^[a-z_]+(\.[a-z_]*)?$/

export function Entries() {
  const { type, until: at } = useSearch({ from: '/inside/log' })
  const navigate = useNavigate({ from: '/log' })
  const until = useUntil(at)
  const [typed, setTyped] = useState(type ?? '')
  const show = (value: string) => {
    setTyped(value)
    const isType = value === '' || TYPES.includes(value) || FAMILIES.includes(value)
    if (isType)
      void navigate({ search: (old) => ({ ...old, type: value === '' ? undefined : value }), replace: true })
  }
  return (
    <>
      <Group role="search">
        <Autocomplete
          label={t.type}
          placeholder={t.typeHint}
          data={[...FAMILIES, ...TYPES].toSorted()}
          limit={60}
          value={typed}
          onChange={show}
          clearable
          w={320}
          maw="100%"
        />
        <UntilField
          at={at}
          onChange={(until) => void navigate({ search: (old) => ({ ...old, until }), replace: true })}
        />
      </Group>
      {until.error !== null ? (
        <Failed error={until.error} again={until.again} />
      ) : until.isKnown ? (
        <List
          key={`${type ?? ''} ${at ?? ''}`}
          type={type !== undefined && TYPE.test(type) ? type : undefined}
          until={until.before}
        />
      ) : (
        <Loading rows={10} />
      )}
    </>
  )
}

/** @param until index below which the list begins; null: with the newest, and what comes is shown */
function List({ type, until }: { type: string | undefined; until: number | null }) {
  const names = useNames()
  const [size, setSize] = useState<number | null>(null)
  const fresh = useFresh(size, type)
  const from = until ?? fresh.shown.from
  const pages = useInfiniteQuery({
    queryKey: ['log', 'newest', type ?? null, from],
    initialPageParam: from,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) =>
      said(
        api.GET('/v1/entries/newest', {
          params: { query: { ...(pageParam === null ? {} : { before: pageParam }), ...(type && { type }) } },
        }),
      ),
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
    gcTime: 0,
  })
  // What comes is heard of since the first reading, also when later ones begin elsewhere.
  const first = pages.data?.pages[0]?.size
  if (until === null && size === null && first !== undefined) setSize(first)
  const older = useMemo(
    () => pages.data?.pages.flatMap((page) => page.entries.map(asEntry)) ?? [],
    [pages.data],
  )
  const fault = useFault(pages)
  const again = () => void (pages.isFetchNextPageError ? pages.fetchNextPage() : pages.refetch())
  if (pages.data === undefined) return <NotYet error={fault} again={again} rows={10} />
  const rows = [...fresh.shown.rows, ...older]
  const more = () => void pages.fetchNextPage()
  const next = pages.data.pages.at(-1)?.next ?? null
  return (
    <>
      {fault !== null && <Stale at={pages.dataUpdatedAt} error={fault} again={again} />}
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">
          {until === null ? t.size(count((size ?? 0) + fresh.seen)) : t.sizeThen(count(until))}
        </Text>
        <Group gap="sm">
          {fresh.waiting > 0 && (
            <Button size="xs" variant="light" onClick={fresh.show}>
              {t.fresh(fresh.waiting)}
            </Button>
          )}
          {until === null && (
            <Badge variant="light" tt="none" role="status" color={COLOURS[fresh.live]}>
              {words.shell.live[fresh.live]}
            </Badge>
          )}
        </Group>
      </Group>
      {rows.length === 0 ? (
        <NoneYet next={next} more={more} loading={pages.isFetchingNextPage} />
      ) : (
        <Rows
          label={t.title}
          rows={rows}
          columns={columns(names)}
          keyOf={({ index }) => String(index)}
          more={next === null ? undefined : more}
          loading={pages.isFetchingNextPage}
          height="calc(100dvh - 430px)"
          onTop={fresh.setAtTop}
        />
      )}
    </>
  )
}

const COLOURS = { live: 'teal', lost: 'red', connecting: 'gray' } as const

function NoneYet({ next, more, loading }: { next: number | null; more: () => void; loading: boolean }) {
  return (
    <Empty
      title={t.none}
      next={
        next !== null && (
          <Button variant="default" onClick={more} loading={loading}>
            {t.older}
          </Button>
        )
      }
    >
      {next === null ? t.noneText : t.olderText(count(next))}
    </Empty>
  )
}

/** @param size where the first page ended: what comes after it is new; null: not read yet */
function useFresh(size: number | null, type: string | undefined) {
  const [all, setAll] = useState<Arrivals<Listed>>(NONE_CAME)
  const [seen, setSeen] = useState(0)
  /** As it was when the reader left the top. Null: they are there. */
  const [held, setHeld] = useState<Arrivals<Listed> | null>(null)
  const take = useTogether((came: readonly Listed[]) => {
    setSeen((n) => Math.max(n, (came.at(-1)?.index ?? 0) + 1 - (size ?? 0)))
    const fitting = came.filter(({ entry }) => fits(entry.type, type)).toReversed()
    setAll((old) => withArrived(old, fitting, ({ index }) => index))
  })
  const live = useLive(size === null ? null : `/v1/entries/stream?after=${size - 1}`, {
    entry: (data) => take(asEntry(data as { index: number; entry: Record<string, unknown> })),
  })
  const shown = held ?? all
  return {
    live,
    seen,
    shown,
    waiting: all.n - shown.n,
    show: () => setHeld(all),
    setAtTop: (isAtTop: boolean) => {
      if (isAtTop !== (held === null)) setHeld(isAtTop ? null : all)
    },
  }
}

function fits(type: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true
  return wanted.endsWith('.') ? type.startsWith(wanted) : type === wanted
}

function columns(names: Names): readonly Column<Listed>[] {
  return [
    {
      name: t.index,
      width: '5.5rem',
      cell: ({ index }) => (
        <TextLink to="/log/$index" params={{ index: String(index) }} className="mono">
          {index}
        </TextLink>
      ),
    },
    { name: t.time, width: '13rem', cell: ({ entry }) => <Time at={entry.time} /> },
    { name: t.type, width: 'minmax(10rem, 1fr)', cell: ({ entry }) => typeLabel(entry.type) },
    { name: t.says, width: 'minmax(14rem, 2fr)', cell: ({ entry }) => saysOf(entry) },
    {
      name: t.by,
      width: 'minmax(8rem, 1fr)',
      cell: ({ entry }) => names.get(entry.actor.id) ?? `${entry.actor.kind} ${entry.actor.id}`,
    },
    {
      name: t.about,
      width: 'minmax(8rem, 1fr)',
      cell: ({ entry }) => (entry.subject === undefined ? '–' : (names.get(entry.subject) ?? entry.subject)),
    },
  ]
}
