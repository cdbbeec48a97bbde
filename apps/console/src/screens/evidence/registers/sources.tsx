/** What sources that are not ours say of the items of tests. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { TextLink } from '../../../parts/link.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { count } from '../../../shell/format.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { FormDialog } from '../form-dialog.tsx'
import { useNames } from '../read.ts'
import { Listed } from './parts.tsx'

const t = words.evidence.registers
const s = t.source
/** As the control plane takes it. */
const CSV_MAX = 2_000_000

export function Sources() {
  const session = useSession()
  const names = useNames()
  const [uploading, setUploading] = useState(false)
  const all = useQuery({ queryKey: ['reconciliations'], queryFn: () => said(api.GET('/v1/reconciliations')) })
  return (
    <Listed
      lead={t.leads.reconciliations}
      actions={
        <ActButton whyNot={whyNot(session, 'evidence.work')} onClick={() => setUploading(true)}>
          {s.upload}
        </ActButton>
      }
    >
      <Answer
        of={all}
        empty={(data) => data.sources.length === 0}
        nothing={<Empty title={s.none}>{s.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.reconciliations}
            rows={data.sources}
            keyOf={({ id }) => id}
            columns={[
              { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
              {
                name: s.test,
                width: '5rem',
                cell: ({ test }) => (
                  <TextLink to="/evidence/tests/$number" params={{ number: String(test) }}>
                    {words.evidence.test(test)}
                  </TextLink>
                ),
              },
              { name: s.source, width: 'minmax(11rem, 2fr)', cell: ({ source }) => source },
              { name: s.rows, width: '5rem', cell: ({ rows_n }) => count(rows_n) },
              { name: s.from, width: 'minmax(12.5rem, 1fr)', cell: ({ from }) => <Time at={from} /> },
              { name: s.to, width: 'minmax(12.5rem, 1fr)', cell: ({ to }) => <Time at={to} /> },
              { name: t.by, width: 'minmax(8rem, 1fr)', cell: ({ person }) => names.get(person) ?? person },
            ]}
          />
        )}
      </Answer>
      {uploading && <Upload onClose={() => setUploading(false)} />}
    </Listed>
  )
}

function Upload({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  return (
    <FormDialog
      title={s.upload}
      consequences={s.uploadText}
      fields={[
        { name: 'test', label: s.test, kind: 'number', max: 2 },
        { name: 'source', label: s.source, max: 512 },
        { name: 'key', label: s.key, hint: s.keyHint, initial: 'id' },
        { name: 'column', label: s.column },
        { name: 'from', label: s.from, kind: 'date' },
        { name: 'to', label: s.to, kind: 'date' },
        { name: 'query', label: s.query, kind: 'area', max: 512 },
        { name: 'extractor', label: s.extractor, max: 512 },
        { name: 'taken', label: s.taken, kind: 'date' },
        { name: 'csv', label: s.csv, kind: 'area', max: CSV_MAX },
      ]}
      take={(values) => {
        const day = (name: string): string => `${values[name] ?? ''}T00:00:00Z`
        const text = (name: string): string => values[name] ?? ''
        return said(
          api.POST('/v1/reconciliations', {
            body: {
              test: Number(text('test')),
              key: text('key'),
              column: text('column'),
              scope: null,
              from: day('from'),
              to: day('to'),
              source: text('source'),
              query: text('query'),
              extractor: text('extractor'),
              taken: day('taken'),
              csv: text('csv'),
            },
          }),
        )
      }}
      onDone={() => void queries.invalidateQueries({ queryKey: ['reconciliations'] })}
      onClose={onClose}
    />
  )
}
