/** The entries of the log, newest first. What is recorded meanwhile comes in while the reader is at the top. @module */
import { Autocomplete, Badge, Button, Group, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { MEANINGS } from '../../../../../docs/entry-meanings.ts'
import { api, said } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { useNames, type Names } from './names.ts'
import { asEntry, saysOf, typeLabel, type Listed } from './says.ts'

const t = words.log

const TYPES = Object.keys(MEANINGS)
const FAMILIES = [
  ...new Set(TYPES.filter((type) => type.includes('.')).map((type) => `${type.split('.')[0]}.`)),
]
const TYPE = /^[a-z_]+(\.[a-z_]*)?$/
/** New entries that are kept on the screen; older ones are read again with their page. */
const FRESH_MAX = 500

export function Entries() {
  const { type } = useSearch({ from: '/inside/log' })
  const navigate = useNavigate({ from: '/log' })
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
      </Group>
      <List key={type ?? ''} type={type !== undefined && TYPE.test(type) ? type : undefined} />
    </>
  )
}

function List({ type }: { type: string | undefined }) {
  const names = useNames()
  const pages = useInfiniteQuery({
    queryKey: ['log', 'newest', type ?? null],
    initialPageParam: null as number | null,
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
  const first = pages.data?.pages[0]
  const fresh = useFresh(first?.size, type)
  const older = useMemo(
    () => pages.data?.pages.flatMap((page) => page.entries.map(asEntry)) ?? [],
    [pages.data],
  )
  if (pages.data === undefined)
    return pages.isError ? (
      <Failed error={pages.error} again={() => void pages.refetch()} />
    ) : (
      <Loading rows={10} />
    )
  const rows = [...fresh.shown, ...older]
  const more = () => void pages.fetchNextPage()
  const next = pages.data.pages.at(-1)?.next ?? null
  return (
    <>
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">
          {t.size(count((first?.size ?? 0) + fresh.seen))}
        </Text>
        <Group gap="sm">
          {fresh.waiting > 0 && (
            <Button size="xs" variant="light" onClick={fresh.show}>
              {t.fresh(fresh.waiting)}
            </Button>
          )}
          <Badge variant="light" tt="none" role="status" color={COLOURS[fresh.live]}>
            {words.shell.live[fresh.live]}
          </Badge>
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

/** @param size where the first page ended: what comes after it is new */
function useFresh(size: number | undefined, type: string | undefined) {
  const [all, setAll] = useState<readonly Listed[]>([])
  const [seen, setSeen] = useState(0)
  const [atTop, setAtTop] = useState(true)
  /** Index up to which new entries are on the screen while the reader is elsewhere. */
  const [upTo, setUpTo] = useState<number | null>(null)
  const take = (data: unknown) => {
    const entry = asEntry(data as { index: number; entry: Record<string, unknown> })
    setSeen((n) => Math.max(n, entry.index + 1 - (size ?? 0)))
    if (fits(entry.entry.type, type))
      setAll((old) =>
        old.some(({ index }) => index === entry.index) ? old : [entry, ...old].slice(0, FRESH_MAX),
      )
  }
  const live = useLive(size === undefined ? null : `/v1/entries/stream?after=${size - 1}`, { entry: take })
  const shown = atTop || upTo === null ? (atTop ? all : []) : all.filter(({ index }) => index <= upTo)
  return {
    live,
    seen,
    shown,
    waiting: all.length - shown.length,
    show: () => setUpTo(all[0]?.index ?? null),
    setAtTop: (isAtTop: boolean) => {
      if (isAtTop === atTop) return
      if (!isAtTop) setUpTo(all[0]?.index ?? null)
      setAtTop(isAtTop)
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
