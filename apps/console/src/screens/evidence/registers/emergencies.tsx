/** Emergency access: taken by one person, reviewed by another once it is over. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { GestureDialog } from '../../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../../parts/act-button.tsx'
import { TextLink } from '../../../parts/link.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { State, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { FormDialog } from '../form-dialog.tsx'
import { useNames, useSeparated, type Emergency } from '../read.ts'
import { Listed } from './parts.tsx'
import { agentNamesQuery } from '../../../parts/names.ts'

const t = words.evidence.registers
const e = t.emergency
/** For how long it is taken most often, in milliseconds. */
const USUAL_MS = 4 * 3_600_000

export function Emergencies() {
  const session = useSession()
  const names = useNames()
  const isSeparated = useSeparated()
  const [open, setOpen] = useState<'take' | Emergency | null>(null)
  const all = useQuery({
    queryKey: ['emergency-access'],
    queryFn: () => said(api.GET('/v1/emergency-access')),
  })
  const agents = useQuery(agentNamesQuery)
  const agentNames = new Map(agents.data?.agents.map(({ id, name }) => [id, name]))
  const refuse = ({ taker }: Emergency): string | null =>
    taker === session.person.id && isSeparated ? e.notTaker : whyNot(session, 'second.person')
  return (
    <Listed
      lead={t.leads.emergency}
      actions={
        <ActButton color="red" whyNot={whyNot(session, 'evidence.work')} onClick={() => setOpen('take')}>
          {e.take}
        </ActButton>
      }
    >
      <Answer
        of={all}
        empty={(data) => data.accesses.length === 0}
        nothing={<Empty title={e.none}>{e.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.emergency}
            rows={data.accesses}
            keyOf={({ id }) => id}
            columns={[
              {
                name: e.agent,
                width: 'minmax(10rem, 1fr)',
                cell: ({ agent }) => (
                  <TextLink to="/agents/$id" params={{ id: agent }}>
                    {agentNames.get(agent) ?? agent}
                  </TextLink>
                ),
              },
              { name: e.taker, width: 'minmax(8rem, 1fr)', cell: ({ taker }) => names.get(taker) ?? taker },
              { name: e.until, width: 'minmax(12.5rem, 1fr)', cell: ({ until }) => <Time at={until} /> },
              { name: e.delegations, width: '7rem', cell: ({ delegations_n }) => delegations_n },
              {
                name: e.reason,
                width: 'minmax(12rem, 2fr)',
                cell: ({ reason }) => <span title={reason ?? t.erased}>{reason ?? t.erased}</span>,
              },
              { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
              {
                name: t.status,
                width: '9rem',
                cell: (one) =>
                  one.review === null ? (
                    <ActButton size="compact-xs" whyNot={refuse(one)} onClick={() => setOpen(one)}>
                      {e.review}
                    </ActButton>
                  ) : (
                    <State of="closed" label={e.reviewed} />
                  ),
              },
            ]}
          />
        )}
      </Answer>
      <Dialogs open={open} agents={agentNames} onClose={() => setOpen(null)} />
    </Listed>
  )
}

function Dialogs({
  open,
  agents,
  onClose,
}: {
  open: 'take' | Emergency | null
  agents: ReadonlyMap<string, string>
  onClose: () => void
}) {
  const queries = useQueryClient()
  const ends = { onClose, onDone: () => void queries.invalidateQueries({ queryKey: ['emergency-access'] }) }
  if (open === null) return null
  if (open === 'take')
    return (
      <FormDialog
        {...ends}
        title={e.take}
        consequences={e.takeText}
        fields={[
          {
            name: 'agent',
            label: e.agent,
            kind: 'select',
            data: [...agents].map(([value, label]) => ({ value, label })),
          },
          {
            name: 'until',
            label: e.until,
            hint: e.untilHint,
            initial: `${new Date(Date.now() + USUAL_MS).toISOString().slice(0, 19)}Z`,
          },
          { name: 'reason', label: e.reason, kind: 'area', max: 4096 },
        ]}
        take={({ agent = '', until = '', reason = '' }) =>
          said(api.POST('/v1/emergency-access', { body: { agent, until, reason } }))
        }
      />
    )
  const params = { path: { id: open.id } }
  return (
    <GestureDialog
      {...ends}
      title={e.review}
      consequences={e.reviewText}
      ask={() => said(api.GET('/v1/emergency-access/{id}/reviewing', { params }))}
      askKey={['emergency', open.id]}
      take={(body) => said(api.POST('/v1/emergency-access/{id}/review', { params, body }))}
      names={{ [open.agent]: agents.get(open.agent) ?? open.agent }}
    />
  )
}
