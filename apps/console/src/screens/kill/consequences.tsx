/** What a kill would hit, counted from the registers before anybody signs. @module */
import { Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { Answer } from '../../parts/states.tsx'
import { Figure } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Scope } from './kill-queries.ts'

const t = words.kill
const PAGE = 1_000
/** Pages of delegations that are counted. */
const PAGES_MAX = 5
const NAMED_MAX = 12

interface Registers {
  readonly agents: readonly {
    id: string
    name: string
    class: string
    status: string
    systems: readonly string[]
  }[]
  readonly points: readonly { id: string; name: string; servers: readonly string[] }[]
  readonly tools: readonly { server: string; system: string }[]
  readonly delegations: readonly { agent: string; exp: number; revoked: boolean }[]
  readonly isAll: boolean
}

export const registersQuery = {
  queryKey: ['kills', 'registers'],
  queryFn: async (): Promise<Registers> => {
    const [{ agents }, { points }, { tools }, delegations] = await Promise.all([
      said(api.GET('/v1/agents')),
      said(api.GET('/v1/points')),
      said(api.GET('/v1/tools')),
      allDelegations(),
    ])
    return { agents, points, tools, ...delegations }
  },
} as const

async function allDelegations(): Promise<Pick<Registers, 'delegations' | 'isAll'>> {
  const found: { agent: string; exp: number; revoked: boolean; jti: string }[] = []
  for (let page = 0; page < PAGES_MAX; page++) {
    const before = found.at(-1)?.jti
    const query = { limit: PAGE, ...(before === undefined ? {} : { before }) }
    const { delegations } = await said(api.GET('/v1/delegations', { params: { query } }))
    found.push(...delegations)
    if (delegations.length < PAGE) return { delegations: found, isAll: true }
  }
  return { delegations: found, isAll: false }
}

export interface Hit {
  readonly agents: readonly string[]
  readonly delegations_n: number
  readonly points: readonly string[]
  readonly isHit: (agent: string) => boolean
}

/** @param now_s seconds since 1970, by the control plane's clock. Pure. */
export function hitBy(scope: Scope, of: Registers, now_s: number): Hit {
  const within = of.agents.filter((agent) => {
    if (agent.status === 'retired') return false
    if (scope.kind === 'global') return true
    if (scope.kind === 'agent') return agent.id === scope.id
    return scope.kind === 'class' ? agent.class === scope.id : agent.systems.includes(scope.id)
  })
  const ids = new Set(within.map(({ id }) => id))
  const servers =
    scope.kind === 'system'
      ? new Set([
          scope.id,
          ...of.tools.filter(({ system }) => system === scope.id).map(({ server }) => server),
        ])
      : null
  const points = of.points.filter(
    (point) => servers === null || point.servers.some((one) => servers.has(one)),
  )
  const live = of.delegations.filter((one) => !one.revoked && one.exp > now_s && ids.has(one.agent))
  return {
    agents: within.map(({ name }) => name),
    delegations_n: live.length,
    points: points.map(({ name }) => name),
    isHit: (agent) => ids.has(agent),
  }
}

export function Consequences({ scope }: { scope: Scope | null }) {
  const registers = useQuery(registersQuery)
  return (
    <Paper withBorder p="md" component="section" h="100%" aria-live="polite">
      <Stack gap="sm">
        <Title order={2}>{t.consequences}</Title>
        <Text c="dimmed" size="sm">
          {scope === null ? t.consequencesNone : t.consequencesText}
        </Text>
        {scope !== null && <Answer of={registers}>{(data) => <Counts scope={scope} of={data} />}</Answer>}
      </Stack>
    </Paper>
  )
}

function Counts({ scope, of }: { scope: Scope; of: Registers }) {
  const session = useSession()
  const maySee = whyNot(session, 'calls.decide') === null
  const waiting = useQuery({
    queryKey: ['approvals'],
    queryFn: () => said(api.GET('/v1/approvals')),
    enabled: maySee,
  })
  const hit = hitBy(scope, of, Math.floor(session.now / 1_000))
  const held = (waiting.data?.approvals ?? []).filter(({ agent }) => hit.isHit(agent)).length
  const standing = of.agents.filter(({ status }) => status !== 'retired').length
  const delegationsNote = !of.isAll
    ? t.delegationsMore
    : scope.kind === 'system'
      ? t.delegationsSystem
      : undefined
  return (
    <Stack gap="sm">
      <SimpleGrid cols={2}>
        <Figure label={t.agents} value={count(hit.agents.length)} note={t.ofAll(count(standing))} />
        <Figure label={t.delegations} value={count(hit.delegations_n)} note={delegationsNote} />
        <Figure label={t.points} value={count(hit.points.length)} note={t.ofAll(count(of.points.length))} />
        <Figure
          label={t.waiting}
          value={maySee && waiting.data !== undefined ? count(held) : '–'}
          note={maySee ? undefined : t.waitingUnknown}
        />
      </SimpleGrid>
      <Named label={t.who} of={hit.agents} />
      <Named label={t.where} of={hit.points} />
    </Stack>
  )
}

function Named({ label, of }: { label: string; of: readonly string[] }) {
  if (of.length === 0) return null
  const more = of.length - NAMED_MAX
  return (
    <Text size="sm">
      <Text span c="dimmed">
        {label}:{' '}
      </Text>
      {of.slice(0, NAMED_MAX).join(', ')}
      {more > 0 && ` ${t.andMore(count(more))}`}
    </Text>
  )
}
