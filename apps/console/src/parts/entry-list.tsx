/** Entries of the log, each with what it says in a few words, leading to the entry itself. @module */
import { Stack, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { wordsOfEntry } from '../../../../src/log/entry-words.ts'
import type { AnyEntry } from '../../../../src/log/entries.ts'
import { api, said } from '../api/client.ts'
import { count } from '../shell/format.ts'
import { words } from '../words/words.ts'
import { TextLink } from './link.tsx'
import { Listing, type Cell } from './listing.tsx'
import { Time } from './values.tsx'

const t = words.alerts
/** Entries that are read; all can be gone to. */
const SHOWN_MAX = 20

interface Shown {
  readonly index: number
  /** Not there: it is not read yet, or is gone. */
  readonly entry: AnyEntry | null | undefined
}

const COLUMNS: readonly Cell<Shown>[] = [
  {
    name: words.log.index,
    cell: ({ index }) => (
      <TextLink to="/log/$index" params={{ index: String(index) }} className="mono">
        {index}
      </TextLink>
    ),
  },
  { name: words.log.says, cell: ({ entry }) => (entry ? wordsOfEntry(entry) : words.values.none) },
  { name: words.log.time, cell: ({ entry }) => (entry ? <Time at={entry.time} /> : words.values.none) },
]

export function EntryList({ of, label }: { of: readonly number[]; label: string }) {
  const shown = of.slice(0, SHOWN_MAX)
  const entries = useQueries({
    queries: shown.map((index) => ({
      queryKey: ['entries', index],
      queryFn: async () => {
        const {
          entries: [found],
        } = await said(api.GET('/v1/entries', { params: { query: { after: index - 1, limit: 1 } } }))
        return found?.index === index ? (found.entry as unknown as AnyEntry) : null
      },
      staleTime: Infinity,
    })),
  })
  return (
    <Stack gap="xs">
      <Listing
        label={label}
        rows={shown.map((index, at) => ({ index, entry: entries[at]?.data }))}
        columns={COLUMNS}
        keyOf={({ index }) => String(index)}
        none={words.values.none}
        minWidth={420}
      />
      {of.length > SHOWN_MAX && (
        <Text size="sm" c="dimmed">
          {t.entriesMore(count(of.length - SHOWN_MAX))}
        </Text>
      )}
    </Stack>
  )
}
