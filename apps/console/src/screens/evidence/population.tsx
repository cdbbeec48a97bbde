/** A population of a period, row by row as a pack has it, and as a file. @module */
import { Button, Group, Stack, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows } from '../../parts/rows.tsx'
import { Empty, Failed, Loading, NotYet } from '../../parts/states.tsx'
import { Pairs } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Basis } from './bits.tsx'
import { EvidencePage } from './frame.tsx'
import { columnsOf, type Row } from './item-columns.tsx'
import { periodOf, useDays, type Days } from './read.ts'

const t = words.evidence

export function PopulationScreen() {
  const { name } = useParams({ from: '/inside/evidence/populations/$name' })
  const { days, error, again } = useDays()
  if (days === null) return <NotYet error={error} again={again} />
  return <OfPeriod name={name} days={days} />
}

function OfPeriod({ name, days }: { name: string; days: Days }) {
  const pages = useInfiniteQuery({
    queryKey: ['evidence', days.from, days.to, 'population', name],
    queryFn: ({ pageParam }) =>
      said(
        api.GET('/v1/evidence/populations/{name}', {
          params: { path: { name }, query: { ...periodOf(days), start: pageParam } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last) => {
      const next = last.from + last.rows.length
      return next < last.count && last.rows.length > 0 ? next : null
    },
  })
  const names = useNames()
  const [first] = pages.data?.pages ?? []
  const rows: readonly Row[] = pages.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <EvidencePage
      at="period"
      title={t.populationTitle(name.replaceAll('_', ' '))}
      lead={
        <TextLink to="/evidence" search={{ ...days, show: 'populations' }}>
          {t.backToPopulations(days.from, days.to)}
        </TextLink>
      }
      actions={(['csv', 'jsonl'] as const).map((format) => (
        <Button
          key={format}
          component="a"
          href={fileOf(name, days, format)}
          download={`${name}.${format}`}
          variant="default"
          leftSection={<Download size={16} aria-hidden />}
        >
          {t.download(format)}
        </Button>
      ))}
    >
      {pages.isError && <Failed error={pages.error} again={() => void pages.refetch()} />}
      {pages.isPending && <Loading />}
      {first !== undefined && (
        <Stack gap="md">
          <Basis tree={first.tree} />
          <Pairs
            of={[
              [t.definition, first.definition],
              [
                t.query,
                <Text key="query" span className="mono">
                  {first.query}
                </Text>,
              ],
              [t.rows, count(first.count)],
              [
                t.sha256,
                <Text key="sha256" span className="mono">
                  {first.sha256}
                </Text>,
              ],
            ]}
          />
          {rows.length === 0 ? (
            <Empty title={t.noRows}>{t.noRowsText}</Empty>
          ) : (
            <Rows
              label={t.populationTitle(name.replaceAll('_', ' '))}
              rows={rows.map((row, at) => ({ row, at }))}
              columns={columnsOf(rows, names)}
              keyOf={({ at }) => String(at)}
              more={pages.hasNextPage ? () => void pages.fetchNextPage() : undefined}
              loading={pages.isFetchingNextPage}
              height={560}
            />
          )}
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              {t.shownOf(count(rows.length), count(first.count))}
            </Text>
          </Group>
        </Stack>
      )}
    </EvidencePage>
  )
}

function fileOf(name: string, days: Days, format: string): string {
  const query = new URLSearchParams({ ...periodOf(days), format })
  return `/v1/evidence/populations/${encodeURIComponent(name)}/file?${query.toString()}`
}
