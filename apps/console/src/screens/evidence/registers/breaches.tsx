/** Breaches of personal data: recorded, told, closed by somebody else. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { State, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { choice, keyIn, FormDialog, indicesIn } from '../form-dialog.tsx'
import { BreachDetail } from './breach.tsx'
import { Listed, RowLink, type RegisterProps } from './parts.tsx'
import { BreachState, RISKS, wantedText } from './standing.tsx'

const t = words.evidence.registers
const b = t.breach
export function Breaches({ id }: RegisterProps) {
  return id === undefined ? <List /> : <BreachDetail id={id} />
}

function List() {
  const session = useSession()
  const [recording, setRecording] = useState(false)
  const all = useQuery({ queryKey: ['breaches'], queryFn: () => said(api.GET('/v1/breaches')) })
  return (
    <Listed
      lead={t.leads.breaches}
      actions={
        <ActButton whyNot={whyNot(session, 'breaches.work')} onClick={() => setRecording(true)}>
          {b.record}
        </ActButton>
      }
    >
      <Answer
        of={all}
        empty={(data) => data.breaches.length === 0}
        nothing={<Empty title={b.none}>{b.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.breaches}
            rows={data.breaches}
            keyOf={({ id }) => id}
            columns={[
              {
                name: b.aware,
                width: 'minmax(12.5rem, 1fr)',
                cell: ({ id, aware }) => (
                  <RowLink show="breaches" id={id}>
                    <Time at={aware} />
                  </RowLink>
                ),
              },
              { name: t.status, width: '6rem', cell: (one) => <BreachState of={one} /> },
              {
                name: b.risk,
                width: '6rem',
                cell: ({ risk }) => <State of={risk === 'high' ? 'high' : 'medium'} label={risk} />,
              },
              { name: b.jurisdictions, width: '7rem', cell: ({ jurisdictions }) => jurisdictions.join(', ') },
              {
                name: b.wanted,
                width: 'minmax(14rem, 2fr)',
                cell: (one) => <span title={wantedText(one)}>{wantedText(one)}</span>,
              },
              { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
            ]}
          />
        )}
      </Answer>
      {recording && <RecordBreach onClose={() => setRecording(false)} />}
    </Listed>
  )
}

function RecordBreach({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const split = (text = ''): string[] => text.split(/[\s,]+/).filter((one) => one !== '')
  return (
    <FormDialog
      title={b.record}
      consequences={b.recordText}
      fields={[
        {
          name: 'aware',
          label: b.aware,
          hint: b.awareHint,
          initial: `${new Date().toISOString().slice(0, 19)}Z`,
        },
        choice('risk', b.risk, RISKS),
        { name: 'jurisdictions', label: b.jurisdictions, hint: b.jurisdictionsHint },
        {
          name: 'categories',
          label: b.categories,
          hint: b.categoriesHint,
          kind: 'area',
          optional: true,
          max: 4096,
        },
        { name: 'subjects', label: b.subjects, hint: b.subjectsHint, kind: 'number', optional: true },
        { name: 'incident', label: b.incident, optional: true, max: 64 },
        { name: 'entries', label: t.entries, hint: t.entriesHint, optional: true, max: 1024 },
        { name: 'text', label: t.text, kind: 'area', max: 4096 },
      ]}
      take={({
        aware = '',
        risk,
        jurisdictions,
        categories,
        subjects = '',
        incident = '',
        entries,
        text = '',
      }) =>
        said(
          api.POST('/v1/breaches', {
            body: {
              aware,
              risk: keyIn(RISKS, risk, 'high'),
              jurisdictions: split(jurisdictions),
              categories: split(categories),
              subjects_n: subjects === '' ? null : Number(subjects),
              incident: incident === '' ? null : incident,
              entries: indicesIn(entries),
              text,
            },
          }),
        )
      }
      onDone={() => void queries.invalidateQueries({ queryKey: ['breaches'] })}
      onClose={onClose}
    />
  )
}
