/** What the evidence comes to by criterion, as a pack would say it: each leads to its controls and tests. @module */
import { Alert, Box, Group, SimpleGrid, Stack, Text, Title, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Check, CircleDashed, CircleHelp, Minus, TriangleAlert } from 'lucide-react'
import { ButtonLink } from '../../parts/link.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, NotYet } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { glanceQuery, useDays, worstOf, type Days, type Evidence } from '../evidence/read.ts'

const t = words.overview
const { results, deviations } = words.evidence
type Criterion = Evidence['criteria'][number]

/** A sign beside each colour: nobody has to tell colours apart. */
const LOOKS = {
  no_deviation: { color: 'teal', icon: Check },
  deviations: { color: 'red', icon: TriangleAlert },
  not_reconciled: { color: 'orange', icon: CircleHelp },
  did_not_occur: { color: 'gray', icon: Minus },
  not_tested: { color: 'gray', icon: CircleDashed },
  none: { color: 'gray', icon: CircleDashed },
} as const
const LEGEND = ['no_deviation', 'deviations', 'not_reconciled', 'did_not_occur', 'none'] as const

export function CriteriaGlance() {
  const reason = whyNot(useSession(), 'evidence.read')
  const { days, error, again } = useDays()
  return (
    <Section
      title={t.criteria}
      actions={
        reason === null && (
          <ButtonLink to="/evidence" size="compact-sm" variant="default">
            {t.toCriteria}
          </ButtonLink>
        )
      }
    >
      {reason !== null ? (
        <Text c="dimmed">{reason}</Text>
      ) : days === null ? (
        <NotYet error={error} again={again} rows={3} />
      ) : (
        <OfPeriod days={days} />
      )}
    </Section>
  )
}

function OfPeriod({ days }: { days: Days }) {
  const evidence = useQuery(glanceQuery(days))
  return (
    <Answer
      of={evidence}
      empty={({ criteria }) => !criteria.some(isCovered)}
      nothing={<Text c="dimmed">{t.noCriteria}</Text>}
    >
      {(data) => <Families data={data} days={days} />}
    </Answer>
  )
}

const isCovered = ({ controls, tests }: Criterion): boolean => controls.length + tests.length > 0

/** `CC6.1` is of `CC6`; all of privacy is one. */
const familyOf = ({ id }: Criterion): string => (/^P\d/.test(id) ? 'P' : (id.split('.')[0] ?? id))

function Families({ data, days }: { data: Evidence; days: Days }) {
  const { tree, criteria, tests } = data
  const families = [...Map.groupBy(criteria.filter(isCovered), familyOf)]
  const byNumber = new Map(tests.map((test) => [test.number, test]))
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t.criteriaLead(count(tree.end), days.from, days.to)} <Time at={tree.time} />.
      </Text>
      {!tree.integrity && (
        <Alert color="red" icon={<TriangleAlert aria-hidden />} role="alert">
          {t.notWhole}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
        {families.map(([family, its]) => (
          <Box key={family} component="section" aria-label={t.families[family] ?? family}>
            <Title order={3} size="h5" mb={6}>
              {t.families[family] ?? family}
            </Title>
            <Group gap={6}>
              {its.map((criterion) => (
                <One
                  key={criterion.id}
                  of={criterion}
                  worst={worstOf(criterion.tests.flatMap((number) => byNumber.get(number) ?? []))}
                />
              ))}
            </Group>
          </Box>
        ))}
      </SimpleGrid>
      <Legend />
    </Stack>
  )
}

function One({ of: { id, title }, worst }: { of: Criterion; worst: ReturnType<typeof worstOf> }) {
  const { color, icon: Icon } = LOOKS[worst?.result ?? 'none']
  const isDeviating = worst?.result === 'deviations'
  const state =
    worst === null ? t.noTestOf : isDeviating ? deviations(worst.deviations_n) : results[worst.result]
  const text = t.ofCriterion(id, title, state)
  return (
    <Tooltip label={text} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
      <ButtonLink
        to="/evidence"
        search={{ show: 'criteria', criterion: id }}
        size="compact-sm"
        variant="light"
        color={color}
        aria-label={text}
        leftSection={<Icon size={14} aria-hidden />}
      >
        {id}
        {isDeviating && ` (${count(worst.deviations_n)})`}
      </ButtonLink>
    </Tooltip>
  )
}

function Legend() {
  return (
    <Group gap="md">
      {LEGEND.map((state) => {
        const Icon = LOOKS[state].icon
        return (
          <Group key={state} gap={4} wrap="nowrap">
            <Icon size={14} aria-hidden color={`var(--mantine-color-${LOOKS[state].color}-6)`} />
            <Text size="sm" c="dimmed">
              {state === 'none' ? t.noTestOf : results[state]}
            </Text>
          </Group>
        )
      })}
    </Group>
  )
}
