/**
 * A gesture over a statement that is no act: that of an approval, or of an attestation. Whoever opens it computes the
 * challenge from what the person was shown, and says in `sign` all that happens at the button.
 * @module
 */
import { Alert, Button, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Fingerprint, ShieldAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useSession } from '../session/session.ts'
import { words } from '../words/words.ts'
import { faultText } from './fault-text.ts'

export function StatementDialog<T>({
  title,
  consequences,
  children,
  sign,
  onDone,
  onClose,
  danger = false,
}: {
  title: string
  /** What will come of it. */
  consequences: string
  /** What is signed, shown. */
  children: ReactNode
  sign: () => Promise<T>
  onDone: (answer: T) => void
  onClose: () => void
  danger?: boolean
}) {
  const session = useSession()
  const made = useMutation({ mutationFn: sign, onSuccess: onDone })
  const isSoftware = session.person.amr.includes('swk')
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={
        <Title order={2} size="h3">
          {title}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <Stack>
        <Text>{consequences}</Text>
        {children}
        {isSoftware && (
          <Alert color="yellow" icon={<ShieldAlert aria-hidden />}>
            {words.gesture.software}
          </Alert>
        )}
        {made.isError && (
          <Alert color="red" role="alert">
            {faultText(made.error)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.gesture.cancel}
          </Button>
          <Button
            color={danger ? 'red' : 'blue'}
            leftSection={<Fingerprint size={18} aria-hidden />}
            disabled={isSoftware}
            loading={made.isPending}
            onClick={() => made.mutate()}
            data-autofocus
          >
            {words.gesture.sign}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
