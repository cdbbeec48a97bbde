/** How enforcement points follow a revocation, as they confirm it: nothing is said to be stopped before they said so. @module */
import { Alert, List, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, Radio } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api, said } from '../../api/client.ts'
import { Failed } from '../../parts/states.tsx'
import { milliseconds, relative } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { pointsQuery } from '../../parts/names.ts'

const t = words.delegations
const POLL_MS = 500

export interface Followed {
  /** Number of the last frame. */
  readonly seq: number
  /** When it was recorded, milliseconds since 1970 by the control plane's clock. */
  readonly at: number
}

export function Following({ of: { seq } }: { of: Followed }) {
  // By one clock, that of this browser: it can only say more than it was, never less.
  const [began] = useState(() => performance.now())
  const [seen, setSeen] = useState<Readonly<Record<string, number>>>({})
  const points = useQuery(pointsQuery).data?.points
  const acks = useQuery({
    queryKey: ['revocations', seq, 'acks'],
    queryFn: () => said(api.GET('/v1/revocations/{seq}/acks', { params: { path: { seq } } })),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && data.acknowledged >= data.of ? false : POLL_MS,
    staleTime: 0,
  })
  const { data, dataUpdatedAt } = acks
  useEffect(() => {
    if (data === undefined || points === undefined) return
    const after_ms = performance.now() - began
    const missing = new Set(data.missing.map(({ point }) => point))
    const followed = points.filter(({ id }) => !missing.has(id)).map(({ id }) => [id, after_ms] as const)
    setSeen((old) => ({ ...Object.fromEntries(followed), ...old }))
  }, [data, dataUpdatedAt, points, began])
  if (data === undefined)
    return acks.isError ? <Failed error={acks.error} again={() => void acks.refetch()} /> : null
  const { of, acknowledged, missing } = data
  const isDone = acknowledged >= of
  const isStale = acks.isError && !isDone
  return (
    <Alert
      color={isDone ? 'teal' : 'yellow'}
      icon={isDone ? <CircleCheck aria-hidden /> : <Radio aria-hidden />}
      title={`${t.frame(seq)}: ${t.following}`}
      role="status"
      data-testid="following"
    >
      <Stack gap="xs">
        <Text size="sm">
          {of === 0 ? t.noPoints : isDone ? t.allFollowed(of) : t.followed(acknowledged, of)}
        </Text>
        {isStale && (
          <Text size="sm" role="alert">
            {words.states.stale(relative(dataUpdatedAt, Date.now()))} {acks.error.message}
          </Text>
        )}
        {of > 0 && (
          <Progress
            value={(acknowledged / of) * 100}
            color={isDone ? 'teal' : 'yellow'}
            aria-label={t.following}
          />
        )}
        <List size="sm">
          {points
            ?.filter(({ id }) => seen[id] !== undefined)
            .map(({ id, name }) => (
              <List.Item key={id}>
                {name}: {t.followedAfter(milliseconds(Math.round(seen[id] ?? 0)))}
              </List.Item>
            ))}
          {missing.map(({ point, name }) => (
            <List.Item key={point}>
              {name}: {t.stillMissing}
            </List.Item>
          ))}
        </List>
      </Stack>
    </Alert>
  )
}
