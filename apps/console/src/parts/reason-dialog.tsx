/**
 * Asks for a reason before something that is recorded with one. It is a code, because it stands in the log for ever and may
 * name nobody (spec/erasure.md, ERA-12). Says first what will come of it.
 * @module
 */
import { Alert, Autocomplete, Button, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { faultText } from '../gesture/fault-text.ts'
import { words } from '../words/words.ts'

const CODE = /^[a-z][a-z0-9_-]{0,63}$/
const USUAL = [
  'no_longer_needed',
  'misbehaved',
  'key_exposed',
  'wrong_scope',
  'owner_left',
  'incident',
  'test',
]

export function ReasonDialog({
  title,
  consequences,
  take,
  pending,
  error,
  onClose,
  danger = false,
  usual = USUAL,
}: {
  title: string
  consequences: string
  take: (reason: string) => void
  pending: boolean
  error: unknown
  onClose: () => void
  danger?: boolean
  usual?: readonly string[]
}) {
  const [reason, setReason] = useState('')
  const code = reason.trim().toLowerCase().replaceAll(/\s+/g, '_')
  const isCode = CODE.test(code)
  return (
    <Modal
      opened
      onClose={onClose}
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
          if (isCode) take(code)
        }}
      >
        <Stack>
          <Text>{consequences}</Text>
          <Autocomplete
            label={words.reason.label}
            description={words.reason.hint}
            error={reason !== '' && !isCode ? words.reason.wrong : null}
            required
            data={[...usual]}
            value={reason}
            onChange={setReason}
            data-autofocus
          />
          {error !== null && error !== undefined && (
            <Alert color="red" role="alert">
              {faultText(error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" color={danger ? 'red' : 'blue'} loading={pending}>
              {title}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
