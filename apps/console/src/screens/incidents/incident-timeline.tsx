/** Every entry about an incident, in the order of the log (INC-6). @module */
import { Group, Stack, Switch, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { timelineQuery, type Timeline } from './incident-queries.ts'

const t = words.incidents

export function IncidentTimeline({ id }: { id: string }) {
  const timeline = useQuery(timelineQuery(id))
  const names = useNames()
  const [onlyActs, setOnlyActs] = useState(false)
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between" gap="sm">
        <Stack gap={0}>
          <Title order={2}>{t.timeline}</Title>
          <Text c="dimmed" size="sm">
            {t.timelineText}
          </Text>
        </Stack>
        <Switch
          label={t.onlyActs}
          checked={onlyActs}
          onChange={(event) => setOnlyActs(event.currentTarget.checked)}
        />
      </Group>
      <Answer of={timeline}>
        {({ lines, lines_n }) => (
          <>
            <Rows
              label={t.timeline}
              rows={onlyActs ? lines.filter(({ type }) => type !== 'receipt') : lines}
              columns={columns(names)}
              keyOf={({ index }) => String(index)}
              height={440}
            />
            {lines.length < lines_n && (
              <Text size="sm" c="dimmed">
                {t.timelineMore(count(lines.length), count(lines_n))}
              </Text>
            )}
          </>
        )}
      </Answer>
    </Stack>
  )
}

function columns(names: ReadonlyMap<string, string>): readonly Column<Timeline['lines'][number]>[] {
  return [
    { name: t.when, width: '13rem', cell: ({ time }) => <Time at={time} /> },
    {
      name: t.entry,
      width: '6rem',
      cell: ({ index }) => (
        <TextLink to="/log/$index" params={{ index: String(index) }} className="mono">
          {index}
        </TextLink>
      ),
    },
    { name: t.what, width: 'minmax(16rem, 3fr)', cell: ({ what }) => what },
    { name: t.who, width: 'minmax(8rem, 1fr)', cell: ({ actor }) => names.get(actor) ?? actor },
  ]
}
