/** Acts as buttons with their dialogs: by a gesture, for a reason, or after a question. @module */
import type { ButtonProps } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { GestureDialog, type GestureDialogProps } from '../gesture/gesture-dialog.tsx'
import { ActButton } from './act-button.tsx'
import { FormDialog } from './form-dialog.tsx'
import { ReasonDialog } from './reason-dialog.tsx'

type Look = Pick<ButtonProps, 'size' | 'variant'>
const SMALL: Look = { size: 'xs', variant: 'default' }

export function GestureButton({
  label,
  whyNot,
  look = SMALL,
  ...dialog
}: Omit<GestureDialogProps, 'onClose'> & { label: string; whyNot: string | null; look?: Look }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <ActButton
        {...look}
        whyNot={whyNot}
        onClick={() => setOpen(true)}
        {...(dialog.danger && { color: 'red' })}
      >
        {label}
      </ActButton>
      {open && <GestureDialog {...dialog} onClose={() => setOpen(false)} />}
    </>
  )
}

interface ActProps {
  readonly label: string
  readonly title?: string
  /** What will come of it. */
  readonly consequences: string
  readonly whyNot: string | null
  readonly onDone: () => void
  readonly danger?: boolean
  readonly look?: Look
}

export function ReasonButton({
  label,
  title = label,
  consequences,
  whyNot,
  run,
  onDone,
  danger = false,
  look = SMALL,
  usual,
}: ActProps & { run: (reason: string) => Promise<unknown>; usual?: readonly string[] }) {
  const [open, setOpen] = useState(false)
  const act = useMutation({
    mutationFn: run,
    onSuccess: () => {
      setOpen(false)
      onDone()
    },
  })
  return (
    <>
      <ActButton {...look} whyNot={whyNot} onClick={() => setOpen(true)} {...(danger && { color: 'red' })}>
        {label}
      </ActButton>
      {open && (
        <ReasonDialog
          title={title}
          consequences={consequences}
          take={(reason) => act.mutate(reason)}
          pending={act.isPending}
          error={act.error}
          danger={danger}
          onClose={() => setOpen(false)}
          {...(usual && { usual })}
        />
      )}
    </>
  )
}

export function ConfirmButton({
  label,
  title = label,
  consequences,
  whyNot,
  run,
  onDone,
  danger = false,
  look = SMALL,
}: ActProps & { run: () => Promise<unknown> }) {
  const [open, setOpen] = useState(false)
  const act = useMutation({
    mutationFn: run,
    onSuccess: () => {
      setOpen(false)
      onDone()
    },
  })
  return (
    <>
      <ActButton {...look} whyNot={whyNot} onClick={() => setOpen(true)} {...(danger && { color: 'red' })}>
        {label}
      </ActButton>
      {open && (
        <FormDialog
          title={title}
          lead={consequences}
          submit={label}
          danger={danger}
          pending={act.isPending}
          error={act.error}
          onSubmit={() => act.mutate()}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  )
}
