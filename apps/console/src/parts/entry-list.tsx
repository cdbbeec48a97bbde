/** Entries of the log, each with what it says in a few words, leading to the entry itself. @module */
import { Stack, Table, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { wordsOfEntry } from '../../../../src/log/entry-words.ts'
import type { AnyEntry } from '../../../../src/log/entries.ts'
import { api, said } from '../api/client.ts'
import { count } from '../shell/format.ts'
import { words } from '../words/words.ts'
import { TextLink } from './link.tsx'
import { Time } from './values.tsx'

const t = words.alerts
/** Entries that are read; all can be gone to. */
const SHOWN_MAX = 20

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
      <Table.ScrollContainer minWidth={420}>
        <Table aria-label={label} verticalSpacing={6}>
          <Table.Tbody>
            {shown.map((index, at) => {
              const entry = entries[at]?.data
              return (
                <Table.Tr key={index}>
                  <Table.Td w={100}>
                    <TextLink to="/log/$index" params={{ index: String(index) }} className="mono">
                      {index}
                    </TextLink>
                  </Table.Td>
                  <Table.Td>{entry ? wordsOfEntry(entry) : '–'}</Table.Td>
                  <Table.Td w={200}>{entry ? <Time at={entry.time} /> : '–'}</Table.Td>
                </Table.Tr>
              )
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {of.length > SHOWN_MAX && (
        <Text size="sm" c="dimmed">
          {t.entriesMore(count(of.length - SHOWN_MAX))}
        </Text>
      )}
    </Stack>
  )
}
