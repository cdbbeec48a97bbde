/** Registering a key of an agent: its public half alone. @module */
import { Alert, Button, Group, Modal, Stack, Text, Textarea, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { words } from '../../words/words.ts'

const t = words.agents
type Jwk = paths['/v1/agents/{id}/keys']['post']['requestBody']['content']['application/json']['jwk']

export function AddKey({ agent, onClose }: { agent: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const jwk = publicIn(text)
  const add = useMutation({
    mutationFn: (key: Jwk) =>
      said(api.POST('/v1/agents/{id}/keys', { params: { path: { id: agent } }, body: { jwk: key } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['agents'] })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {t.addKey}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (jwk !== null) add.mutate(jwk)
        }}
      >
        <Stack>
          <Text>{t.addKeyText}</Text>
          <Textarea
            label={t.jwk}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={text !== '' && jwk === null ? t.jwkWrong : null}
            autosize
            minRows={4}
            maxLength={4096}
            required
            data-autofocus
            classNames={{ input: 'mono' }}
          />
          {add.isError && (
            <Alert color="red" role="alert">
              {faultText(add.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" disabled={jwk === null} loading={add.isPending}>
              {t.addKey}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** A private key is refused here, so that it never leaves the browser. The register reads the rest. */
function publicIn(text: string): Jwk | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('kty' in value) || 'd' in value) return null
    return value as Jwk
  } catch {
    return null
  }
}
