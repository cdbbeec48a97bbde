/** One drill: begin it, watch who denies, lift, close it with its report. spec/kill.md (KIL-17 to KIL-19). @module */
import { Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { DrillReport } from './drill-report.tsx'
import { DrillState } from './drills.tsx'
import { KillProgress } from './kill-progress.tsx'
import { drillsQuery, KillDraft, scopeText, switchQuery, type Drill } from './kill-queries.ts'
import { BeginLift, WaitingLift } from './lifts.tsx'

const t = words.kill
const REASON = 'drill'

export function DrillPage({ id }: { id: string }) {
  const drills = useQuery(drillsQuery)
  return (
    <Stack gap="md">
      <TextLink to="/kill" search={{ mode: 'drills' }}>
        <Group gap={4}>
          <ArrowLeft size={16} aria-hidden /> {t.back}
        </Group>
      </TextLink>
      <Answer of={drills}>
        {(data) => {
          const drill = data.drills.find((one) => one.id === id)
          return drill === undefined ? (
            <Empty title={t.drillsNone}>{t.drillsNoneText}</Empty>
          ) : (
            <OneDrill drill={drill} />
          )
        }}
      </Answer>
    </Stack>
  )
}

type Open = { readonly kind: 'start'; readonly draft: KillDraft | null } | { readonly kind: 'close' | 'lift' }

function OneDrill({ drill }: { drill: Drill }) {
  const names = useNames()
  const [open, setOpen] = useState<Open | null>(null)
  const state = useQuery(switchQuery)
  const { kill } = drill
  const isInForce = kill !== null && (state.data?.kills ?? []).some((one) => one.kill.id === kill)
  const lift = kill === null ? undefined : state.data?.lifts.find((one) => one.kills.includes(kill))
  const close = () => setOpen(null)
  return (
    <>
      <Paper withBorder p="md" component="section">
        <Group justify="space-between" gap="sm" align="flex-start">
          <Stack gap={4}>
            <Group gap="xs">
              <Title order={2}>{scopeText(drill.scope, names)}</Title>
              <DrillState of={drill.status} />
            </Group>
            <Text size="sm" c="dimmed" component="div">
              {t.modesShort[drill.mode]} · <Time at={drill.at} /> · {t.planner}{' '}
              {names.get(drill.planner) ?? drill.planner}
            </Text>
            <Id of={drill.id} />
          </Stack>
          <Actions drill={drill} isInForce={isInForce} hasLift={lift !== undefined} onOpen={setOpen} />
        </Group>
      </Paper>
      {kill !== null && isInForce && <KillProgress id={kill} />}
      {lift !== undefined && state.data !== undefined && (
        <Stack gap="xs" component="section">
          <Title order={2}>{t.lifts}</Title>
          <WaitingLift lift={lift} of={state.data} />
        </Stack>
      )}
      {drill.status !== 'planned' && !isInForce && <DrillReport id={drill.id} />}
      {open?.kind === 'start' && <StartDialog drill={drill} draft={open.draft} onClose={close} />}
      {open?.kind === 'lift' && kill !== null && <BeginLift kills={[kill]} onClose={close} />}
      {open?.kind === 'close' && <CloseDialog drill={drill} onClose={close} />}
    </>
  )
}

function Actions({
  drill,
  isInForce,
  hasLift,
  onOpen,
}: {
  drill: Drill
  isInForce: boolean
  hasLift: boolean
  onOpen: (open: Open) => void
}) {
  const session = useSession()
  const toClose =
    drill.status === 'closed'
      ? t.isClosed
      : drill.status === 'planned'
        ? t.notBegun
        : isInForce
          ? t.isInForce
          : whyNot(session, 'second.person')
  const draft = () => (drill.mode === 'production' ? new KillDraft(drill.scope, REASON) : null)
  return (
    <Group gap="sm">
      {drill.status === 'planned' && (
        <ActButton
          color={drill.mode === 'production' ? 'red' : 'blue'}
          whyNot={whyNot(session, 'kill')}
          onClick={() => onOpen({ kind: 'start', draft: draft() })}
        >
          {t.start}
        </ActButton>
      )}
      {isInForce && !hasLift && (
        <ActButton
          variant="default"
          whyNot={whyNot(session, 'kill')}
          onClick={() => onOpen({ kind: 'lift' })}
        >
          {t.liftFirst}
        </ActButton>
      )}
      <ActButton variant="default" whyNot={toClose} onClick={() => onOpen({ kind: 'close' })}>
        {t.closeDrill}
      </ActButton>
    </Group>
  )
}

function StartDialog({
  drill,
  draft,
  onClose,
}: {
  drill: Drill
  draft: KillDraft | null
  onClose: () => void
}) {
  const queries = useQueryClient()
  const names = useNames()
  const params = { path: { id: drill.id } }
  const again = async () => {
    await queries.invalidateQueries({ queryKey: ['drills'] })
    await queries.invalidateQueries({ queryKey: ['kills'] })
  }
  const tabletop = useMutation({
    mutationFn: () => said(api.POST('/v1/drills/{id}/start', { params, body: { pull: null } })),
    onSuccess: async () => {
      await again()
      onClose()
    },
  })
  if (draft === null)
    return (
      <FormDialog
        title={t.start}
        lead={t.startTabletopText}
        onSubmit={() => tabletop.mutate()}
        pending={tabletop.isPending}
        error={tabletop.error}
        onClose={onClose}
      >
        {null}
      </FormDialog>
    )
  return (
    <GestureDialog
      title={t.start}
      consequences={t.startText(scopeText(drill.scope, names))}
      ask={draft.ask}
      askKey={['drill', drill.id]}
      take={(parts) =>
        said(api.POST('/v1/drills/{id}/start', { params, body: { pull: { ...parts, kill: draft.kill } } }))
      }
      names={Object.fromEntries(names)}
      onDone={() => void again()}
      onClose={onClose}
      danger
    />
  )
}

function CloseDialog({ drill, onClose }: { drill: Drill; onClose: () => void }) {
  const queries = useQueryClient()
  const closed = useMutation({
    mutationFn: () => said(api.POST('/v1/drills/{id}/close', { params: { path: { id: drill.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['drills'] })
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.closeDrill}
      lead={t.closeDrillText}
      onSubmit={() => closed.mutate()}
      pending={closed.isPending}
      error={closed.error}
      onClose={onClose}
    >
      {null}
    </FormDialog>
  )
}
