/** A secret that is shown once: it can be copied, and is gone when the dialog is closed. @module */
import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { Check, Copy, KeyRound } from 'lucide-react'
import { words } from '../words/words.ts'

const t = words.settings

export function SecretDialog({
  title,
  text,
  secrets,
  onClose,
}: {
  title: string
  text: string
  /** Name and secret. */
  secrets: readonly (readonly [string, string])[]
  onClose: () => void
}) {
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      closeOnClickOutside={false}
      title={
        <Title order={2} size="h3">
          {title}
        </Title>
      }
      withCloseButton={false}
    >
      <Stack>
        <Text>{text}</Text>
        <Alert color="yellow" icon={<KeyRound aria-hidden />} title={t.secretOnce} p="sm">
          {t.secretOnceText}
        </Alert>
        {secrets.map(([name, value]) => (
          <Stack key={name} gap={4}>
            <Text size="sm" fw={600}>
              {name}
            </Text>
            <Code block className="wraps" data-testid="secret" tabIndex={0}>
              {value}
            </Code>
            <CopyButton value={value}>
              {({ copied, copy }) => (
                <Group>
                  <Button
                    size="xs"
                    variant="light"
                    onClick={copy}
                    leftSection={copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
                  >
                    {copied ? t.copied : t.copy}
                  </Button>
                </Group>
              )}
            </CopyButton>
          </Stack>
        ))}
        <Group justify="flex-end">
          <Button onClick={onClose}>{t.close}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
