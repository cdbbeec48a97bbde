/** Proposing a version of an agent: what makes it what it is, without a secret. @module */
import { Alert, Button, Group, Modal, Stack, TextInput, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { words } from '../../words/words.ts'

const t = words.agents
const FIELDS = ['version', 'model', 'prompt', 'tools', 'commit'] as const
type Field = (typeof FIELDS)[number]
const HINTS: Readonly<Partial<Record<Field, string>>> = {
  version: t.versionHint,
  prompt: t.promptHint,
  tools: t.toolsHint,
}

export function ProposeVersion({ agent, onClose }: { agent: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [form, setForm] = useState<Readonly<Partial<Record<Field, string>>>>({})
  const filled = Object.fromEntries(
    Object.entries(form).flatMap(([name, text]) => (text.trim() === '' ? [] : [[name, text.trim()]])),
  ) as Partial<Record<Field, string>>
  const { tools, ...texts } = filled
  const propose = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/agents/{id}/versions', {
          params: { path: { id: agent } },
          body: {
            manifest: {
              ...texts,
              ...(tools !== undefined && {
                tools: tools
                  .split(',')
                  .map((name) => name.trim())
                  .filter((name) => name !== ''),
              }),
            },
          },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['agents', agent] })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {t.proposeVersion}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          propose.mutate()
        }}
      >
        <Stack>
          {FIELDS.map((name) => (
            <TextInput
              key={name}
              label={t[name]}
              description={HINTS[name]}
              value={form[name] ?? ''}
              onChange={(event) => setForm({ ...form, [name]: event.currentTarget.value })}
              required={name === 'version'}
              data-autofocus={name === 'version' || undefined}
            />
          ))}
          {propose.isError && (
            <Alert color="red" role="alert">
              {faultText(propose.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" loading={propose.isPending}>
              {t.proposeVersion}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
