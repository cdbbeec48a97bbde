/** A draft in which the reader has a part: all that is signed, who has answered, and their own answer. @module */
import { Alert, Button, Grid, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { Page } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { Pairs, State, Time } from '../../parts/values.tsx'
import { useSession } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import { useNames } from '../agents/names.ts'
import { DraftShown } from './draft-shown.tsx'
import type { DraftAnswer } from './queries.ts'
import { SignDraft } from './sign-draft.tsx'

const t = words.delegations

export function Draft() {
  const { jti } = useParams({ from: '/inside/delegations/drafts/$jti' })
  const found = useQuery({
    queryKey: ['delegations', 'drafts', jti],
    queryFn: () => said(api.GET('/v1/delegations/drafts/{jti}', { params: { path: { jti } } })),
    retry: false,
  })
  return <Answer of={found}>{(data) => <DraftPage draft={data} />}</Answer>
}

function DraftPage({ draft }: { draft: DraftAnswer }) {
  const { person } = useSession()
  const names = useNames()
  const [refusing, setRefusing] = useState(false)
  const isPrincipal = draft.principal === person.id
  const own = draft.answers.find((one) => one.person === person.id)?.answer ?? 'open'
  return (
    <Page
      title={t.draft}
      lead={t.draftLead(names.of(draft.agent))}
      actions={
        (isPrincipal || own === 'open' || own === 'approved') && (
          <Button variant="default" color="red" onClick={() => setRefusing(true)}>
            {isPrincipal ? t.end : t.decline}
          </Button>
        )
      }
    >
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Part title={t.new.preview}>
            <DraftShown draft={draft} />
            {own === 'open' || isPrincipal ? (
              <SignDraft jti={draft.jti} agent={draft.agent} draft={draft} isPrincipal={isPrincipal} />
            ) : (
              <Alert color="gray">{own === 'approved' ? t.signed1 : t.declined}</Alert>
            )}
          </Part>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Part title={t.who}>
            <Pairs
              of={[
                ...draft.answers.map(
                  ({ person: id, role, answer }) =>
                    [
                      `${names.of(id)}, ${t.roles[role]}`,
                      <State key={id} of={answer} label={t.answers[answer]} />,
                    ] as const,
                ),
                [t.missing, t.missingText(draft.missing)],
                [t.expires, <Time key="expires" at={draft.expires} />],
              ]}
            />
          </Part>
        </Grid.Col>
      </Grid>
      {refusing && <Refuse jti={draft.jti} isPrincipal={isPrincipal} onClose={() => setRefusing(false)} />}
    </Page>
  )
}

function Refuse({ jti, isPrincipal, onClose }: { jti: string; isPrincipal: boolean; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const title = isPrincipal ? t.end : t.decline
  const refuse = useMutation({
    mutationFn: () => said(api.POST('/v1/delegations/drafts/{jti}/decline', { params: { path: { jti } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['delegations', 'drafts'], exact: true })
      await navigate({ to: '/delegations', search: { tab: 'drafts' } })
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {title}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <Stack>
        <Text>{isPrincipal ? t.endText : t.declineText}</Text>
        {refuse.isError && (
          <Alert color="red" role="alert">
            {faultText(refuse.error)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.gesture.cancel}
          </Button>
          <Button color="red" loading={refuse.isPending} onClick={() => refuse.mutate()}>
            {title}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
