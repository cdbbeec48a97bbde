/** Access reviews: opened over a frozen list, one after the other. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { State, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { count } from '../../../shell/format.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { choice, keyIn, FormDialog } from '../form-dialog.tsx'
import { readinessQuery, useNames } from '../read.ts'
import { Listed, RowLink, type RegisterProps } from './parts.tsx'
import { ReviewDetail } from './review.tsx'

const t = words.evidence.registers
const r = t.review

export function Reviews({ id }: RegisterProps) {
  return id === undefined ? <List /> : <ReviewDetail id={id} />
}

function List() {
  const session = useSession()
  const names = useNames()
  const [opening, setOpening] = useState(false)
  const all = useQuery({ queryKey: ['access-reviews'], queryFn: () => said(api.GET('/v1/access-reviews')) })
  return (
    <Listed
      lead={t.leads.reviews}
      actions={
        <ActButton whyNot={whyNot(session, 'access.review')} onClick={() => setOpening(true)}>
          {r.open}
        </ActButton>
      }
    >
      <Answer
        of={all}
        empty={(data) => data.reviews.length === 0}
        nothing={<Empty title={r.none}>{r.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.reviews}
            rows={data.reviews}
            keyOf={({ id }) => id}
            columns={[
              {
                name: r.period,
                width: 'minmax(12rem, 2fr)',
                cell: ({ id, period, list }) => (
                  <RowLink show="reviews" id={id}>
                    {r.title(period, r.lists[list])}
                  </RowLink>
                ),
              },
              {
                name: t.status,
                width: '7rem',
                cell: ({ closed }) => (
                  <State
                    of={closed === null ? 'open' : 'closed'}
                    label={closed === null ? r.openState : r.closedState}
                  />
                ),
              },
              { name: r.items, width: '5rem', cell: ({ items_n }) => count(items_n) },
              { name: t.opened, width: 'minmax(12.5rem, 1fr)', cell: ({ opened }) => <Time at={opened} /> },
              { name: t.by, width: 'minmax(8rem, 1fr)', cell: ({ opener }) => names.get(opener) ?? opener },
              { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
            ]}
          />
        )}
      </Answer>
      {opening && <OpenReview onClose={() => setOpening(false)} />}
    </Listed>
  )
}

function OpenReview({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const plan = useQuery(readinessQuery)
  if (plan.data === undefined) return null
  const now = new Date(plan.data.time)
  const quarter = `${now.getUTCFullYear()}-Q${Math.floor(now.getUTCMonth() / 3) + 1}`
  return (
    <FormDialog
      title={r.open}
      consequences={r.openText}
      fields={[
        { name: 'period', label: r.period, hint: r.periodHint, initial: quarter, max: 7 },
        { ...choice('list', r.list, r.lists), initial: 'access' },
      ]}
      take={({ period = '', list }) =>
        said(api.POST('/v1/access-reviews', { body: { period, list: keyIn(r.lists, list, 'access') } }))
      }
      onDone={() => void queries.invalidateQueries({ queryKey: ['access-reviews'] })}
      onClose={onClose}
    />
  )
}
