/** From the first sign to the closing, step by step, with how long each took. @module */
import { Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Circle, CircleCheck } from 'lucide-react'
import { duration } from '../../parts/duration.ts'
import { TextLink } from '../../parts/link.tsx'
import { Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import type { IncidentView } from './incident-queries.ts'

const t = words.incidents

interface Step {
  readonly name: string
  readonly isDone: boolean
  /** Milliseconds; null: not known as a time. */
  readonly at: number | null
  /** Of the log, where no time is known. */
  readonly entry: number | null
  readonly note?: string
}

function stepsOf(of: IncidentView): readonly Step[] {
  const timed = (name: string, at: number | null, note?: string): Step => ({
    name,
    isDone: at !== null,
    at,
    entry: null,
    ...(note === undefined ? {} : { note }),
  })
  const entered = (name: string, entry: number | null): Step => ({
    name,
    isDone: entry !== null,
    at: of.notes.find((note) => note.entry === entry)?.time ?? null,
    entry,
  })
  return [
    timed(t.steps.detected, of.detected),
    timed(t.steps.acknowledged, of.acknowledged),
    timed(t.steps.contained, of.contained, of.contained_by === null ? undefined : t.by[of.contained_by]),
    entered(t.steps.cause, of.cause),
    entered(t.steps.lessons, of.lessons),
    timed(t.steps.closed, of.closed),
  ]
}

export function Progress({ of }: { of: IncidentView }) {
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.progress}</Title>
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 6 }} component="ol" m={0} p={0}>
          {stepsOf(of).map((step) => (
            <Group key={step.name} component="li" gap="xs" align="flex-start" wrap="nowrap">
              {step.isDone ? (
                <CircleCheck size={20} color="var(--mantine-color-teal-6)" aria-hidden />
              ) : (
                <Circle size={20} color="var(--mantine-color-dimmed)" aria-hidden />
              )}
              <Stack gap={0}>
                <Text fw={600} size="sm">
                  {step.name}
                </Text>
                <StepText step={step} from={of.detected} />
              </Stack>
            </Group>
          ))}
        </SimpleGrid>
      </Stack>
    </Paper>
  )
}

function StepText({ step: { isDone, at, entry, note }, from }: { step: Step; from: number }) {
  if (!isDone)
    return (
      <Text size="sm" c="dimmed">
        {t.missing}
      </Text>
    )
  return (
    <>
      {note !== undefined && <Text size="sm">{note}</Text>}
      {at !== null && (
        <Text size="sm" component="div">
          <Time at={at} />
        </Text>
      )}
      {at !== null && at > from && (
        <Text size="sm" c="dimmed">
          {t.after(duration(at - from))}
        </Text>
      )}
      {at === null && entry !== null && (
        <TextLink to="/log/$index" params={{ index: String(entry) }} size="sm" underline="always">
          {t.entry} {entry}
        </TextLink>
      )}
    </>
  )
}
