/** How a kill spreads: each point as it begins to deny, with its milliseconds. spec/kill.md (KIL-18). @module */
import { Group, Paper, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer } from '../../parts/states.tsx'
import { Figure, Id, State, Time } from '../../parts/values.tsx'
import { count, dateTime, milliseconds } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { progressQuery, scopeText, type KillView } from './kill-queries.ts'

const t = words.kill

export function KillProgress({ id }: { id: string }) {
  const progress = useQuery(progressQuery(id))
  return (
    <Paper withBorder p="md" component="section">
      <Answer of={progress}>{(data) => <Spread of={data} />}</Answer>
    </Paper>
  )
}

function Spread({ of }: { of: KillView }) {
  const names = useNames()
  const { kill } = of.statement
  const took = of.points.flatMap(({ denied_ms }) => (denied_ms === null ? [] : [denied_ms]))
  const isAll = of.answered_n === of.points_n
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <Stack gap={2}>
          <Title order={2}>{scopeText(kill.scope, names)}</Title>
          <Text size="sm" c="dimmed" component="div">
            {kill.reason} · <Time at={of.at} />
          </Text>
          <TextLink to="/log/$index" params={{ index: String(of.entry) }} size="sm">
            {words.alerts.entry} {of.entry}
          </TextLink>
        </Stack>
        {of.lift === null ? (
          <State of="isolated" label={t.notLifted} />
        ) : (
          <State of="closed" label={t.lifted(dateTime(Date.parse(of.lift.at)))} />
        )}
      </Group>
      {of.points_n === 0 ? (
        <Text c="dimmed">{t.noPoints}</Text>
      ) : (
        <>
          <Stack gap={4} role="status">
            <Text fw={600}>
              {isAll ? t.answeredAll : t.answered(count(of.answered_n), count(of.points_n))}
            </Text>
            <Progress
              value={(100 * of.answered_n) / of.points_n}
              color={isAll ? 'teal' : 'red'}
              animated={!isAll && of.lift === null}
              size="lg"
              aria-label={t.progress}
            />
          </Stack>
          <SimpleGrid cols={{ base: 2, sm: 3 }}>
            <Figure label={t.first} value={milliseconds(took.length === 0 ? null : Math.min(...took))} />
            <Figure label={t.last} value={milliseconds(took.length === 0 ? null : Math.max(...took))} />
          </SimpleGrid>
          <Text size="sm" c="dimmed">
            {t.progressText}
          </Text>
          <Rows
            label={t.progress}
            rows={of.points}
            columns={pointColumns(Math.max(1, ...took))}
            keyOf={({ point }) => point}
            height={320}
          />
        </>
      )}
      <Id of={kill.id} />
    </Stack>
  )
}

function pointColumns(most: number): readonly Column<KillView['points'][number]>[] {
  return [
    { name: t.point, width: 'minmax(10rem, 2fr)', cell: ({ name }) => name },
    {
      name: t.denies,
      width: 'minmax(12rem, 2fr)',
      cell: ({ denied_ms }) =>
        denied_ms === null ? (
          <State of="waiting" label={t.silent} />
        ) : (
          <Group gap="xs" wrap="nowrap">
            <Progress value={(100 * Math.max(0, denied_ms)) / most} w={64} aria-hidden />
            <Text size="sm">{milliseconds(denied_ms)}</Text>
          </Group>
        ),
    },
  ]
}
