/** A form in a dialog: what will come of it, its fields, and what went wrong. @module */
import { Alert, Button, Group, Modal, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { faultText } from '../gesture/fault-text.ts'
import { words } from '../words/words.ts'

export function FormDialog({
  title,
  lead,
  submit = title,
  children,
  pending,
  error,
  ready = true,
  danger = false,
  size = 'md',
  onSubmit,
  onClose,
}: {
  title: string
  lead?: string
  /** Of the button; the title unless told otherwise. */
  submit?: string
  children?: ReactNode
  pending: boolean
  error: unknown
  ready?: boolean
  danger?: boolean
  size?: string
  onSubmit: () => void
  onClose: () => void
}) {
  return (
    <Modal
      opened
      onClose={onClose}
      size={size}
      title={
        <Title order={2} size="h3">
          {title}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) onSubmit()
        }}
      >
        <Stack>
          {lead !== undefined && <Text>{lead}</Text>}
          {children}
          {error !== null && error !== undefined && (
            <Alert color="red" role="alert">
              {faultText(error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" color={danger ? 'red' : 'blue'} loading={pending} disabled={!ready}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
