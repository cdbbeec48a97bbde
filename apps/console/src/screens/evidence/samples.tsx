/** Samples: populations that are frozen, and the rows that are drawn of them. spec/samples.md. @module */
import { Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Pairs, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { EntryLink } from './bits.tsx'
import { DrawSample } from './draw-sample.tsx'
import { Freeze } from './freeze.tsx'
import type { Days, Evidence } from './read.ts'

const t = words.evidence.samples
type Listed = paths['/v1/samples']['get']['responses'][200]['content']['application/json']
export type Freezing = Listed['freezings'][number]

export function Samples({ data, days }: { data: Evidence; days: Days }) {
  const reason = whyNot(useSession(), 'evidence.work')
  const [isFreezing, setFreezing] = useState(false)
  const [drawing, setDrawing] = useState<Freezing | null>(null)
  const samples = useQuery({ queryKey: ['samples'], queryFn: () => said(api.GET('/v1/samples')) })
  const freeze = (
    <ActButton whyNot={reason} onClick={() => setFreezing(true)}>
      {t.freeze}
    </ActButton>
  )
  return (
    <Stack gap="md">
      <Answer
        of={samples}
        empty={({ freezings, samples: drawn }) => freezings.length + drawn.length === 0}
        nothing={
          <Empty title={t.none} next={freeze}>
            {t.noneText}
          </Empty>
        }
      >
        {({ freezings, samples: drawn }) => (
          <>
            <Group justify="space-between" gap="sm">
              <Text size="sm" c="dimmed" maw={720}>
                {t.lead}
              </Text>
              {freeze}
            </Group>
            {drawn.length > 0 && <DrawnRows of={drawn} />}
            {freezings.map((one) => (
              <Frozen
                key={one.id}
                of={one}
                isDrawn={drawn.some(({ frozen }) => frozen === one.entry)}
                reason={reason}
                onDraw={() => setDrawing(one)}
              />
            ))}
          </>
        )}
      </Answer>
      {isFreezing && <Freeze tree={data.tree} days={days} onClose={() => setFreezing(false)} />}
      {drawing !== null && <DrawSample of={drawing} data={data} onClose={() => setDrawing(null)} />}
    </Stack>
  )
}

function DrawnRows({ of }: { of: Listed['samples'] }) {
  return (
    <Rows
      label={t.drawn}
      rows={of}
      keyOf={({ id }) => id}
      columns={[
        {
          name: t.sample,
          width: 'minmax(15rem, 2fr)',
          cell: ({ id }) => (
            <TextLink to="/evidence/samples/$id" params={{ id }}>
              {id}
            </TextLink>
          ),
        },
        { name: t.itemsN, width: '5rem', cell: ({ rows }) => count(rows.length) },
        {
          name: t.population,
          width: 'minmax(11rem, 2fr)',
          cell: (one) => one.population.replaceAll('_', ' '),
        },
        {
          name: t.control,
          width: 'minmax(8rem, 1fr)',
          // A test that was sampled as itself stands in the next column alone.
          cell: ({ control, test }) => (control === `test ${test}` ? '–' : control),
        },
        { name: t.test, width: '5rem', cell: ({ test }) => test },
        { name: t.by, width: '9rem', cell: ({ nonce }) => (nonce === null ? t.management : t.auditor) },
        { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
      ]}
    />
  )
}

function Frozen({
  of,
  isDrawn,
  reason,
  onDraw,
}: {
  of: Freezing
  isDrawn: boolean
  reason: string | null
  onDraw: () => void
}) {
  const { entry, engagement, from, to, populations, anchored } = of
  return (
    <Paper withBorder p="md" component="section" aria-label={t.frozen(engagement)}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={2}>{t.frozen(engagement)}</Title>
          <Text size="sm" c="dimmed">
            <Time at={from} /> – <Time at={to} />. {t.entry} <EntryLink index={entry} isInText />
          </Text>
        </div>
        <ActButton whyNot={reason} variant="default" onClick={onDraw}>
          {t.draw}
        </ActButton>
      </Group>
      <Group gap="xs" my="sm">
        {anchored === null ? (
          <>
            <State of="waiting" label={t.notSeen} />
            <Text size="sm">{t.notSeenText}</Text>
          </>
        ) : (
          <>
            <State of="active" label={t.seen} />
            <Text size="sm">
              {isDrawn ? t.seenDrawnText : t.seenText} <EntryLink index={anchored.entry} isInText />,{' '}
              <Time at={anchored.time} />
            </Text>
          </>
        )}
      </Group>
      <Pairs
        of={populations.map(({ name, count: n, sha256 }) => [
          name.replaceAll('_', ' '),
          <Text key={name} size="sm">
            {t.rowsN(count(n))} <span className="mono">{sha256.slice(0, 16)}…</span>
          </Text>,
        ])}
      />
    </Paper>
  )
}
