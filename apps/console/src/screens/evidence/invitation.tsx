/** The invitation of an auditor: a secret that is shown once, and never kept by this page. @module */
import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Check, Copy } from 'lucide-react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { Pairs, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import type { PreviewGrant } from './read.ts'

const t = words.evidence.previews

export function Invitation({ of, onClose }: { of: PreviewGrant; onClose: () => void }) {
  const invited = useMutation({
    mutationFn: () => said(api.POST('/v1/previews/{id}/invite', { params: { path: { id: of.preview } } })),
    gcTime: 0,
  })
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={
        <Title order={2} size="h3">
          {t.invite}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <Stack>
        <Text>{t.inviteText(of.auditor ?? t.erased)}</Text>
        {of.holder !== null && <Alert color="yellow">{t.replaces}</Alert>}
        {invited.isError && (
          <Alert color="red" role="alert">
            {faultText(invited.error)}
          </Alert>
        )}
        {invited.data === undefined ? (
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button loading={invited.isPending} onClick={() => invited.mutate()} data-autofocus>
              {t.makeInvitation}
            </Button>
          </Group>
        ) : (
          <Made
            url={invited.data.url}
            server={invited.data.server}
            expires={invited.data.expires}
            onClose={onClose}
          />
        )}
      </Stack>
    </Modal>
  )
}

function Made({
  url,
  server,
  expires,
  onClose,
}: {
  url: string
  server: string
  expires: number
  onClose: () => void
}) {
  return (
    <>
      <Alert color="yellow" role="status">
        {t.once}
      </Alert>
      <Code block data-testid="invitation">
        {url}
      </Code>
      <Pairs
        of={[
          [t.expires, <Time key="expires" at={expires} />],
          [t.server, server],
        ]}
      />
      <Group justify="flex-end">
        <CopyButton value={url}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
            >
              {copied ? t.copied : t.copy}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>{t.handed}</Button>
      </Group>
    </>
  )
}
