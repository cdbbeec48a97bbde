/** A question with a few fields before something is recorded. What will come of it stands above them. @module */
import { Alert, Button, Group, Modal, Stack, Text, Title, type MantineSize } from '@mantine/core'
import type { ReactNode } from 'react'
import { faultText } from '../gesture/fault-text.ts'
import { words } from '../words/words.ts'

export function FormDialog({
  title,
  consequences,
  children,
  isReady,
  take,
  pending,
  error,
  onClose,
  danger = false,
  size = 'md',
}: {
  title: string
  consequences: string
  children: ReactNode
  isReady: boolean
  take: () => void
  pending: boolean
  error: unknown
  onClose: () => void
  danger?: boolean
  size?: MantineSize
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
          if (isReady) take()
        }}
      >
        <Stack>
          <Text>{consequences}</Text>
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
            <Button type="submit" color={danger ? 'red' : 'blue'} loading={pending} disabled={!isReady}>
              {title}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
