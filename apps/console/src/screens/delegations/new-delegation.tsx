/** Asking for a delegation: whom, what, for how long; then what is signed, in words; then the passkey. @module */
import { Alert, Button, Grid, Group, Stack } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import { agentsQuery, pointsQuery } from '../../parts/names.ts'
import type { AgentView } from '../agents/agents.tsx'
import { DraftShown } from './draft-shown.tsx'
import { emptyForm, grantOf } from './grant-form.ts'
import { Preview } from './new-preview.tsx'
import { Grants, Terms, Whom, type Asked } from './new-parts.tsx'
import type { Drafted } from './queries.ts'
import { SignDraft } from './sign-draft.tsx'
import { useTemplate, type Template } from './template.ts'

const t = words.delegations.new
/** A working day, unless the template allows less. */
const USUAL_S = 8 * 3600

export function NewDelegation() {
  const agents = useQuery(agentsQuery)
  const points = useQuery(pointsQuery)
  const able = (all: readonly AgentView[]) =>
    all.filter(({ status, keys }) => status === 'active' && keys.some(({ revoked }) => !revoked))
  return (
    <Page title={t.title} lead={t.lead}>
      <Answer
        of={agents}
        empty={(data) => able(data.agents).length === 0}
        nothing={
          <Empty title={words.delegations.none} next={<TextLink to="/agents">{t.toAgents}</TextLink>}>
            {t.noAgents}
          </Empty>
        }
      >
        {(data) => <Answer of={points}>{() => <Chosen agents={able(data.agents)} />}</Answer>}
      </Answer>
    </Page>
  )
}

function Chosen({ agents }: { agents: readonly AgentView[] }) {
  const { agent: first } = useSearch({ from: '/inside/delegations/new' })
  const [id, setId] = useState(first ?? null)
  const agent = agents.find((one) => one.id === id)
  const template = useTemplate(agent?.class)
  if (agent === undefined || template === undefined)
    return (
      <Part title={t.whom}>
        <Whom agents={agents} agent={agent} onAgent={setId} asked={null} onChange={() => undefined} />
      </Part>
    )
  // Another agent may have another template: what was put together for one is not for the other.
  return <Form key={agent.id} agents={agents} agent={agent} template={template} onAgent={setId} />
}

function Form({
  agents,
  agent,
  template,
  onAgent,
}: {
  agents: readonly AgentView[]
  agent: AgentView
  template: Template
  onAgent: (id: string | null) => void
}) {
  const session = useSession()
  const [asked, setAsked] = useState<Asked>(() => ({
    jkt: agent.keys.find(({ revoked }) => !revoked)?.jkt ?? '',
    aud: [],
    grants: (template.grants ?? [null]).map(emptyForm),
    ttl_s: Math.min(USUAL_S, template.ttl_s_max),
    depth_max: 0,
    instruction: '',
  }))
  const grants = asked.grants.map(grantOf).filter((grant) => grant !== null)
  const isWhole = grants.length === asked.grants.length && grants.length > 0 && asked.aud.length > 0
  const draft = useMutation({
    mutationFn: () => {
      const { jkt, aud, ttl_s, depth_max, instruction } = asked
      const body = { agent: agent.id, jkt, aud: [...aud], grants, ttl_s, depth_max }
      return said(
        api.POST('/v1/delegations/drafts', {
          body: { ...body, ...(instruction.trim() !== '' && { instruction: instruction.trim() }) },
        }),
      )
    },
  })
  if (draft.data !== undefined)
    return <Signing agent={agent.id} drafted={draft.data} onBack={() => draft.reset()} />
  const refuse = isWhole ? whyNot(session, 'delegate') : t.incomplete
  return (
    <Grid>
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Stack>
          <Part title={t.whom}>
            <Whom agents={agents} agent={agent} onAgent={onAgent} asked={asked} onChange={setAsked} />
          </Part>
          <Part title={t.what}>
            <Grants template={template} asked={asked} onChange={setAsked} />
          </Part>
          <Part title={t.terms}>
            <Terms template={template} asked={asked} onChange={setAsked} />
          </Part>
          {draft.isError && (
            <Alert color="red" role="alert">
              {faultText(draft.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <ActButton whyNot={refuse} loading={draft.isPending} onClick={() => draft.mutate()}>
              {t.next}
            </ActButton>
          </Group>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <Preview asked={asked} template={template} />
      </Grid.Col>
    </Grid>
  )
}

function Signing({ agent, drafted, onBack }: { agent: string; drafted: Drafted; onBack: () => void }) {
  const { jti } = drafted
  const discard = useMutation({
    mutationFn: () => said(api.POST('/v1/delegations/drafts/{jti}/decline', { params: { path: { jti } } })),
    onSettled: onBack, // one that was not discarded ends by itself
  })
  return (
    <Stack maw={760}>
      <Part title={t.signing}>
        <Alert variant="light">{t.signingText}</Alert>
        <DraftShown draft={drafted} />
        {drafted.approvers !== null && <Alert color="yellow">{t.waitsForOthers(drafted.approvers.m)}</Alert>}
        <SignDraft jti={jti} agent={agent} draft={drafted} isPrincipal />
        <Group>
          <Button variant="subtle" color="gray" loading={discard.isPending} onClick={() => discard.mutate()}>
            {t.back}
          </Button>
        </Group>
      </Part>
    </Stack>
  )
}
