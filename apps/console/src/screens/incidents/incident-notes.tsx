/** What people said of an incident, in the order of the log. @module */
import { Badge, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Seen, SeenText } from '../../parts/seen.tsx'
import { Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import type { IncidentView } from './incident-queries.ts'

const t = words.incidents

export function Notes({ of }: { of: IncidentView['notes'] }) {
  const names = useNames()
  return (
    <Paper withBorder p="md" component="section" h="100%">
      <Stack gap="sm">
        <Title order={2}>{t.notes}</Title>
        {of.length === 0 && <Text c="dimmed">{t.notesNone}</Text>}
        {of.map((note) => (
          <Stack key={note.entry} gap={4}>
            <Group gap="xs">
              <Badge variant="light" tt="none" color={note.phase === 'note' ? 'gray' : 'blue'}>
                {t.phases[note.phase as keyof typeof t.phases] ?? <Seen of={note.phase} />}
              </Badge>
              <Text size="sm">{names.get(note.author) ?? note.author}</Text>
              <Text size="sm" c="dimmed" component="div">
                <Time at={note.time} /> ·{' '}
                <TextLink
                  to="/log/$index"
                  params={{ index: String(note.entry) }}
                  size="sm"
                  underline="always"
                >
                  {t.entry} {note.entry}
                </TextLink>
              </Text>
            </Group>
            <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {note.text === null ? t.erased : <SeenText of={note.text} />}
            </Text>
          </Stack>
        ))}
      </Stack>
    </Paper>
  )
}
