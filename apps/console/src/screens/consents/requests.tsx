/** What data subjects asked for, what is due first; extending and answering it. @module */
import { Group, Select, Stack, Switch, Text, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { REQUEST_OUTCOMES } from '../../../../../src/log/consent-bodies.ts'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ReasonButton } from '../../parts/approve.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { requestsQuery, type RequestView } from './queries.ts'

const t = words.consents

export function Requests() {
  const queries = useQueryClient()
  const { closed } = useSearch({ from: '/inside/consents' })
  const navigate = useNavigate({ from: '/consents' })
  const requests = useQuery(requestsQuery)
  const again = () => void queries.invalidateQueries({ queryKey: requestsQuery.queryKey })
  return (
    <Section
      title={t.requests}
      actions={
        <Switch
          label={t.showClosed}
          checked={closed !== undefined}
          onChange={(event) =>
            void navigate({
              search: (old) => ({ ...old, closed: event.currentTarget.checked ? 'shown' : undefined }),
            })
          }
        />
      }
    >
      <Answer of={requests}>
        {(data) => {
          const rows = data.requests.filter(({ status }) => closed !== undefined || status === 'open')
          if (rows.length === 0) return <Empty title={t.noRequests}>{t.noRequestsText}</Empty>
          return <RequestList requests={rows} refuse={null} onDone={again} withSubject />
        }}
      </Answer>
    </Section>
  )
}

export function RequestList({
  requests,
  refuse,
  onDone,
  withSubject = false,
}: {
  requests: readonly RequestView[]
  refuse: string | null
  onDone: () => void
  withSubject?: boolean
}) {
  const subject: Cell<RequestView> = {
    name: t.subject,
    cell: (request) => (
      <TextLink to="/consents/$id" params={{ id: request.subject }} className="mono">
        {request.subject}
      </TextLink>
    ),
  }
  return (
    <Listing<RequestView>
      label={t.requests}
      rows={requests}
      keyOf={({ id }) => id}
      none={t.noRequests}
      minWidth={860}
      columns={[
        { name: t.due, cell: (request) => <Due of={request} /> },
        { name: t.kind, cell: ({ kind }) => kind.replaceAll('_', ' ') },
        ...(withSubject ? [subject] : []),
        {
          name: t.text,
          cell: ({ text, answer }) => (
            <Stack gap={2}>
              <span className="breaks">{text ?? '–'}</span>
              {answer !== null && (
                <Text size="sm" c="dimmed" className="breaks">
                  {t.answer}: {answer}
                </Text>
              )}
            </Stack>
          ),
        },
        { name: t.opened, cell: ({ opened }) => <Time at={opened} ago /> },
        {
          name: words.settings.actions,
          cell: (request) => <Actions of={request} refuse={refuse} onDone={onDone} />,
        },
      ]}
    />
  )
}

function Due({ of: { status, due, late, outcome } }: { of: RequestView }) {
  if (status === 'closed') return <State of="closed" label={outcome ?? status} />
  return (
    <Group gap={6}>
      <Time at={due} />
      {late && <State of="revoked" label={t.late} />}
    </Group>
  )
}

function Actions({
  of: { id, status },
  refuse,
  onDone,
}: {
  of: RequestView
  refuse: string | null
  onDone: () => void
}) {
  const [answering, setAnswering] = useState(false)
  const why = (status === 'closed' ? t.isClosed : null) ?? refuse
  return (
    <Group gap="xs" wrap="nowrap">
      <ActButton size="xs" variant="default" whyNot={why} onClick={() => setAnswering(true)}>
        {t.answer}
      </ActButton>
      <ReasonButton
        label={t.extend}
        consequences={t.extendText}
        whyNot={why}
        run={(reason) =>
          said(api.POST('/v1/subject-requests/{id}/extend', { params: { path: { id } }, body: { reason } }))
        }
        usual={t.extendReasons}
        onDone={onDone}
      />
      {answering && <AnswerDialog id={id} onDone={onDone} onClose={() => setAnswering(false)} />}
    </Group>
  )
}

function AnswerDialog({ id, onDone, onClose }: { id: string; onDone: () => void; onClose: () => void }) {
  const [outcome, setOutcome] = useState<(typeof REQUEST_OUTCOMES)[number]>('fulfilled')
  const [answer, setAnswer] = useState('')
  const closed = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/subject-requests/{id}/close', {
          params: { path: { id } },
          body: { outcome, answer: answer.trim() },
        }),
      ),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.answer}
      lead={t.answerText}
      submit={t.answer}
      pending={closed.isPending}
      error={closed.error}
      ready={answer.trim() !== ''}
      onSubmit={() => closed.mutate()}
      onClose={onClose}
    >
      <Select
        label={t.outcome}
        data={REQUEST_OUTCOMES.map((value) => ({ value, label: t.outcomes[value] }))}
        value={outcome}
        onChange={(value) => setOutcome(REQUEST_OUTCOMES.find((each) => each === value) ?? outcome)}
        allowDeselect={false}
      />
      <Textarea
        label={t.answerWords}
        value={answer}
        onChange={(event) => setAnswer(event.currentTarget.value)}
        maxLength={2048}
        autosize
        minRows={3}
        required
      />
    </FormDialog>
  )
}
