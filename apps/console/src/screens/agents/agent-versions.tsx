/** Versions of an agent: what each is made of, who stands behind it. spec/inventory.md (VER-1 to VER-7). @module */
import { Group, List, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { ReasonDialog } from '../../parts/reason-dialog.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, Pairs, State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import type { AgentView } from './agents.tsx'
import { useNames } from './names.ts'
import { ProposeVersion } from './propose-version.tsx'

const t = words.agents
type Version =
  paths['/v1/agents/{id}/versions']['get']['responses'][200]['content']['application/json']['versions'][number]

export default function AgentVersions({ agent }: { agent: AgentView }) {
  const session = useSession()
  const [proposing, setProposing] = useState(false)
  const versions = useQuery({
    queryKey: ['agents', agent.id, 'versions'],
    queryFn: () => said(api.GET('/v1/agents/{id}/versions', { params: { path: { id: agent.id } } })),
  })
  const refuse = agent.status === 'retired' ? t.isRetired : whyNot(session, 'agents.propose')
  const propose = (
    <ActButton variant="default" whyNot={refuse} onClick={() => setProposing(true)}>
      {t.proposeVersion}
    </ActButton>
  )
  return (
    <Stack>
      <Group justify="space-between">
        <Text c="dimmed">{t.versionsLead}</Text>
        {propose}
      </Group>
      <Answer
        of={versions}
        empty={(data) => data.versions.length === 0}
        nothing={
          <Empty title={t.noVersions} next={propose}>
            {t.noVersionsText}
          </Empty>
        }
      >
        {(data) =>
          data.versions.toReversed().map((one) => <One key={one.manifest} agent={agent} version={one} />)
        }
      </Answer>
      {proposing && <ProposeVersion agent={agent.id} onClose={() => setProposing(false)} />}
    </Stack>
  )
}

function One({ agent, version }: { agent: AgentView; version: Version }) {
  const session = useSession()
  const queries = useQueryClient()
  const names = useNames()
  const [open, setOpen] = useState<'approve' | 'withdraw' | null>(null)
  const params = { path: { id: agent.id, manifest: version.manifest } }
  const again = () => void queries.invalidateQueries({ queryKey: ['agents', agent.id] })
  const close = () => setOpen(null)
  const withdraw = useMutation({
    mutationFn: (reason: string) =>
      said(api.POST('/v1/agents/{id}/versions/{manifest}/withdraw', { params, body: { reason } })),
    onSuccess: () => {
      again()
      close()
    },
  })
  return (
    <Part title={String(version.document.version ?? t.unnamed)}>
      <Group gap="xs">
        <State
          of={version.status === 'withdrawn' ? 'removed' : version.status}
          label={t.versionStates[version.status]}
        />
        {version.manifest === agent.manifest && <State of="active" label={t.current} />}
      </Group>
      <Document of={version} by={names.of(version.proposer)} />
      <Group gap="sm">
        {version.status === 'proposed' && (
          <ActButton size="xs" whyNot={whyNot(session, 'agents.approve')} onClick={() => setOpen('approve')}>
            {t.approveVersion}
          </ActButton>
        )}
        {version.status !== 'withdrawn' && (
          <ActButton
            size="xs"
            variant="default"
            whyNot={whyNot(session, 'agents.propose')}
            onClick={() => setOpen('withdraw')}
          >
            {t.withdraw}
          </ActButton>
        )}
      </Group>
      {open === 'approve' && (
        <GestureDialog
          title={t.approveVersion}
          consequences={t.approveVersionText}
          ask={() => said(api.GET('/v1/agents/{id}/versions/{manifest}/approval', { params }))}
          askKey={['version', agent.id, version.manifest]}
          take={(body) => said(api.POST('/v1/agents/{id}/versions/{manifest}/approve', { params, body }))}
          names={names.all}
          onDone={again}
          onClose={close}
        />
      )}
      {open === 'withdraw' && (
        <ReasonDialog
          title={t.withdraw}
          consequences={t.withdrawText}
          danger
          take={(reason) => withdraw.mutate(reason)}
          pending={withdraw.isPending}
          error={withdraw.error}
          onClose={close}
        />
      )}
    </Part>
  )
}

function Document({ of: { document, manifest, proposal, approval }, by }: { of: Version; by: string }) {
  const { model, prompt, tools = [], commit, tests = [], oauth_client } = document
  const entry = (index: number) => (
    <TextLink key={index} to="/log/$index" params={{ index: String(index) }}>
      {index}
    </TextLink>
  )
  return (
    <>
      <Pairs
        of={[
          ...(model === undefined ? [] : [[t.model, model] as const]),
          ...(prompt === undefined ? [] : [[t.prompt, <Id key="prompt" of={prompt} />] as const]),
          ...(tools.length === 0 ? [] : [[t.tools, tools.join(', ')] as const]),
          ...(commit === undefined ? [] : [[t.commit, <Id key="commit" of={commit} />] as const]),
          ...(oauth_client === undefined
            ? []
            : [[t.client, oauth_client.client_name ?? oauth_client.client_id] as const]),
          [t.proposer, by],
          [t.entry, entry(proposal)],
          ...(approval === null ? [] : [[t.approvalEntry, entry(approval)] as const]),
          [t.manifest, <Id key="manifest" of={manifest} />],
        ]}
      />
      {tests.length > 0 && (
        <>
          <Title order={3} size="h4">
            {t.tests}
          </Title>
          <List size="sm">
            {tests.map(({ name, passed, failed }) => (
              <List.Item key={name}>{t.test(name, passed, failed)}</List.Item>
            ))}
          </List>
        </>
      )}
    </>
  )
}
