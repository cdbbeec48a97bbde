/** Erasing a subject: whom, on which basis; then the gesture, with what is in the way. @module */
import { Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ERASURE_BASES } from '../../../../../src/log/erasure-bodies.ts'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useNames } from '../../parts/names.ts'

const t = words.settings.retention

type Basis = (typeof ERASURE_BASES)[number]

export function Erase() {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const [step, setStep] = useState<'none' | 'whom' | 'sign'>('none')
  const [subject, setSubject] = useState('')
  const [basis, setBasis] = useState<Basis>(ERASURE_BASES[0])
  const close = () => setStep('none')
  const params = { path: { id: subject.trim() } }
  return (
    <>
      <ActButton
        size="xs"
        variant="default"
        color="red"
        whyNot={whyNot(session, 'privacy.work')}
        onClick={() => setStep('whom')}
      >
        {t.erase}
      </ActButton>
      {step === 'whom' && (
        <FormDialog
          title={t.erase}
          lead={t.eraseText}
          submit={t.erase}
          danger
          pending={false}
          error={null}
          ready={subject.trim() !== ''}
          onSubmit={() => setStep('sign')}
          onClose={close}
        >
          <TextInput
            label={t.subject}
            value={subject}
            onChange={(event) => setSubject(event.currentTarget.value)}
            maxLength={64}
            required
            data-autofocus
          />
          <Select
            label={t.basis}
            data={ERASURE_BASES.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
            value={basis}
            onChange={(value) => setBasis(ERASURE_BASES.find((each) => each === value) ?? basis)}
            allowDeselect={false}
          />
        </FormDialog>
      )}
      {step === 'sign' && (
        <GestureDialog
          title={t.erase}
          consequences={t.eraseText}
          danger
          ask={() => said(api.GET('/v1/subjects/{id}/erasure', { params: { ...params, query: { basis } } }))}
          askKey={['erase', subject, basis]}
          take={(parts) => said(api.POST('/v1/subjects/{id}/erase', { params, body: { ...parts, basis } }))}
          names={Object.fromEntries(names)}
          onDone={() => void queries.invalidateQueries({ queryKey: ['erasures'] })}
          onClose={close}
        />
      )}
    </>
  )
}
