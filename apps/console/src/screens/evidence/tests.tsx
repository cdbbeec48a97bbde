/** All tests of a period with what they came to, filtered by that. @module */
import { Group, Select, Stack } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { TextLink } from '../../parts/link.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Empty } from '../../parts/states.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Result } from './bits.tsx'
import type { Days, TestOf } from './read.ts'

const t = words.evidence
const RESULTS = ['deviations', 'not_reconciled', 'no_deviation', 'did_not_occur', 'not_tested'] as const

export function Tests({ tests, days }: { tests: readonly TestOf[]; days: Days }) {
  const { result } = useSearch({ from: '/inside/evidence' })
  const navigate = useNavigate({ from: '/evidence' })
  const shown = tests.filter((test) => result === undefined || test.result === result)
  return (
    <Stack gap="sm">
      <Group role="search">
        <Select
          label={t.result}
          data={RESULTS.map((value) => ({ value, label: t.results[value] }))}
          value={result ?? null}
          placeholder={t.any}
          clearable
          onChange={(value) => void navigate({ search: (old) => ({ ...old, result: value ?? undefined }) })}
        />
      </Group>
      {shown.length === 0 ? (
        <Empty title={t.noTestsFound}>{t.noTestsFoundText}</Empty>
      ) : (
        <Rows
          label={t.views.tests}
          rows={shown}
          columns={columns(days)}
          keyOf={({ number }) => String(number)}
          height={620}
        />
      )}
    </Stack>
  )
}

function columns(days: Days): readonly Column<TestOf>[] {
  return [
    {
      name: t.testName,
      width: 'minmax(16rem, 3fr)',
      cell: ({ number, title }) => (
        <TextLink
          to="/evidence/tests/$number"
          params={{ number: String(number) }}
          search={{ ...days }}
          title={title}
        >
          {number}. {title}
        </TextLink>
      ),
    },
    { name: t.result, width: '11rem', cell: (test) => <Result of={test} /> },
    { name: t.itemsName, width: '5rem', cell: ({ items }) => count(items) },
    { name: t.criteria, width: 'minmax(6rem, 1fr)', cell: ({ criteria }) => criteria.join(', ') },
    {
      name: t.population,
      width: 'minmax(9rem, 1fr)',
      cell: ({ population }) =>
        population === null ? (
          words.values.none
        ) : (
          <TextLink to="/evidence/populations/$name" params={{ name: population }} search={{ ...days }}>
            {population.replaceAll('_', ' ')}
          </TextLink>
        ),
    },
  ]
}
