/** Isolating an agent at once, and putting it under oversight. Either is ended by somebody else. @module */
import { Alert, Button, Group, Modal, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { words } from '../../words/words.ts'
import type { Followed } from '../delegations/following.tsx'
import type { AgentView } from './agents.tsx'

const t = words.agents

export function IsolateDialog({
  agent,
  onDone,
  onFrames,
  onClose,
}: {
  agent: AgentView
  onDone: () => void
  onFrames: (followed: Followed) => void
  onClose: () => void
}) {
  const [title, setTitle] = useState('')
  const isolate = useMutation({
    mutationFn: () =>
      said(api.POST('/v1/agents/{id}/isolate', { params: { path: { id: agent.id } }, body: { title } })),
    onSuccess: ({ frames }) => {
      if (frames.length > 0) onFrames({ seq: Math.max(...frames), at: Date.now() })
      onDone()
      onClose()
    },
  })
  return (
    <Ask
      title={t.isolate}
      text={t.isolateText(agent.name)}
      pending={isolate.isPending}
      error={isolate.error}
      take={() => isolate.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t.incidentTitle}
        description={t.incidentHint}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        maxLength={256}
        required
        data-autofocus
      />
    </Ask>
  )
}

export function OverseeDialog({
  agent,
  onDone,
  onClose,
}: {
  agent: AgentView
  onDone: () => void
  onClose: () => void
}) {
  const oversee = useMutation({
    mutationFn: () => said(api.POST('/v1/agents/{id}/oversight', { params: { path: { id: agent.id } } })),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <Ask
      title={t.oversee}
      text={t.overseeText(agent.name)}
      pending={oversee.isPending}
      error={oversee.error}
      take={() => oversee.mutate()}
      onClose={onClose}
    />
  )
}

function Ask({
  title,
  text,
  pending,
  error,
  take,
  onClose,
  children,
}: {
  title: string
  text: string
  pending: boolean
  error: unknown
  take: () => void
  onClose: () => void
  children?: ReactNode
}) {
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
          take()
        }}
      >
        <Stack>
          <Text>{text}</Text>
          {children}
          {error !== null && (
            <Alert color="red" role="alert">
              {faultText(error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.gesture.cancel}
            </Button>
            <Button type="submit" color="red" loading={pending}>
              {title}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
