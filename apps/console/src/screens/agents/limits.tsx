/** What an agent spent of the limits of its delegations that stand, each as a bar and in figures. @module */
import { Box, Group, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { count, percent } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { shortId } from '../delegations/chain-model.ts'

const t = words.agents
/** Above this share a limit is nearly used up. */
const NEAR = 0.9
const AGAIN_MS = 15_000

export function healthQuery(id: string) {
  return {
    queryKey: ['fleet', 'agents', id],
    queryFn: () => said(api.GET('/v1/fleet/agents/{id}', { params: { path: { id } } })),
    refetchInterval: AGAIN_MS,
  } as const
}

/** @param delegation only those of this one */
export function Limits({ agent, delegation, none }: { agent: string; delegation?: string; none: string }) {
  const health = useQuery(healthQuery(agent))
  return (
    <Answer of={health}>
      {({ limits }) => {
        const own = limits.filter((one) => delegation === undefined || one.delegation === delegation)
        if (own.length === 0) return <Text c="dimmed">{none}</Text>
        return (
          <Stack gap="sm">
            {own.map((one) => (
              <Bar
                key={`${one.delegation} ${one.measure} ${one.unit} ${one.per} ${one.period}`}
                of={one}
                named={delegation === undefined}
              />
            ))}
          </Stack>
        )
      }}
    </Answer>
  )
}

interface Limit {
  readonly delegation: string
  readonly measure: string
  readonly unit: string
  readonly per: string
  readonly period: string
  readonly spent: number
  readonly max: number
}

function Bar({
  of: { delegation, measure, unit, per, period, spent, max },
  named,
}: {
  of: Limit
  named: boolean
}) {
  const share = max === 0 ? 1 : spent / max
  const label = t.limit(
    unit === '1' ? measure : `${measure} (${unit})`,
    period === 'all' ? t.per(per) : period,
  )
  return (
    <Box>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm">{label}</Text>
        <Text size="sm" fw={share > NEAR ? 650 : 400}>
          {t.spentOf(count(spent), count(max), percent(share))}
        </Text>
      </Group>
      <Progress
        value={Math.min(share, 1) * 100}
        color={share > NEAR ? 'red' : 'blue'}
        aria-label={label}
        mt={4}
      />
      {named && (
        <TextLink to="/delegations/$jti" params={{ jti: delegation }} size="xs" className="mono">
          {shortId(delegation)}
        </TextLink>
      )}
    </Box>
  )
}
