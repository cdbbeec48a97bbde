/** Legal holds: placed with words that stay outside the log, lifted by gesture. @module */
import { Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { GestureButton } from '../../parts/approve.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'
import { EntryLink } from './entry-link.tsx'

const t = words.settings.retention

type Hold = paths['/v1/holds']['get']['responses'][200]['content']['application/json']['holds'][number]

export function Holds() {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const [placing, setPlacing] = useState(false)
  const holds = useQuery({ queryKey: ['holds'], queryFn: () => said(api.GET('/v1/holds')) })
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['holds'] })
    void queries.invalidateQueries({ queryKey: ['erasures'] })
  }
  const refuse = whyNot(session, 'fields.open')
  return (
    <Section
      title={t.holds}
      lead={t.holdsText}
      actions={
        <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => setPlacing(true)}>
          {t.place}
        </ActButton>
      }
    >
      <Answer of={holds}>
        {(data) => (
          <Listing<Hold>
            label={t.holds}
            rows={data.holds}
            keyOf={({ id }) => id}
            none={t.noHolds}
            columns={[
              {
                name: t.target,
                cell: ({ target }) => (target === '*' ? t.everything : (names.get(target) ?? target)),
              },
              { name: t.reason, cell: ({ reason }) => reason ?? '–' },
              {
                name: t.state,
                cell: ({ lifted }) =>
                  lifted === null ? (
                    <State of="open" label={t.open} />
                  ) : (
                    <State of="closed" label={t.lifted} />
                  ),
              },
              { name: t.placed, cell: ({ placed }) => <EntryLink of={placed} /> },
              { name: t.lifted, cell: ({ lifted }) => <EntryLink of={lifted} /> },
              {
                name: words.settings.actions,
                cell: ({ id, lifted }) =>
                  lifted === null && (
                    <GestureButton
                      label={t.lift}
                      consequences={t.liftText}
                      title={t.lift}
                      whyNot={refuse}
                      ask={() => said(api.GET('/v1/holds/{id}/lifting', { params: { path: { id } } }))}
                      askKey={['hold', id]}
                      take={(body) =>
                        said(api.POST('/v1/holds/{id}/lift', { params: { path: { id } }, body }))
                      }
                      onDone={again}
                    />
                  ),
              },
            ]}
          />
        )}
      </Answer>
      {placing && (
        <PlaceHold
          onClose={() => setPlacing(false)}
          onDone={() => {
            again()
            setPlacing(false)
          }}
        />
      )}
    </Section>
  )
}

function PlaceHold({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [target, setTarget] = useState('')
  const [reason, setReason] = useState('')
  const placed = useMutation({
    mutationFn: () => said(api.POST('/v1/holds', { body: { target: target.trim(), reason: reason.trim() } })),
    onSuccess: onDone,
  })
  return (
    <FormDialog
      title={t.place}
      lead={t.placeText}
      submit={t.place}
      pending={placed.isPending}
      error={placed.error}
      ready={target.trim() !== '' && reason.trim() !== ''}
      onSubmit={() => placed.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t.target}
        description={t.targetHint}
        value={target}
        onChange={(event) => setTarget(event.currentTarget.value)}
        maxLength={64}
        required
        data-autofocus
      />
      <Textarea
        label={t.reason}
        description={t.reasonHint}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        maxLength={2048}
        required
      />
    </FormDialog>
  )
}
