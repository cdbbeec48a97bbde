/** How well the record is kept: points that follow, the log that grows and is signed. @module */
import { Paper, Stack, Text, Title } from '@mantine/core'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api, ApiFault, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { TextLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { Pairs, State, Time } from '../../parts/values.tsx'
import { count, milliseconds } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Fleet } from './fleet.ts'

const t = words.overview

export function RecordHealth({ fleet }: { fleet: UseQueryResult<Fleet> }) {
  const checkpoint = useQuery({
    queryKey: ['checkpoint'],
    queryFn: () => said(api.GET('/v1/checkpoints', { params: { query: { at: new Date().toISOString() } } })),
    refetchInterval: 10_000,
  })
  const health = useQuery({
    queryKey: ['healthz'],
    queryFn: () => said(api.GET('/healthz')),
    refetchInterval: 10_000,
  })
  const samples = useQuery({
    queryKey: ['capacity'],
    queryFn: () => said(api.GET('/v1/capacity')),
    refetchInterval: 60_000,
  })
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.record}</Title>
        <Answer of={checkpoint}>
          {({ size, time, note }) => (
            <Pairs
              of={[
                [t.health, <Publishing key="health" health={health} />],
                [
                  t.entries,
                  <TextLink key="log" to="/log">
                    {count(size)}
                  </TextLink>,
                ],
                [t.signed, <Time key="time" at={time} ago />],
                [t.cosigned, <Cosigned key="cosigned" n={signaturesIn(note) - 1} />],
              ]}
            />
          )}
        </Answer>
        <Answer of={samples}>
          {(data) => <Pairs of={[[t.revocation, <Revoked key="revoked" samples={data.samples} />]]} />}
        </Answer>
        <Answer of={fleet}>{({ points }) => <Points all={points} />}</Answer>
      </Stack>
    </Paper>
  )
}

/** Nothing is said of what was not heard. */
function Publishing({ health }: { health: UseQueryResult }) {
  if (health.isPending) return <State of="retired" label={words.states.loading} />
  if (!health.isError) return <State of="active" label={t.publishing} />
  const isAway = health.error instanceof ApiFault && health.error.status === 0
  return isAway ? (
    <State of="retired" label={words.states.offline} />
  ) : (
    <State of="revoked" label={t.notPublishing} />
  )
}

/** Of a signed note. */
function signaturesIn(note: string): number {
  return note.split('\n').filter((line) => line.startsWith('— ')).length
}

function Cosigned({ n }: { n: number }) {
  return n > 0 ? count(n) : <State of="waiting" label={t.notCosigned} />
}

type Point = Fleet['points'][number]
/** The worst first. */
const TROUBLES: readonly Point['state'][] = ['behind', 'never', 'quiet', 'live']
const SHOWN_MAX = 8

function Points({ all }: { all: readonly Point[] }) {
  const points = all.toSorted((a, b) => TROUBLES.indexOf(a.state) - TROUBLES.indexOf(b.state))
  return (
    <>
      <Pairs
        of={points
          .slice(0, SHOWN_MAX)
          .map(
            ({ id, name, state, behind }) =>
              [name || id, <State key={id} of={POINT[state]} label={t.point(state, behind)} />] as const,
          )}
      />
      {points.length > SHOWN_MAX && (
        <Text size="sm" c="dimmed">
          {t.morePoints(points.length - SHOWN_MAX)}
        </Text>
      )}
    </>
  )
}

type Samples = paths['/v1/capacity']['get']['responses'][200]['content']['application/json']['samples']

/** Of the last hour in which something was revoked: from the commit until a point said that it denies. */
function Revoked({ samples }: { samples: Samples }) {
  const last = samples.find(({ revocation_ms }) => revocation_ms !== null)
  if (last?.revocation_ms === null || last === undefined) return t.noRevocation
  const { p50, p99, n } = last.revocation_ms
  return (
    <>
      {t.revoked(milliseconds(p50), milliseconds(p99), n)} <Time at={last.hour} ago />
    </>
  )
}

const POINT = { live: 'active', behind: 'waiting', quiet: 'retired', never: 'retired' } as const
