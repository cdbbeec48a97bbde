/** On whose authority an agent acts: its delegations in force, drawn together from people to tools. @module */
import { Stack, Text } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { words } from '../../words/words.ts'
import { chainOf, joined } from '../delegations/chain-model.ts'
import { ChainView } from '../delegations/chain-view.tsx'
import type { AgentView } from './agents.tsx'
import { useNames } from './names.ts'

const t = words.agents
/** Delegations of one drawing. */
const DRAWN_MAX = 8

export default function AgentChain({ agent }: { agent: AgentView }) {
  const listed = useQuery({
    queryKey: ['delegations', 'of', agent.id],
    queryFn: () =>
      said(
        api.GET('/v1/delegations', {
          params: { query: { agent: agent.id, status: 'in_force', limit: 100 } },
        }),
      ),
  })
  return (
    <Stack>
      <Text c="dimmed">{t.chainLead}</Text>
      <Answer
        of={listed}
        empty={({ delegations }) => delegations.length === 0}
        nothing={
          <Empty
            title={words.delegations.none}
            next={
              <TextLink to="/delegations" search={{ agent: agent.id }}>
                {t.allDelegations}
              </TextLink>
            }
          >
            {t.noDelegations}
          </Empty>
        }
      >
        {({ delegations }) => (
          <>
            <Drawn jtis={delegations.slice(0, DRAWN_MAX).map(({ jti }) => jti)} />
            {delegations.length > DRAWN_MAX && (
              <Text size="sm">{t.chainMore(delegations.length - DRAWN_MAX)}</Text>
            )}
            <TextLink to="/delegations" search={{ agent: agent.id }}>
              {t.allDelegations}
            </TextLink>
          </>
        )}
      </Answer>
    </Stack>
  )
}

function Drawn({ jtis }: { jtis: readonly string[] }) {
  const names = useNames()
  const terms = useQueries({
    queries: jtis.map((jti) => ({
      queryKey: ['delegations', jti, 'terms'],
      queryFn: () => said(api.GET('/v1/delegations/{jti}/terms', { params: { path: { jti } } })),
    })),
  })
  const chains = terms.flatMap(({ data }, i) =>
    data === undefined ? [] : [chainOf({ jti: jtis[i] ?? null, ...data }, names)],
  )
  return <ChainView chain={joined(chains)} />
}
