/** Recording what a data subject asked for by another way than their own page. @module */
import { Select, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { REQUEST_KINDS } from '../../../../../src/core/jurisdiction.ts'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { words } from '../../words/words.ts'

const t = words.consents

export function AddRequest({
  subject: id,
  onDone,
  onClose,
}: {
  subject: string
  onDone: () => void
  onClose: () => void
}) {
  const [kind, setKind] = useState<(typeof REQUEST_KINDS)[number]>(REQUEST_KINDS[0])
  const [text, setText] = useState('')
  const made = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/data-subjects/{id}/requests', {
          params: { path: { id } },
          body: { kind, text: text.trim() },
        }),
      ),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.addRequest}
      lead={t.addRequestText}
      submit={t.addRequest}
      pending={made.isPending}
      error={made.error}
      ready={text.trim() !== ''}
      onSubmit={() => made.mutate()}
      onClose={onClose}
    >
      <Select
        label={t.kind}
        data={REQUEST_KINDS.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
        value={kind}
        onChange={(value) => setKind(REQUEST_KINDS.find((each) => each === value) ?? kind)}
        allowDeselect={false}
      />
      <Textarea
        label={t.text}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        maxLength={2048}
        autosize
        minRows={3}
        required
      />
    </FormDialog>
  )
}
