/** A delegation: what it allows in plain words, who stands behind it, and how to end it. @module */
import { Grid, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ButtonLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { ReasonDialog } from '../../parts/reason-dialog.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import { useNames } from '../agents/names.ts'
import { Limits } from '../agents/limits.tsx'
import { Following, type Followed } from './following.tsx'
import { chainOf, type Terms } from './chain-model.ts'
import { ChainView } from './chain-view.tsx'
import { GrantView } from './grant-view.tsx'
import { statusOf, type DelegationRow } from './queries.ts'
import { TermsView } from './terms-view.tsx'

const t = words.delegations

export function Delegation() {
  const { jti } = useParams({ from: '/inside/delegations/$jti' })
  const found = useQuery({
    queryKey: ['delegations', jti],
    queryFn: () => said(api.GET('/v1/delegations/{jti}', { params: { path: { jti } } })),
  })
  return <Answer of={found}>{(data) => <DelegationPage of={data} />}</Answer>
}

function DelegationPage({ of: row }: { of: DelegationRow }) {
  const session = useSession()
  const queries = useQueryClient()
  const names = useNames()
  const [asking, setAsking] = useState(false)
  const [followed, setFollowed] = useState<Followed | null>(null)
  const { jti } = row
  const terms = useQuery({
    queryKey: ['delegations', jti, 'terms'],
    queryFn: () => said(api.GET('/v1/delegations/{jti}/terms', { params: { path: { jti } } })),
  })
  const status = statusOf(row, session.now)
  const revoke = useMutation({
    mutationFn: (reason: string) =>
      said(api.POST('/v1/revocations', { body: { kind: 'delegation', target: jti, reason } })),
    onSuccess: ({ frames, acknowledged_at }) => {
      setAsking(false)
      setFollowed({ seq: Math.max(...frames), at: acknowledged_at })
      void queries.invalidateQueries({ queryKey: ['delegations'] })
    },
  })
  const refuse =
    status === 'revoked' ? t.isRevoked : status === 'expired' ? t.isOver : whyNot(session, 'stop')
  return (
    <Page
      title={`${t.delegation}: ${names.of(row.agent)}`}
      lead={
        <Group gap="xs">
          <State of={status} label={t.statuses[status]} />
          <Id of={jti} />
        </Group>
      }
      actions={
        <>
          <ButtonLink variant="default" to="/activity" search={{ delegation: jti }}>
            {t.calls}
          </ButtonLink>
          <ActButton color="red" whyNot={refuse} onClick={() => setAsking(true)}>
            {t.revoke}
          </ActButton>
        </>
      }
    >
      {followed !== null && <Following of={followed} />}
      <Answer of={terms}>{(data) => <Allowed row={row} terms={data} />}</Answer>
      {asking && (
        <ReasonDialog
          title={t.revoke}
          consequences={t.revokeText(names.of(row.agent))}
          danger
          take={revoke.mutate}
          pending={revoke.isPending}
          error={revoke.error}
          onClose={() => setAsking(false)}
        />
      )}
    </Page>
  )
}

function Allowed({ row, terms: { segments, signers, is_cut } }: { row: DelegationRow; terms: Terms }) {
  const names = useNames()
  const [root] = segments
  const grants = root?.grants ?? []
  const chain = chainOf({ jti: row.jti, signers, segments, revoked: row.revoked }, names)
  return (
    <Grid>
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Stack>
          {grants.length === 0 && (
            <Part title={t.may}>
              <Text c="dimmed">{t.pruned}</Text>
            </Part>
          )}
          {grants.map(({ digest, grant }, i) => (
            <Part key={digest} title={grants.length === 1 ? t.may : t.mayOf(i + 1, grants.length)}>
              <GrantView grant={grant} />
            </Part>
          ))}
          <Part title={t.chain}>
            <ChainView chain={chain} />
            {is_cut && <Text size="sm">{t.chainCut}</Text>}
          </Part>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <Stack>
          <Part title={t.terms}>
            <TermsView row={row} payload={root?.payload ?? null} signers={signers} />
          </Part>
          <Part title={t.limits}>
            <Limits agent={row.agent} delegation={row.jti} none={t.noLimits} />
          </Part>
        </Stack>
      </Grid.Col>
    </Grid>
  )
}
