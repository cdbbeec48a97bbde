/** One test of a period: how it is done, what it came to, and every deviation with its entries and what management says. @module */
import { Alert, Button, Grid, Paper, Stack, Text, Title } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { Answer, Empty, Failed, Loading, NotYet } from '../../parts/states.tsx'
import { Pairs } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Basis, EntryLink, Result } from './bits.tsx'
import { DeviationCard } from './deviation.tsx'
import { EvidencePage } from './frame.tsx'
import { evidenceQuery, periodOf, useDays, type Days, type Evidence, type TestOf } from './read.ts'

const t = words.evidence

export function TestScreen() {
  const { number } = useParams({ from: '/inside/evidence/tests/$number' })
  const { days, error, again } = useDays()
  if (days === null) return <NotYet error={error} again={again} />
  return <OfPeriod number={Number(number)} days={days} />
}

function OfPeriod({ number, days }: { number: number; days: Days }) {
  const evidence = useQuery(evidenceQuery(days))
  const test = evidence.data?.tests.find((one) => one.number === number)
  return (
    <EvidencePage
      at="period"
      title={test === undefined ? t.test(number) : `${t.test(number)}: ${test.title}`}
      lead={
        <TextLink to="/evidence" search={{ ...days, show: 'tests' }}>
          {t.backToTests(days.from, days.to)}
        </TextLink>
      }
    >
      <Answer
        of={evidence}
        empty={() => test === undefined}
        nothing={<Empty title={t.noSuchTest}>{t.noSuchTestText}</Empty>}
      >
        {(data) => test !== undefined && <Shown test={test} data={data} days={days} />}
      </Answer>
    </EvidencePage>
  )
}

function Shown({ test, data, days }: { test: TestOf; data: Evidence; days: Days }) {
  const controls = data.controls.filter(({ tests }) => tests.some(({ number }) => number === test.number))
  return (
    <>
      <Basis tree={data.tree} />
      <Grid>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Paper withBorder p="md" component="section" h="100%">
            <Stack gap="sm">
              <Title order={2}>{t.whatItCameTo}</Title>
              <Pairs of={outcome(test, days)} />
            </Stack>
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Paper withBorder p="md" component="section" h="100%">
            <Stack gap="sm">
              <Title order={2}>{t.howItIsDone}</Title>
              {controls.map(({ id, title, owner, tests }) => (
                <Text key={id} size="sm">
                  <strong>{title}</strong> ({id}, {owner}):{' '}
                  {tests.find(({ number }) => number === test.number)?.procedure}
                </Text>
              ))}
              {controls.length === 0 && <Text size="sm">{test.attribute}</Text>}
            </Stack>
          </Paper>
        </Grid.Col>
      </Grid>
      {test.reconciliation !== null && <Reconciled of={test.reconciliation} />}
      <Deviations test={test} days={days} />
    </>
  )
}

function outcome(test: TestOf, days: Days): readonly (readonly [string, React.ReactNode])[] {
  return [
    [t.result, <Result key="result" of={test} />],
    ...(test.reason === null ? [] : [[t.why, test.reason] as const]),
    [t.itemsName, count(test.items)],
    [t.attribute, test.attribute],
    [t.criteria, test.criteria.join(', ')],
    [
      t.population,
      test.population === null ? (
        words.values.none
      ) : (
        <TextLink
          key="population"
          to="/evidence/populations/$name"
          params={{ name: test.population }}
          search={{ ...days }}
        >
          {test.population.replaceAll('_', ' ')}
        </TextLink>
      ),
    ],
    [t.outsideSource, test.source ?? t.noSource],
  ]
}

function Reconciled({ of }: { of: NonNullable<TestOf['reconciliation']> }) {
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.reconciled}</Title>
        <Text size="sm">
          {t.reconciledText(of.only_in_source_n, of.only_in_log_n, of.uncovered_n, of.erased_n)}
        </Text>
        <Pairs
          of={of.sources.map(({ id, index, rows_n, matched_n }) => [
            id,
            <Text key={id} size="sm">
              {t.matched(matched_n, rows_n)} <EntryLink index={index} />
            </Text>,
          ])}
        />
      </Stack>
    </Paper>
  )
}

function Deviations({ test, days }: { test: TestOf; days: Days }) {
  const pages = useInfiniteQuery({
    queryKey: ['evidence', days.from, days.to, 'test', test.number],
    queryFn: ({ pageParam }) =>
      said(
        api.GET('/v1/evidence/tests/{number}', {
          params: { path: { number: test.number }, query: { ...periodOf(days), start: pageParam } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last) => {
      const next = last.from + last.deviations.length
      return next < last.deviations_n && last.deviations.length > 0 ? next : null
    },
    enabled: test.deviations_n > 0,
  })
  const evaluations = useQuery({
    queryKey: ['evaluations'],
    queryFn: () => said(api.GET('/v1/evaluations')),
    enabled: test.deviations_n > 0,
  })
  if (test.deviations_n === 0)
    return test.result === 'no_deviation' || test.result === 'not_reconciled' ? (
      <Alert color="teal">{t.noneDeviates(test.items)}</Alert>
    ) : null
  if (pages.isError) return <Failed error={pages.error} again={() => void pages.refetch()} />
  if (pages.data === undefined) return <Loading />
  const all = pages.data.pages.flatMap(({ deviations }) => deviations)
  return (
    <Stack gap="sm">
      <Title order={2}>{t.deviationsTitle(test.deviations_n)}</Title>
      {all.map((deviation, index) => (
        <DeviationCard
          key={deviation.id}
          n={index + 1}
          of={deviation}
          criteria={test.criteria}
          evaluations={(evaluations.data?.evaluations ?? []).filter((one) => one.deviation === deviation.id)}
        />
      ))}
      {pages.hasNextPage && (
        <Button
          variant="default"
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          {t.more}
        </Button>
      )}
    </Stack>
  )
}
