/** The ninety-day plan in full: what was measured of each step, what to do next, and where. @module */
import { Box, Group, Paper, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleDashed, CircleDot } from 'lucide-react'
import { ButtonLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { Figure, State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { EvidencePage } from './frame.tsx'
import { readinessQuery, type Plan } from './read.ts'

const t = words.evidence.readiness
type Step = Plan['steps'][number]

/** Where each step is done. */
const PLACES = {
  people: { to: '/settings/people' },
  inventory: { to: '/agents' },
  points: { to: '/' },
  delegations: { to: '/delegations' },
  revocation: { to: '/kill' },
  anchors: { to: '/log' },
  channels: { to: '/settings/channels' },
  detectors: { to: '/alerts' },
  policies: { to: '/settings/policies' },
  restore: { to: '/settings' },
  drill: { to: '/kill' },
  attestation: { to: '/outputs' },
  alerts: { to: '/alerts' },
  narratives: { to: '/evidence', search: { show: 'narratives' } },
  access_review: { to: '/evidence/registers', search: { show: 'reviews' } },
  pack: { to: '/evidence/packs' },
  preview: { to: '/evidence/previews' },
} as const
const LOOKS = {
  done: { state: 'active', icon: CircleCheck, colour: 'var(--mantine-color-teal-7)' },
  partly: { state: 'waiting', icon: CircleDot, colour: 'var(--mantine-color-yellow-7)' },
  open: { state: 'open', icon: CircleDashed, colour: 'var(--mantine-color-orange-7)' },
} as const

export function ReadinessScreen() {
  const plan = useQuery(readinessQuery)
  return (
    <EvidencePage at="readiness">
      <Answer of={plan}>{(data) => <Shown plan={data} />}</Answer>
    </EvidencePage>
  )
}

function Shown({ plan }: { plan: Plan }) {
  const late = plan.steps.filter((step) => step.late).length
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Figure label={t.day} value={plan.day} note={<Since at={plan.started} />} />
        <Figure
          label={t.stack(plan.stack.by_day)}
          value={t.of(plan.stack.done, plan.stack.of)}
          note={t.left(plan.stack.days_left)}
        />
        <Figure
          label={t.whole(plan.whole.by_day)}
          value={t.of(plan.whole.done, plan.whole.of)}
          note={t.left(plan.whole.days_left)}
        />
        <Figure label={t.late} value={late} note={t.lateNote} />
      </SimpleGrid>
      <Progress value={(plan.whole.done / Math.max(1, plan.whole.of)) * 100} aria-label={t.progress} />
      <Phase title={t.stackTitle} steps={plan.steps.filter(({ by_day }) => by_day <= plan.stack.by_day)} />
      <Phase title={t.programTitle} steps={plan.steps.filter(({ by_day }) => by_day > plan.stack.by_day)} />
    </Stack>
  )
}

function Since({ at }: { at: number }) {
  return (
    <>
      {t.since} <Time at={at} />
    </>
  )
}

function Phase({ title, steps }: { title: string; steps: readonly Step[] }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{title}</Title>
      {steps.map((step) => (
        <StepCard key={step.id} of={step} />
      ))}
    </Stack>
  )
}

function StepCard({ of }: { of: Step }) {
  const { state, icon: Icon, colour } = LOOKS[of.state]
  return (
    <Paper withBorder p="md" component="article" aria-label={of.title}>
      <Group gap="md" justify="space-between" align="flex-start">
        <Group gap="sm" wrap="nowrap" align="flex-start" style={{ flex: '1 1 20rem', minWidth: 0 }}>
          <Icon size={20} aria-hidden color={colour} style={{ flex: 'none', marginTop: 2 }} />
          <Box style={{ minWidth: 0 }}>
            <Title order={3}>{of.title}</Title>
            <Text size="sm">{of.says}</Text>
            {of.next !== null && <Next of={of} next={of.next} />}
          </Box>
        </Group>
        <Group gap="xs">
          {of.late && <State of="high" label={t.isLate} />}
          <State of={state} label={t.states[of.state]} />
          <Text size="sm" c="dimmed">
            {t.byDay(of.by_day)}
          </Text>
          {of.next !== null && <Where id={of.id} />}
        </Group>
      </Group>
    </Paper>
  )
}

/** What to do here, and what does the same without a browser. */
function Next({ of, next }: { of: Step; next: string }) {
  const here = Object.entries(t.here).find(([name]) => name === of.id)?.[1]
  return (
    <>
      {here !== undefined && (
        <Text size="sm">
          <strong>{t.next}:</strong> {here}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {t.commandLine}: {next}
      </Text>
    </>
  )
}

function Where({ id }: { id: string }) {
  const place = Object.entries(PLACES).find(([name]) => name === id)?.[1]
  if (place === undefined) return null
  return (
    <ButtonLink
      to={place.to}
      {...('search' in place ? { search: place.search } : {})}
      size="compact-sm"
      variant="default"
    >
      {t.go}
    </ButtonLink>
  )
}
