/** Vendors of models and tools, and whether an assessment of each is in force. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { choice, keyIn, FormDialog } from '../form-dialog.tsx'
import { useNames } from '../read.ts'
import { usePeopleField } from './open-deficiency.tsx'
import { Listed, RowLink, type RegisterProps } from './parts.tsx'
import { VendorState } from './standing.tsx'
import { VendorDetail } from './vendor.tsx'

const t = words.evidence.registers
const v = t.vendor
export function Vendors({ id }: RegisterProps) {
  return id === undefined ? <List /> : <VendorDetail id={id} />
}

function List() {
  const session = useSession()
  const names = useNames()
  const [recording, setRecording] = useState(false)
  const all = useQuery({ queryKey: ['vendors'], queryFn: () => said(api.GET('/v1/vendors')) })
  return (
    <Listed
      lead={t.leads.vendors}
      actions={
        <ActButton whyNot={whyNot(session, 'vendors.work')} onClick={() => setRecording(true)}>
          {v.record}
        </ActButton>
      }
    >
      <Answer
        of={all}
        empty={(data) => data.vendors.length === 0}
        nothing={<Empty title={v.none}>{v.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.vendors}
            rows={data.vendors}
            keyOf={({ id }) => id}
            columns={[
              {
                name: v.name,
                width: 'minmax(11rem, 2fr)',
                cell: ({ id, name }) => (
                  <RowLink show="vendors" id={id}>
                    {name}
                  </RowLink>
                ),
              },
              { name: v.kind, width: '6rem', cell: ({ kind }) => v.kinds[kind] },
              { name: t.status, width: '10rem', cell: ({ status }) => <VendorState of={status} /> },
              {
                name: v.validUntil,
                width: 'minmax(12.5rem, 1fr)',
                cell: ({ valid_until }) => (valid_until === null ? '–' : <Time at={valid_until} />),
              },
              {
                name: v.models,
                width: 'minmax(9rem, 1fr)',
                cell: ({ models, servers }) => [...models, ...servers].join(', '),
              },
              { name: t.owner, width: 'minmax(8rem, 1fr)', cell: ({ owner }) => names.get(owner) ?? owner },
            ]}
          />
        )}
      </Answer>
      {recording && <RecordVendor onClose={() => setRecording(false)} />}
    </Listed>
  )
}

function RecordVendor({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const owner = usePeopleField('owner', t.owner)
  const linesOf = (text = ''): string[] =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  return (
    <FormDialog
      title={v.record}
      consequences={v.recordText}
      fields={[
        { name: 'name', label: v.name },
        choice('kind', v.kind, v.kinds),
        { name: 'servers', label: v.servers, hint: v.listHint, kind: 'area', optional: true, max: 8192 },
        { name: 'models', label: v.models, hint: v.listHint, kind: 'area', optional: true, max: 8192 },
        owner,
        { ...choice('subservice', v.subservice, v.methods), optional: true },
      ]}
      take={({ name = '', kind, servers, models, owner: by = '', subservice = '' }) =>
        said(
          api.POST('/v1/vendors', {
            body: {
              name,
              kind: keyIn(v.kinds, kind, 'other'),
              servers: linesOf(servers),
              models: linesOf(models),
              owner: by,
              subservice: subservice === '' ? null : keyIn(v.methods, subservice, 'carve_out'),
            },
          }),
        )
      }
      onDone={() => void queries.invalidateQueries({ queryKey: ['vendors'] })}
      onClose={onClose}
    />
  )
}
