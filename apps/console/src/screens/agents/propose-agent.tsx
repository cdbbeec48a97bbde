/** Proposing an agent: who it is, what it is for, which systems it touches. Somebody else approves it. @module */
import { Alert, Button, Group, Modal, MultiSelect, Stack, Textarea, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { words } from '../../words/words.ts'

const t = words.agents

export function ProposeAgent({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [kind, setKind] = useState('')
  const [purpose, setPurpose] = useState('')
  const [version, setVersion] = useState('')
  const [systems, setSystems] = useState<string[]>([])
  const known = useQuery({ queryKey: ['systems'], queryFn: () => said(api.GET('/v1/systems')) })
  const proposed = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/agents', {
          body: { name, class: kind, purpose, systems, manifest: version === '' ? {} : { version } },
        }),
      ),
    onSuccess: async ({ agent: id }) => {
      await queries.invalidateQueries({ queryKey: ['agents'] })
      await navigate({ to: '/agents/$id', params: { id } })
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {t.propose}
        </Title>
      }
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          proposed.mutate()
        }}
      >
        <Stack>
          <TextInput
            label={t.name}
            required
            maxLength={128}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <TextInput
            label={t.class}
            description={t.classHint}
            required
            maxLength={64}
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value)}
          />
          <Textarea
            label={t.purpose}
            required
            maxLength={512}
            autosize
            minRows={2}
            value={purpose}
            onChange={(event) => setPurpose(event.currentTarget.value)}
          />
          <TextInput
            label={t.version}
            description={t.versionHint}
            maxLength={64}
            value={version}
            onChange={(event) => setVersion(event.currentTarget.value)}
          />
          <MultiSelect
            label={t.systems}
            data={(known.data?.systems ?? []).map((system) => ({ value: system.id, label: system.name }))}
            value={systems}
            onChange={setSystems}
          />
          {proposed.isError && (
            <Alert color="red" role="alert">
              {faultText(proposed.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" loading={proposed.isPending}>
              {t.propose}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
