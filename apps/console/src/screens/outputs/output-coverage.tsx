/** How much of what left is attested, by kind, agent, day or system (ATT-27). @module */
import { Group, Progress, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Figure } from '../../parts/values.tsx'
import { useSession } from '../../session/session.ts'
import { count, percent } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { COVERAGE_BY, kindText, type Coverage } from './output-queries.ts'

const t = words.outputs
const DAY_MS = 86_400_000
const PERIOD_DAYS = 30
const DAY = /^\d{4}-\d\d-\d\d$/
const PARTS = [
  ['authored', 'blue'],
  ['supervised', 'teal'],
  ['directed', 'indigo'],
  ['uncovered', 'red'],
] as const

type By = (typeof COVERAGE_BY)[number]

export function OutputCoverage() {
  const session = useSession()
  const search = useSearch({ from: '/inside/outputs' })
  const navigate = useNavigate({ from: '/outputs' })
  const by = COVERAGE_BY.find((one) => one === search.by) ?? 'kind'
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const given = (text: string | undefined, otherwise: number) =>
    text !== undefined && DAY.test(text) ? text : day(otherwise)
  const from = given(search.from, session.now - PERIOD_DAYS * DAY_MS)
  const to = given(search.to, session.now + DAY_MS)
  const set = (name: 'by' | 'from' | 'to') => (value: string) =>
    void navigate({ search: (old) => ({ ...old, [name]: value }), replace: true })
  const coverage = useQuery({
    queryKey: ['outputs', 'coverage', by, from, to],
    queryFn: () => said(api.GET('/v1/outputs/coverage', { params: { query: { by, from, to } } })),
  })
  return (
    <Stack>
      <Group gap="sm" align="flex-end" role="search">
        <Stack gap={4}>
          <Text size="sm" fw={500} id="coverage-by">
            {t.by}
          </Text>
          <SegmentedControl
            aria-labelledby="coverage-by"
            data={COVERAGE_BY.map((value) => ({ value, label: t.bys[value] }))}
            value={by}
            onChange={set('by')}
          />
        </Stack>
        <TextInput
          type="date"
          label={t.from}
          value={from}
          onChange={(event) => set('from')(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={t.to}
          value={to}
          onChange={(event) => set('to')(event.currentTarget.value)}
        />
      </Group>
      <Answer
        of={coverage}
        empty={({ rows }) => rows.length === 0}
        nothing={<Empty title={t.coverageNone}>{t.coverageNoneText}</Empty>}
      >
        {({ rows }) => <Covered rows={by === 'day' ? rows.toReversed() : rows} by={by} />}
      </Answer>
    </Stack>
  )
}

function Covered({ rows, by }: { rows: readonly Coverage[]; by: By }) {
  const sum = (of: keyof Omit<Coverage, 'of'>) => rows.reduce((total, row) => total + row[of], 0)
  const released = sum('released')
  return (
    <Stack>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }}>
        <Figure label={t.sent} value={count(released)} />
        {PARTS.map(([part]) => (
          <Figure
            key={part}
            label={t.parts[part]}
            value={count(sum(part))}
            note={percent(released === 0 ? null : sum(part) / released)}
          />
        ))}
      </SimpleGrid>
      <Rows label={t.tabs.coverage} rows={rows} columns={useColumns(by)} keyOf={({ of }) => of} />
    </Stack>
  )
}

function useColumns(by: By): readonly Column<Coverage>[] {
  const names = useNames()
  return [
    {
      name: t.coverageOf[by],
      width: 'minmax(9rem, 1.5fr)',
      cell: ({ of }) =>
        of === '' ? (
          t.noOne
        ) : by === 'kind' ? (
          kindText(of)
        ) : by === 'day' ? (
          of
        ) : (
          <Named of={of} names={names} />
        ),
    },
    { name: t.sent, width: '5rem', cell: ({ released }) => count(released) },
    {
      name: t.share,
      width: 'minmax(11rem, 2fr)',
      cell: (row) => (
        <Group gap="xs" wrap="nowrap">
          <Progress.Root size="lg" w={140} role="img" aria-label={summary(row)}>
            {PARTS.map(([part, colour]) => (
              <Progress.Section
                key={part}
                value={row.released === 0 ? 0 : (100 * row[part]) / row.released}
                color={colour}
                withAria={false}
              />
            ))}
          </Progress.Root>
          <Text size="sm">{percent(row.released === 0 ? null : 1 - row.uncovered / row.released)}</Text>
        </Group>
      ),
    },
    ...PARTS.map(([part]) => ({
      name: t.parts[part],
      width: '7rem',
      cell: (row: Coverage) => count(row[part]),
    })),
  ]
}

function Named({ of, names }: { of: string; names: ReadonlyMap<string, string> }) {
  return of.startsWith('agt_') ? <Subject of={of} names={names} /> : (names.get(of) ?? of)
}

function summary(row: Coverage): string {
  return PARTS.map(([part]) => `${count(row[part])} ${t.parts[part]}`).join(', ')
}
