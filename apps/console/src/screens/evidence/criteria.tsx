/** Criteria, with the controls of each, who owns them, and what their tests came to. @module */
import { Accordion, Box, Group, Stack, Text, Title } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { TextLink } from '../../parts/link.tsx'
import { Empty } from '../../parts/states.tsx'
import { words } from '../../words/words.ts'
import { Result } from './bits.tsx'
import { worstOf, type ControlOf, type Days, type Evidence, type TestOf } from './read.ts'

const t = words.evidence

export function Criteria({ data, days }: { data: Evidence; days: Days }) {
  const { criterion } = useSearch({ from: '/inside/evidence' })
  const shown = data.criteria.filter(({ controls, tests }) => controls.length + tests.length > 0)
  const rest = data.criteria.length - shown.length
  const tests = new Map(data.tests.map((test) => [test.number, test]))
  const controls = new Map(data.controls.map((control) => [control.id, control]))
  if (shown.length === 0) return <Empty title={t.noCriteria}>{t.noCriteriaText}</Empty>
  return (
    <Stack gap="sm">
      <Accordion
        variant="contained"
        multiple
        order={2}
        bg="var(--mantine-color-body)"
        defaultValue={criterion === undefined ? [] : [criterion]}
      >
        {shown.map(({ id, title, controls: its, tests: numbers }) => (
          <Accordion.Item
            key={id}
            value={id}
            {...(id === criterion ? { ref: intoView, className: 'below-bar' } : {})}
          >
            <Accordion.Control>
              <Group justify="space-between" gap="sm" wrap="nowrap">
                <Text component="span" lineClamp={2}>
                  <strong>{id}</strong> {title}
                </Text>
                <Box style={{ flex: 'none' }}>
                  <Worst of={numbers.flatMap((number) => tests.get(number) ?? [])} />
                </Box>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Stack gap="md">
                {its
                  .flatMap((control) => controls.get(control) ?? [])
                  .map((control) => (
                    <Control key={control.id} of={control} tests={tests} days={days} />
                  ))}
                <Others numbers={numbers} its={its} controls={controls} tests={tests} days={days} />
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      {rest > 0 && (
        <Text size="sm" c="dimmed">
          {t.otherCriteria(rest)}
        </Text>
      )}
    </Stack>
  )
}

function Worst({ of }: { of: readonly TestOf[] }) {
  const worst = worstOf(of)
  return worst === null ? null : <Result of={worst} />
}

/** What a link from elsewhere asked for comes into view. */
function intoView(item: HTMLElement | null): void {
  item?.scrollIntoView({ block: 'start' })
}

interface Shown {
  readonly tests: ReadonlyMap<number, TestOf>
  readonly days: Days
}

function Control({ of, tests, days }: Shown & { of: ControlOf }) {
  return (
    <Box component="section" aria-label={of.id}>
      <Title order={3} size="h4">
        {of.title}{' '}
        <Text span c="dimmed" className="mono">
          {of.id}
        </Text>
      </Title>
      <Text size="sm">{of.statement}</Text>
      <Text size="sm" c="dimmed">
        {t.ownedBy(of.owner, of.frequency.replaceAll('_', ' '))}
      </Text>
      <Stack gap={4} mt="xs">
        {of.tests.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.noTests}
          </Text>
        )}
        {of.tests.map(({ number }) => (
          <TestLine key={number} test={tests.get(number)} days={days} />
        ))}
      </Stack>
    </Box>
  )
}

function TestLine({ test, days }: { test: TestOf | undefined; days: Days }) {
  if (test === undefined) return null
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Box style={{ flex: 'none' }}>
        <Result of={test} />
      </Box>
      <Text size="sm">
        <TextLink
          to="/evidence/tests/$number"
          params={{ number: String(test.number) }}
          search={{ ...days }}
          inherit
          underline="always"
        >
          {t.test(test.number)}
        </TextLink>{' '}
        {test.title}{' '}
        <Text span c="dimmed" inherit>
          {t.items(test.items)}
        </Text>
      </Text>
    </Group>
  )
}

/** Tests of a criterion that none of its controls names. */
function Others({
  numbers,
  its,
  controls,
  tests,
  days,
}: Shown & {
  numbers: readonly number[]
  its: readonly string[]
  controls: ReadonlyMap<string, ControlOf>
}) {
  const named = new Set(its.flatMap((id) => controls.get(id)?.tests.map(({ number }) => number) ?? []))
  const others = numbers.filter((number) => !named.has(number))
  if (others.length === 0) return null
  return (
    <Stack gap={4}>
      <Title order={3} size="h4">
        {t.otherTests}
      </Title>
      {others.map((number) => (
        <TestLine key={number} test={tests.get(number)} days={days} />
      ))}
    </Stack>
  )
}
