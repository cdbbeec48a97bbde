/** The report of a drill: who denied when, what was in flight, how it was lifted. spec/kill.md (KIL-19). @module */
import { Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNames } from '../../parts/names.ts'
import { duration } from '../../parts/duration.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { SeenText } from '../../parts/seen.tsx'
import { Answer } from '../../parts/states.tsx'
import { Figure, Pairs, State, Time } from '../../parts/values.tsx'
import { count, milliseconds } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { reportQuery, type Reported } from './kill-queries.ts'

const t = words.kill
const FLIGHTS = ['finished', 'failed', 'stopped', 'unknown', 'open'] as const

export function DrillReport({ id }: { id: string }) {
  const report = useQuery(reportQuery(id))
  return (
    <Stack gap="sm" component="section">
      <Title order={2}>{t.report}</Title>
      <Answer of={report}>
        {(data) => (
          <>
            {data.report.kill === null ? (
              <Text c="dimmed">{t.reportTabletop}</Text>
            ) : (
              <Figures of={data.report} />
            )}
            {data.notes.length > 0 && <Notes of={data.notes} />}
          </>
        )}
      </Answer>
    </Stack>
  )
}

function Figures({ of }: { of: Reported['report'] }) {
  const names = useNames()
  const flights = FLIGHTS.filter((one) => of.in_flight[one] > 0)
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Figure label={t.points} value={t.answeredOf(count(of.answered_n), count(of.points_n))} />
        <Figure label={t.first} value={milliseconds(of.first_ms)} />
        <Figure label={t.last} value={milliseconds(of.last_ms)} />
        <Figure
          label={t.lifting}
          value={of.lift === null ? '–' : duration(of.lift.after_ms)}
          note={of.lift === null ? undefined : t.liftPeople(of.lift.people_n)}
        />
      </SimpleGrid>
      <Rows
        label={t.report}
        rows={of.points}
        columns={columns(names)}
        keyOf={({ point }) => point}
        height={320}
      />
      <Pairs
        of={[
          [
            t.inFlight,
            flights.length === 0
              ? words.values.none
              : flights.map((one) => `${count(of.in_flight[one])} ${t.flights[one]}`).join(', '),
          ],
        ]}
      />
    </Stack>
  )
}

function columns(
  names: ReadonlyMap<string, string>,
): readonly Column<Reported['report']['points'][number]>[] {
  return [
    { name: t.point, width: 'minmax(10rem, 2fr)', cell: ({ point }) => names.get(point) ?? point },
    {
      name: t.denies,
      width: '9rem',
      cell: ({ denied_ms }) =>
        denied_ms === null ? <State of="waiting" label={t.silent} /> : milliseconds(denied_ms),
    },
    { name: t.lastAllow, width: '9rem', cell: ({ last_allow_ms }) => duration(last_allow_ms) },
    { name: t.nextAllow, width: '9rem', cell: ({ next_allow_ms }) => duration(next_allow_ms) },
  ]
}

function Notes({ of }: { of: Reported['notes'] }) {
  const names = useNames()
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Title order={3}>{t.notes}</Title>
        {of.map((note) => (
          <Stack key={note.entry} gap={0}>
            <Text size="sm" c="dimmed" component="div">
              {names.get(note.author) ?? note.author} · <Time at={note.time} />
            </Text>
            <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {note.text === null ? words.incidents.erased : <SeenText of={note.text} />}
            </Text>
          </Stack>
        ))}
      </Stack>
    </Paper>
  )
}
