/** Deficiencies: opened, repaired, retested, closed. @module */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { Rows, type Column } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { useNames, type Deficiency } from '../read.ts'
import { DeficiencyDetail } from './deficiency.tsx'
import { OpenDeficiency } from './open-deficiency.tsx'
import { Listed, RowLink, type RegisterProps } from './parts.tsx'
import { DeficiencyState } from './standing.tsx'

const t = words.evidence.registers
export function Deficiencies({ id }: RegisterProps) {
  return id === undefined ? <List /> : <DeficiencyDetail id={id} />
}

function List() {
  const session = useSession()
  const names = useNames()
  const [opening, setOpening] = useState(false)
  const all = useQuery({ queryKey: ['deficiencies'], queryFn: () => said(api.GET('/v1/deficiencies')) })
  return (
    <Listed
      lead={t.leads.deficiencies}
      actions={
        <ActButton whyNot={whyNot(session, 'evidence.work')} onClick={() => setOpening(true)}>
          {t.deficiency.open}
        </ActButton>
      }
    >
      <Answer
        of={all}
        empty={(data) => data.deficiencies.length === 0}
        nothing={<Empty title={t.deficiency.none}>{t.deficiency.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.deficiencies}
            rows={data.deficiencies}
            columns={columns(names)}
            keyOf={({ id }) => id}
          />
        )}
      </Answer>
      {opening && (
        <OpenDeficiency deviation={null} criteria={[]} entries={[]} onClose={() => setOpening(false)} />
      )}
    </Listed>
  )
}

function columns(names: ReadonlyMap<string, string>): readonly Column<Deficiency>[] {
  return [
    {
      name: t.title,
      width: 'minmax(14rem, 2fr)',
      cell: ({ id, title }) => (
        <RowLink show="deficiencies" id={id}>
          {title ?? t.erased}
        </RowLink>
      ),
    },
    { name: t.status, width: '8rem', cell: ({ status }) => <DeficiencyState of={status} /> },
    { name: t.criteria, width: '8rem', cell: ({ criteria }) => criteria.join(', ') },
    {
      name: t.owner,
      width: 'minmax(8rem, 1fr)',
      cell: ({ owner }) => (owner === null ? words.values.none : (names.get(owner) ?? owner)),
    },
    { name: t.due, width: 'minmax(12.5rem, 1fr)', cell: ({ due }) => <Time at={due} /> },
    { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
  ]
}
