/** Asks for a name that is kept outside the log. @module */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { FormDialog } from '../../parts/form-dialog.tsx'

const NAME_CHARS_MAX = 128

export function NameDialog({
  label,
  hint,
  initial = '',
  onName,
  ...dialog
}: {
  title: string
  lead?: string
  submit: string
  label: string
  hint: string
  initial?: string
  pending: boolean
  error: unknown
  onName: (name: string) => void
  onClose: () => void
}) {
  const [name, setName] = useState(initial)
  return (
    <FormDialog {...dialog} ready={name.trim() !== ''} onSubmit={() => onName(name.trim())}>
      <TextInput
        label={label}
        description={hint}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={NAME_CHARS_MAX}
        required
        data-autofocus
      />
    </FormDialog>
  )
}
