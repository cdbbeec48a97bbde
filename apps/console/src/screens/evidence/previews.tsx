/** Auditors' previews: who may look at what, until when; and what auditors asked for. @module */
import { Stack, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Rows } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { FormDialog, endOfDay } from './form-dialog.tsx'
import { EvidencePage } from './frame.tsx'
import { DAY_MS, evidenceQuery, periodOf, useDays, type PreviewGrant } from './read.ts'
import { Requests } from './requests.tsx'

const t = words.evidence.previews
const UNTIL_DAYS = 30
const STATES = { waiting: 'waiting', granted: 'active', revoked: 'revoked', expired: 'expired' } as const

const previewsQuery = { queryKey: ['previews'], queryFn: () => said(api.GET('/v1/previews')) } as const

export function PreviewState({ of }: { of: PreviewGrant['status'] }) {
  return <State of={STATES[of]} label={t.states[of]} />
}

export function Previews() {
  const session = useSession()
  const [proposing, setProposing] = useState(false)
  const previews = useQuery(previewsQuery)
  const propose = (
    <ActButton whyNot={whyNot(session, 'auditors.admit')} onClick={() => setProposing(true)}>
      {t.propose}
    </ActButton>
  )
  return (
    <EvidencePage at="previews" actions={propose}>
      <Answer
        of={previews}
        empty={(data) => data.previews.length === 0}
        nothing={<Empty title={t.none}>{t.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={words.evidence.places.previews}
            rows={data.previews}
            keyOf={({ preview }) => preview}
            columns={[
              {
                name: t.auditor,
                width: 'minmax(10rem, 2fr)',
                cell: ({ preview, auditor }) => (
                  <TextLink to="/evidence/previews/$id" params={{ id: preview }}>
                    {auditor ?? t.erased}
                  </TextLink>
                ),
              },
              { name: t.firm, width: 'minmax(8rem, 1fr)', cell: ({ firm }) => firm ?? t.erased },
              { name: t.status, width: '9rem', cell: ({ status }) => <PreviewState of={status} /> },
              {
                name: t.period,
                width: 'minmax(12rem, 1fr)',
                cell: ({ period: { from, to } }) => `${from.slice(0, 10)} – ${to.slice(0, 10)}`,
              },
              { name: t.criteria, width: '6rem', cell: ({ criteria }) => criteria.length },
              { name: t.until, width: 'minmax(12.5rem, 1fr)', cell: ({ expires }) => <Time at={expires} /> },
              { name: t.looks, width: '5rem', cell: ({ looks_n }) => looks_n },
            ]}
          />
        )}
      </Answer>
      <Stack gap="sm" component="section">
        <Title order={2}>{t.requests}</Title>
        <Requests preview={null} />
      </Stack>
      {proposing && <Propose onClose={() => setProposing(false)} />}
    </EvidencePage>
  )
}

function Propose({ onClose }: { onClose: () => void }) {
  const { days, log } = useDays()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const evidence = useQuery({
    ...evidenceQuery(days ?? { from: '', to: '' }),
    enabled: days !== null,
  })
  if (days === null || log === undefined || evidence.isPending) return null
  const criteria = evidence.data?.criteria ?? []
  return (
    <FormDialog
      title={t.propose}
      consequences={t.proposeText}
      fields={[
        { name: 'auditor', label: t.auditor, hint: t.auditorHint },
        { name: 'firm', label: t.firm },
        { name: 'from', label: t.from, kind: 'date', initial: days.from },
        { name: 'to', label: t.to, kind: 'date', initial: days.to },
        {
          name: 'criteria',
          label: t.criteria,
          hint: t.criteriaHint,
          kind: 'many',
          data: criteria.map(({ id, title }) => ({ value: id, label: `${id} ${title}` })),
        },
        {
          name: 'expires',
          label: t.until,
          hint: t.untilHint,
          kind: 'date',
          initial: new Date(log.time + UNTIL_DAYS * DAY_MS).toISOString().slice(0, 10),
        },
      ]}
      take={async ({ auditor = '', firm = '', from = '', to = '', criteria: chosen = '', expires }) => {
        const { preview } = await said(
          api.POST('/v1/previews', {
            body: {
              auditor,
              firm,
              period: periodOf({ from, to }),
              criteria: chosen.split(' ').filter((one) => one !== ''),
              expires: endOfDay(expires),
            },
          }),
        )
        await queries.invalidateQueries({ queryKey: ['previews'] })
        await navigate({ to: '/evidence/previews/$id', params: { id: preview } })
      }}
      onDone={() => undefined}
      onClose={onClose}
    />
  )
}
