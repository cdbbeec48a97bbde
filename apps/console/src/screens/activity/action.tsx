/** One action: what was asked for, what was decided and why, on whose authority, how it ended. @module */
import { Alert, Badge, Group, List, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { Page } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, State } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../agents/names.ts'
import { chainOf } from '../delegations/chain-model.ts'
import { ChainView } from '../delegations/chain-view.tsx'
import { GrantView } from '../delegations/grant-view.tsx'
import { ActionFacts } from './action-facts.tsx'
import { callName, isOfPoint } from './call-name.ts'
import { BasisView } from './basis-view.tsx'
import { FlowView } from './flow-view.tsx'
import { explained } from './reasons.ts'
import type { DecisionReceipt } from './receipt.ts'

const t = words.activity

export type ActionAnswer =
  paths['/v1/actions/{action}']['get']['responses'][200]['content']['application/json']

/** While a call runs, its outcome is on its way. */
const AGAIN_MS = 5_000

export function Action() {
  const { action } = useParams({ from: '/inside/activity/$action' })
  const { entry } = useSearch({ from: '/inside/activity/$action' })
  const found = useQuery({
    queryKey: ['action', action, entry],
    queryFn: () =>
      said(
        api.GET('/v1/actions/{action}', {
          params: { path: { action }, query: entry === undefined ? {} : { entry } },
        }),
      ),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && data.decision === 'allow' && data.outcome === null ? AGAIN_MS : false,
  })
  return <Answer of={found}>{(data) => <ActionPage action={data} />}</Answer>
}

function ActionPage({ action }: { action: ActionAnswer }) {
  const names = useNames()
  // As the point signed it and the log took it: parsed there (src/log/receipt.ts).
  const receipt = action.receipt as unknown as DecisionReceipt
  const { flow, debits, basis } = receipt
  const call = callName(action)
  const { delegation } = action
  const terms = useQuery({
    queryKey: ['delegations', delegation, 'terms'],
    queryFn: () =>
      said(api.GET('/v1/delegations/{jti}/terms', { params: { path: { jti: delegation ?? '' } } })),
    enabled: delegation !== null,
  })
  const signers = terms.data?.signers ?? []
  const grant = action.chain.flatMap(({ grants }) => grants).find(({ digest }) => digest === receipt.grant)
  return (
    <Page
      title={call}
      lead={
        <Group gap="xs">
          <State of={action.decision} label={t.decisions[action.decision]} />
          {action.outcome !== null && <State of={action.outcome} label={t.outcomes[action.outcome]} />}
          {action.canary && (
            <Badge variant="light" color="gray" tt="none">
              {t.selfCheck}
            </Badge>
          )}
          <Id of={action.action} />
        </Group>
      }
    >
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Stack>
          <Part title={t.what}>
            <Why
              action={action}
              who={action.agent === null ? t.somebody : names.of(action.agent)}
              call={call}
            />
          </Part>
          <Part title={t.grant}>
            {grant === undefined ? <Text c="dimmed">{t.noGrant}</Text> : <GrantView grant={grant.grant} />}
            {debits.length > 0 && (
              <>
                <Title order={3} size="h4">
                  {t.debits}
                </Title>
                <List size="sm">
                  {debits.map((one) => (
                    <List.Item key={`${one.jti} ${one.grant} ${one.measure} ${one.unit} ${one.per}`}>
                      {t.debit(
                        count(one.amount),
                        one.unit === '1' ? one.measure : `${one.measure} (${one.unit})`,
                        one.period === 'all' ? one.per : one.period,
                      )}
                    </List.Item>
                  ))}
                </List>
              </>
            )}
          </Part>
        </Stack>
        <Part title={t.facts}>
          <ActionFacts action={action} signers={signers} receipt={receipt} names={names} />
        </Part>
      </SimpleGrid>
      {flow !== undefined && (
        <Part title={t.flow}>
          <FlowView flow={flow} call={call} />
        </Part>
      )}
      {basis !== undefined && (
        <Part title={t.basis}>
          <BasisView basis={basis} />
        </Part>
      )}
      {action.chain.length > 0 && (
        <Part title={t.chain}>
          <ChainView chain={chainOf({ jti: delegation, signers, segments: action.chain }, names)} />
        </Part>
      )}
    </Page>
  )
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{title}</Title>
        {children}
      </Stack>
    </Paper>
  )
}

function Why({ action, who, call }: { action: ActionAnswer; who: string; call: string }) {
  const text = { allow: t.allowedText, deny: t.deniedText, step_up: t.askedText }[action.decision]
  return (
    <>
      <Text fw={600}>{action.agent === null && isOfPoint(action) ? t.ownText(call) : text(who, call)}</Text>
      {action.decision === 'allow' && action.reasons.length === 0 && <Text size="sm">{t.whyAllowed}</Text>}
      {action.reasons.map((code) => {
        const { what, todo } = explained(code)
        return (
          <Alert
            key={code}
            variant="light"
            color={action.decision === 'deny' ? 'red' : 'yellow'}
            title={what ?? code}
          >
            <Text size="sm">{todo === null ? t.unknownReason : `${t.todo} ${todo}.`}</Text>
            <Text size="xs" className="mono" mt={4}>
              {code}
            </Text>
          </Alert>
        )
      })}
    </>
  )
}
