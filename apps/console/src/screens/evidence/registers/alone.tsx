/** What one person did alone: told at once, reviewed by another afterwards. @module */
import { Select, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { LONE_OUTCOMES, type LoneOutcome } from '../../../../../../src/log/alone-bodies.ts'
import { api, said } from '../../../api/client.ts'
import { GestureDialog } from '../../../gesture/gesture-dialog.tsx'
import { useNames } from '../../../parts/names.ts'
import { ActButton } from '../../../parts/act-button.tsx'
import { FormDialog } from '../../../parts/form-dialog.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { State, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import type { Lone } from '../read.ts'
import { Listed } from './parts.tsx'

const t = words.evidence.registers
const a = t.alone
const TEXT_CHARS_MAX = 4_096

export function DoneAlone() {
  const session = useSession()
  const names = useNames()
  const [open, setOpen] = useState<Lone | null>(null)
  const all = useQuery({ queryKey: ['alone'], queryFn: () => said(api.GET('/v1/alone')) })
  const refuse = ({ person }: Lone): string | null =>
    person === session.person.id ? a.notOwn : whyNot(session, 'second.person')
  return (
    <Listed lead={t.leads.alone}>
      <Answer
        of={all}
        empty={(data) => data.alone.length === 0}
        nothing={<Empty title={a.none}>{a.noneText}</Empty>}
      >
        {(data) => (
          <Rows
            label={t.names.alone}
            rows={data.alone}
            keyOf={({ entry }) => String(entry)}
            columns={[
              { name: t.entry, width: '5rem', cell: ({ entry }) => <EntryLink index={entry} /> },
              { name: a.what, width: 'minmax(10rem, 1fr)', cell: ({ type }) => type },
              {
                name: a.of,
                width: 'minmax(10rem, 1fr)',
                cell: ({ subject }) => (subject === null ? null : (names.get(subject) ?? subject)),
              },
              {
                name: a.by,
                width: 'minmax(8rem, 1fr)',
                cell: ({ person }) => names.get(person) ?? person,
              },
              { name: a.due, width: 'minmax(12.5rem, 1fr)', cell: ({ due }) => <Time at={due} /> },
              {
                name: a.words,
                width: 'minmax(12rem, 2fr)',
                cell: ({ review, text }) => (review === null ? null : (text ?? t.erased)),
              },
              {
                name: t.status,
                width: '9rem',
                cell: (one) =>
                  one.outcome === null ? (
                    <ActButton size="compact-xs" whyNot={refuse(one)} onClick={() => setOpen(one)}>
                      {a.review}
                    </ActButton>
                  ) : (
                    <State of="closed" label={a.reviewed[one.outcome]} />
                  ),
              },
            ]}
          />
        )}
      </Answer>
      {open !== null && <Review of={open} names={names} onClose={() => setOpen(null)} />}
    </Listed>
  )
}

function Review({
  of,
  names,
  onClose,
}: {
  of: Lone
  names: ReadonlyMap<string, string>
  onClose: () => void
}) {
  const queries = useQueryClient()
  const [isSaid, setIsSaid] = useState(false)
  const [outcome, setOutcome] = useState<LoneOutcome>(LONE_OUTCOMES[0])
  const [text, setText] = useState('')
  const params = { path: { index: of.entry } }
  if (!isSaid)
    return (
      <FormDialog
        title={a.review}
        lead={a.reviewText}
        pending={false}
        error={null}
        ready={text.trim() !== ''}
        onSubmit={() => setIsSaid(true)}
        onClose={onClose}
      >
        <Select
          label={a.outcome}
          data={LONE_OUTCOMES.map((value) => ({ value, label: a.outcomes[value] }))}
          value={outcome}
          onChange={(value) => setOutcome(LONE_OUTCOMES.find((each) => each === value) ?? outcome)}
          allowDeselect={false}
        />
        <Textarea
          label={a.text}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={TEXT_CHARS_MAX}
          autosize
          minRows={3}
          required
          data-autofocus
        />
      </FormDialog>
    )
  return (
    <GestureDialog
      title={a.review}
      consequences={a.reviewText}
      ask={() => said(api.GET('/v1/alone/{index}/reviewing', { params: { ...params, query: { outcome } } }))}
      askKey={['alone', String(of.entry), outcome]}
      take={(parts) =>
        said(api.POST('/v1/alone/{index}/review', { params, body: { ...parts, outcome, text } }))
      }
      names={Object.fromEntries(names)}
      onDone={() => void queries.invalidateQueries({ queryKey: ['alone'] })}
      onClose={onClose}
    />
  )
}
