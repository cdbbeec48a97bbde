/** One call that waits, exactly as it would go out; and the gesture over it. spec/approvals.md (APR-7 to APR-9). @module */
import { Alert, Badge, Group, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ArrowLeft, ShieldAlert } from 'lucide-react'
import { ActButton } from '../../parts/act-button.tsx'
import { useNow } from '../../parts/clock.ts'
import { countdown } from '../../parts/duration.ts'
import { KeyHelp } from '../../parts/key-help.tsx'
import { useKeys } from '../../parts/keys.ts'
import { ButtonLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { piecesOf } from '../../parts/seen.tsx'
import { Answer } from '../../parts/states.tsx'
import { State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { approvalQuery, opens, queueQuery, type Decision, type Shown } from './approval-queries.ts'
import { ApprovalBody } from './approval-body.tsx'
import { DecideDialog } from './decide-dialog.tsx'

const t = words.approvals
/** How often an open one is looked at again, in milliseconds: others decide, too. */
const LOOK_EVERY_MS = 3_000

export function Approval() {
  const { id } = useParams({ from: '/inside/approvals/$id' })
  const approval = useQuery({
    ...approvalQuery(id),
    refetchInterval: ({ state }) => (state.data?.approval.status === 'open' ? LOOK_EVERY_MS : false),
  })
  return (
    <Answer of={approval}>
      {(shown) => <ApprovalPage key={id} shown={shown} ahead_ms={shown.now - approval.dataUpdatedAt} />}
    </Answer>
  )
}

function ApprovalPage({ shown, ahead_ms }: { shown: Shown; ahead_ms: number }) {
  const { approval, names } = shown
  const session = useSession()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { decide } = useSearch({ from: '/inside/approvals/$id' })
  const isGood = useQuery({
    queryKey: ['approvals', 'opens', approval.id, approval.args_commit],
    queryFn: () => opens(approval),
    staleTime: Infinity,
  })
  const left_ms = approval.expires - (useNow() + ahead_ms)
  const refuseWhy = reasonNot(session, approval, isGood.data, left_ms)
  const ask = (to: Decision | undefined) =>
    void navigate({
      to: '/approvals/$id',
      params: { id: approval.id },
      search: to === undefined ? {} : { decide: to },
      replace: true,
    })
  const mayApprove = refuseWhy === null && approval.output === null
  useQueueKeys(approval.id, {
    ...(mayApprove ? { a: () => ask('approve') } : {}),
    ...(refuseWhy === null ? { r: () => ask('refuse') } : {}),
  })
  const isAsked = (decide === 'approve' && mayApprove) || (decide === 'refuse' && refuseWhy === null)
  const tool = plain(approval.tool)
  const agent = names[approval.agent] ?? approval.agent
  return (
    <Page
      title={approval.status === 'open' ? t.call(tool) : t.callOver(tool)}
      lead={
        <Group gap="xs">
          <Text span>{approval.status === 'open' ? t.wants(agent) : t.wanted(agent)}</Text>
          {approval.status === 'open' && left_ms > 0 ? (
            <Badge color={left_ms < 60_000 ? 'red' : 'gray'} variant="light" tt="none" size="lg">
              {t.left} {countdown(left_ms)}
            </Badge>
          ) : (
            <State of={approval.status} label={t.statuses[approval.status]} />
          )}
        </Group>
      }
      actions={<Actions approval={approval} why={refuseWhy} onAsk={ask} />}
    >
      <Stack gap="md">
        <KeyHelp label={t.keys} keys={refuseWhy === null ? t.keysCall : t.keysOver} />
        {isGood.data === false && (
          <Alert color="red" role="alert" icon={<ShieldAlert aria-hidden />}>
            {approval.opening === null ? t.erased : t.mismatch}
          </Alert>
        )}
        {approval.status !== 'open' && <Alert color="gray">{t.ended[approval.status]}</Alert>}
        {approval.output !== null && approval.status === 'open' && (
          <Alert color="blue">{t.reviewOutputNote}</Alert>
        )}
        <ApprovalBody shown={shown} />
      </Stack>
      {isAsked && (
        <DecideDialog
          shown={shown}
          decision={decide}
          onDone={() => {
            notifications.show({
              title: t.decidedNote,
              message: t.ended[decide === 'approve' ? 'approved' : 'refused'],
              color: decide === 'approve' ? 'teal' : 'gray',
            })
            void queries.invalidateQueries({ queryKey: ['approvals'] })
            void navigate({ to: '/approvals' })
          }}
          onClose={() => ask(undefined)}
        />
      )}
    </Page>
  )
}

/** As text of a title: what does not show is named there, too. */
function plain(text: string): string {
  return piecesOf(text)
    .map((piece) => piece.text)
    .join('')
}

function reasonNot(
  session: ReturnType<typeof useSession>,
  approval: Shown['approval'],
  isGood: boolean | undefined,
  left_ms: number,
): string | null {
  if (approval.status !== 'open' || left_ms <= 0) return t.isOver
  if (approval.opening === null) return t.erased
  if (isGood === false) return t.mismatch
  if (isGood === undefined) return words.states.loading
  return whyNot(session, 'calls.decide')
}

function Actions({
  approval,
  why,
  onAsk,
}: {
  approval: Shown['approval']
  why: string | null
  onAsk: (decision: Decision) => void
}) {
  return (
    <>
      <ButtonLink to="/approvals" variant="default" leftSection={<ArrowLeft size={16} aria-hidden />}>
        {t.toQueue}
      </ButtonLink>
      <ActButton color="red" variant="outline" whyNot={why} onClick={() => onAsk('refuse')}>
        {t.refuse}
      </ActButton>
      {approval.output === null ? (
        <ActButton whyNot={why} onClick={() => onAsk('approve')}>
          {t.approve}
        </ActButton>
      ) : (
        <ButtonLink to="/outputs/$id" params={{ id: approval.output }}>
          {t.reviewOutput}
        </ButtonLink>
      )}
    </>
  )
}

/** From one waiting call to the next. */
function useQueueKeys(id: string, more: Readonly<Record<string, () => void>>): void {
  const navigate = useNavigate()
  const queue = useQuery(queueQuery)
  const ids = (queue.data?.approvals ?? []).toSorted((a, b) => a.expires - b.expires).map((one) => one.id)
  const go = (by: 1 | -1) => {
    const at = ids.indexOf(id)
    const to = at === -1 ? ids[0] : ids[at + by]
    if (to !== undefined) void navigate({ to: '/approvals/$id', params: { id: to } })
  }
  useKeys({
    ...more,
    j: () => go(1),
    k: () => go(-1),
    Escape: () => void navigate({ to: '/approvals' }),
  })
}
