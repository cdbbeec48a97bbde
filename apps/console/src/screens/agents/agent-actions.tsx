/** What can be done with an agent: approve, activate, authorize, oversee, lift, stop. @module */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { ReasonDialog } from '../../parts/reason-dialog.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import type { Followed } from '../delegations/following.tsx'
import type { AgentView } from './agents.tsx'
import { IsolateDialog, OverseeDialog } from './isolate-dialog.tsx'
import { useNames } from './names.ts'
import { StopMenu } from './stop-menu.tsx'

const t = words.agents

type Open = 'approve' | 'revoke' | 'activate' | 'isolate' | 'oversee' | 'lift' | 'end' | null
export type Level = 'none' | 'watch' | 'step_up' | 'isolated'

export function AgentActions({
  agent,
  level,
  onFrames,
}: {
  agent: AgentView
  level: Level
  /** Something was revoked: points follow. */
  onFrames: (followed: Followed) => void
}) {
  const session = useSession()
  const navigate = useNavigate()
  const [open, setOpen] = useState<Open>(null)
  const isRetired = agent.status === 'retired'
  const isAble = agent.status === 'active' && agent.keys.some(({ revoked }) => !revoked)
  const mayIsolate =
    level === 'isolated' ? t.alreadyIsolated : isRetired ? t.isRetired : whyNot(session, 'isolate')
  return (
    <>
      {agent.status === 'proposed' && (
        <ActButton whyNot={whyNot(session, 'agents.approve')} onClick={() => setOpen('approve')}>
          {t.approve}
        </ActButton>
      )}
      {(agent.status === 'approved' || agent.status === 'suspended') && (
        <ActButton whyNot={whyNot(session, 'agents.propose')} onClick={() => setOpen('activate')}>
          {t.activate}
        </ActButton>
      )}
      {agent.status === 'active' && (
        <ActButton
          whyNot={isAble ? whyNot(session, 'delegate') : t.notActive}
          onClick={() => void navigate({ to: '/delegations/new', search: { agent: agent.id } })}
        >
          {t.authorize}
        </ActButton>
      )}
      {level === 'isolated' && (
        <ActButton
          variant="default"
          whyNot={whyNot(session, 'second.person')}
          onClick={() => setOpen('lift')}
        >
          {t.lift}
        </ActButton>
      )}
      {level === 'step_up' ? (
        <ActButton variant="default" whyNot={whyNot(session, 'second.person')} onClick={() => setOpen('end')}>
          {t.endOversight}
        </ActButton>
      ) : (
        agent.status === 'active' && (
          <ActButton variant="default" whyNot={mayIsolate} onClick={() => setOpen('oversee')}>
            {t.oversee}
          </ActButton>
        )
      )}
      {isRetired ? (
        <ActButton color="red" variant="outline" whyNot={t.isRetired} onClick={() => undefined}>
          {t.stop.label}
        </ActButton>
      ) : (
        <StopMenu
          agent={agent.id}
          mayIsolate={mayIsolate}
          onIsolate={() => setOpen('isolate')}
          onRevoke={() => setOpen('revoke')}
        />
      )}
      <Dialogs agent={agent} open={open} onClose={() => setOpen(null)} onFrames={onFrames} />
    </>
  )
}

function Dialogs({
  agent,
  open,
  onClose,
  onFrames,
}: {
  agent: AgentView
  open: Open
  onClose: () => void
  onFrames: (followed: Followed) => void
}) {
  const queries = useQueryClient()
  const names = useNames()
  const params = { path: { id: agent.id } }
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['agents'] })
    void queries.invalidateQueries({ queryKey: ['isolation'] })
    void queries.invalidateQueries({ queryKey: ['delegations'] })
  }
  const gesture = { names: { ...names.all, [agent.id]: agent.name }, onDone: again, onClose }
  switch (open) {
    case 'approve':
      return (
        <GestureDialog
          {...gesture}
          title={t.approve}
          consequences={t.approveText(agent.name)}
          ask={() => said(api.GET('/v1/agents/{id}/approval', { params }))}
          askKey={['agent', agent.id, 'approval']}
          take={(body) => said(api.POST('/v1/agents/{id}/approve', { params, body }))}
        />
      )
    case 'lift':
      return (
        <GestureDialog
          {...gesture}
          title={t.lift}
          consequences={t.liftText(agent.name)}
          ask={() => said(api.GET('/v1/agents/{id}/isolation/lifting', { params }))}
          askKey={['agent', agent.id, 'lifting']}
          take={(body) => said(api.POST('/v1/agents/{id}/isolation/lift', { params, body }))}
        />
      )
    case 'end':
      return (
        <GestureDialog
          {...gesture}
          title={t.endOversight}
          consequences={t.endOversightText(agent.name)}
          ask={() => said(api.GET('/v1/agents/{id}/oversight/ending', { params }))}
          askKey={['agent', agent.id, 'ending']}
          take={(body) => said(api.POST('/v1/agents/{id}/oversight/end', { params, body }))}
        />
      )
    case 'isolate':
      return <IsolateDialog agent={agent} onDone={again} onFrames={onFrames} onClose={onClose} />
    case 'oversee':
      return <OverseeDialog agent={agent} onDone={again} onClose={onClose} />
    case 'activate':
    case 'revoke':
      return <WithReason agent={agent} to={open} onDone={again} onFrames={onFrames} onClose={onClose} />
    case null:
      return null
  }
}

function WithReason({
  agent,
  to,
  onDone,
  onFrames,
  onClose,
}: {
  agent: AgentView
  to: 'activate' | 'revoke'
  onDone: () => void
  onFrames: (followed: Followed) => void
  onClose: () => void
}) {
  const act = useMutation({
    mutationFn: async (reason: string): Promise<Followed | null> => {
      if (to === 'activate') {
        await said(
          api.POST('/v1/agents/{id}/activate', { params: { path: { id: agent.id } }, body: { reason } }),
        )
        return null
      }
      const answer = await said(
        api.POST('/v1/revocations', { body: { kind: 'agent', target: agent.id, reason } }),
      )
      return { seq: Math.max(...answer.frames), at: answer.acknowledged_at }
    },
    onSuccess: (followed) => {
      if (followed !== null) onFrames(followed)
      onDone()
      onClose()
    },
  })
  return (
    <ReasonDialog
      title={to === 'revoke' ? t.revoke : t.activate}
      consequences={to === 'revoke' ? t.revokeText(agent.name) : t.activateText(agent.name)}
      danger={to === 'revoke'}
      take={(reason) => act.mutate(reason)}
      pending={act.isPending}
      error={act.error}
      onClose={onClose}
      {...(to === 'activate' && { usual: ['approved', 'repaired', 'test'] })}
    />
  )
}
