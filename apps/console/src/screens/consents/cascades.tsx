/** How far withdrawals have reached: which points acknowledged each, and when. Read again while some have not. @module */
import { Progress, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { termLabel } from '../../parts/terms.ts'
import { State, Time } from '../../parts/values.tsx'
import { milliseconds } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { cascadesQuery, type Cascade } from './queries.ts'

const t = words.consents
const AGAIN_MS = 2000

export function Cascades({ subject }: { subject: string }) {
  const cascades = useQuery({
    ...cascadesQuery(subject),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && data.cascades.every(isDone) ? false : AGAIN_MS,
  })
  return (
    <Section title={t.cascades} lead={t.cascadesText}>
      <Answer
        of={cascades}
        empty={(data) => data.cascades.length === 0}
        nothing={<Text c="dimmed">{t.noCascades}</Text>}
      >
        {(data) => (
          <Stack>
            {data.cascades.map((cascade) => (
              <One key={cascade.entry} cascade={cascade} />
            ))}
          </Stack>
        )}
      </Answer>
    </Section>
  )
}

function isDone({ frames }: Cascade): boolean {
  return frames.every(({ points }) => points.missing.length === 0)
}

function One({ cascade: { time, purposes, frames, delegations } }: { cascade: Cascade }) {
  return (
    <Stack gap="xs">
      <Title order={3}>
        <Time at={time} /> {purposes === null ? t.everyPurpose : purposes.map(termLabel).join(', ')}
      </Title>
      {delegations.length > 0 && <Text size="sm">{t.delegations(delegations.length)}</Text>}
      {frames.map((frame) => (
        <Frame key={frame.seq} frame={frame} />
      ))}
    </Stack>
  )
}

interface Reached {
  readonly id: string
  readonly name: string
  /** Null: not yet. */
  readonly at: string | null
}

function Frame({ frame: { committed, points, heard, listeners } }: { frame: Cascade['frames'][number] }) {
  const rows: readonly Reached[] = [
    ...heard.map(({ point, name, at }) => ({ id: point, name, at })),
    ...points.missing.map(({ point, name }) => ({ id: point, name, at: null })),
  ]
  return (
    <Stack gap="xs">
      <Text size="sm" role="status">
        {t.cascade(points.acknowledged, points.of)}
      </Text>
      <Progress
        value={points.of === 0 ? 100 : (points.acknowledged / points.of) * 100}
        color={points.missing.length === 0 ? 'teal' : 'yellow'}
        aria-label={t.cascade(points.acknowledged, points.of)}
      />
      <Listing<Reached>
        minWidth={420}
        label={t.cascades}
        rows={rows}
        keyOf={({ id }) => id}
        none="–"
        columns={[
          { name: t.point, cell: ({ id, name }) => name || id },
          {
            name: t.heard,
            cell: ({ at }) =>
              at === null ? (
                <State of="waiting" label={t.missing} />
              ) : (
                <>
                  <Time at={at} />{' '}
                  <Text span size="sm" c="dimmed">
                    {t.after(milliseconds(Math.max(0, Date.parse(at) - Date.parse(committed))))}
                  </Text>
                </>
              ),
          },
        ]}
      />
      {listeners.length > 0 && (
        <Text size="sm">
          {t.listeners}:{' '}
          {listeners
            .map(({ listener, taken }) => `${listener} ${taken === null ? t.notTaken : t.taken}`)
            .join(', ')}
        </Text>
      )}
    </Stack>
  )
}
