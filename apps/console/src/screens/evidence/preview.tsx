/** One auditor's preview: granted by a gesture, handed over by an invitation that is shown once, ended at any time. @module */
import { Grid, Paper, Stack, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { ReasonDialog } from '../../parts/reason-dialog.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { Comments } from './comments.tsx'
import { EvidencePage } from './frame.tsx'
import { Invitation } from './invitation.tsx'
import { PreviewState } from './previews.tsx'
import { useNames, useSeparated, type PreviewGrant } from './read.ts'
import { Requests } from './requests.tsx'

const t = words.evidence.previews

export function PreviewScreen() {
  const { id } = useParams({ from: '/inside/evidence/previews/$id' })
  const preview = useQuery({
    queryKey: ['previews', id],
    queryFn: () => said(api.GET('/v1/previews/{id}', { params: { path: { id } } })),
  })
  return <Answer of={preview}>{(data) => <Shown of={data} />}</Answer>
}

type Open = 'approve' | 'invite' | 'revoke' | null

function Shown({ of }: { of: PreviewGrant }) {
  const names = useNames()
  const [open, setOpen] = useState<Open>(null)
  return (
    <EvidencePage
      at="previews"
      title={t.previewOf(of.auditor ?? t.erased)}
      lead={<Id of={of.preview} />}
      actions={<Acts of={of} onOpen={setOpen} />}
    >
      <Grid>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Paper withBorder p="md" component="section">
            <Stack gap="sm">
              <Title order={2}>{t.scope}</Title>
              <Pairs
                of={[
                  [t.status, <PreviewState key="status" of={of.status} />],
                  [t.firm, of.firm ?? t.erased],
                  [t.period, `${of.period.from.slice(0, 10)} – ${of.period.to.slice(0, 10)}`],
                  [t.criteria, of.criteria.join(', ')],
                  [t.until, <Time key="until" at={of.expires} />],
                  [t.proposer, names.get(of.proposer) ?? of.proposer],
                  [t.holder, of.holder === null ? t.noHolder : t.holders[of.holder]],
                  [t.looks, of.looks_n],
                  [t.looked, of.looked === null ? words.values.never : <Time key="looked" at={of.looked} />],
                ]}
              />
            </Stack>
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="md">
            <Paper withBorder p="md" component="section">
              <Stack gap="sm">
                <Title order={2}>{t.requests}</Title>
                <Requests preview={of.preview} />
              </Stack>
            </Paper>
            <Comments preview={of} />
          </Stack>
        </Grid.Col>
      </Grid>
      <Dialogs of={of} open={open} onClose={() => setOpen(null)} />
    </EvidencePage>
  )
}

function Acts({ of, onOpen }: { of: PreviewGrant; onOpen: (open: Open) => void }) {
  const session = useSession()
  const isSeparated = useSeparated()
  const refuse = whyNot(session, 'auditors.admit')
  const isOver = of.status === 'revoked' || of.status === 'expired'
  return (
    <>
      {of.status === 'waiting' && (
        <ActButton
          whyNot={refuse ?? (isSeparated && of.proposer === session.person.id ? t.notOwn : null)}
          onClick={() => onOpen('approve')}
        >
          {t.approve}
        </ActButton>
      )}
      <ActButton
        variant={of.status === 'granted' ? 'filled' : 'default'}
        whyNot={isOver ? t.isOver : of.status === 'waiting' ? t.notGranted : refuse}
        onClick={() => onOpen('invite')}
      >
        {t.invite}
      </ActButton>
      <ActButton color="red" whyNot={isOver ? t.isOver : refuse} onClick={() => onOpen('revoke')}>
        {t.revoke}
      </ActButton>
    </>
  )
}

function Dialogs({ of, open, onClose }: { of: PreviewGrant; open: Open; onClose: () => void }) {
  const queries = useQueryClient()
  const params = { path: { id: of.preview } }
  const again = () => void queries.invalidateQueries({ queryKey: ['previews'] })
  const revoke = useMutation({
    mutationFn: (reason: string) => said(api.POST('/v1/previews/{id}/revoke', { params, body: { reason } })),
    onSuccess: () => {
      again()
      onClose()
    },
  })
  const name = of.auditor ?? t.erased
  if (open === 'approve')
    return (
      <GestureDialog
        title={t.approve}
        consequences={t.approveText(name)}
        ask={() => said(api.GET('/v1/previews/{id}/approval', { params }))}
        askKey={['preview', of.preview]}
        take={(body) => said(api.POST('/v1/previews/{id}/approve', { params, body }))}
        names={{ [of.preview]: name }}
        onDone={again}
        onClose={onClose}
      />
    )
  if (open === 'invite') return <Invitation of={of} onClose={onClose} />
  if (open === 'revoke')
    return (
      <ReasonDialog
        title={t.revoke}
        consequences={t.revokeText(name)}
        danger
        usual={['engagement_over', 'wrong_scope', 'auditor_changed', 'key_exposed']}
        take={(reason) => revoke.mutate(reason)}
        pending={revoke.isPending}
        error={revoke.error}
        onClose={onClose}
      />
    )
  return null
}
