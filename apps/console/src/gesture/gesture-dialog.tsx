/**
 * What a person is about to stand behind, in plain words, and their passkey's gesture over exactly that. The words are
 * those of the ceremony's page (apps/server/pages/words.js); what has no words stands there as it is.
 * @module
 */
import { Accordion, Alert, Button, Code, Group, Modal, ScrollArea, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Fingerprint, ShieldAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { viewOf } from './view.ts'
import { Pairs } from '../parts/values.tsx'
import { Failed, Loading } from '../parts/states.tsx'
import { useSession } from '../session/session.ts'
import { words } from '../words/words.ts'
import { faultText } from './fault-text.ts'
import { gestureOver, type GestureParts } from './passkey.ts'

export interface Asked {
  readonly act: unknown
  readonly challenge: string
}

export interface GestureDialogProps {
  readonly title: string
  /** What will come of it, in a sentence or two, before the gesture. */
  readonly consequences: string
  /** What the act is about, where it only names it: a policy in words, a definition beside the one before. */
  readonly about?: ReactNode
  /** Asks the control plane what is signed. The key tells one question from another. */
  readonly ask: () => Promise<Asked>
  readonly askKey: readonly string[]
  readonly take: (parts: GestureParts) => Promise<unknown>
  /** Names beside identifiers, which nobody signs. */
  readonly names?: Readonly<Record<string, string>>
  readonly onDone: () => void
  readonly onClose: () => void
  readonly danger?: boolean
}

export function GestureDialog({
  title,
  consequences,
  about,
  ask,
  askKey,
  take,
  names = {},
  onDone,
  onClose,
  danger = false,
}: GestureDialogProps) {
  const session = useSession()
  const asked = useQuery({
    queryKey: ['gesture', ...askKey],
    queryFn: ask,
    staleTime: 0,
    gcTime: 0,
    retry: false,
    // What was read is what is signed: nothing else takes its place under the button.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const made = useMutation({
    mutationFn: async (shown: Asked) =>
      take(await gestureOver(session.place, session.person.credential_ids, shown)),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  const isSoftware = session.person.amr.includes('swk')
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Title order={2} size="h3">
          {title}
        </Title>
      }
      size="lg"
      closeButtonProps={{ 'aria-label': words.gesture.close }}
    >
      <Stack>
        <Text>{consequences}</Text>
        {about}
        {asked.isPending && <Loading rows={3} />}
        {asked.isError && <Failed error={asked.error} again={() => void asked.refetch()} />}
        {asked.data !== undefined && <Shown asked={asked.data} names={names} />}
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
            disabled={asked.data === undefined || isSoftware}
            loading={made.isPending}
            onClick={() => asked.data && made.mutate(asked.data)}
            data-autofocus
          >
            {words.gesture.sign}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function Shown({ asked, names }: { asked: Asked; names: Readonly<Record<string, string>> }) {
  const session = useSession()
  const view = viewOf({
    kind: 'gesture',
    shown: { tag: 'countersign-act-v1', value: asked.act },
    challenge: asked.challenge,
    names,
    person: session.person,
    log: { origin: session.place.origin, simulated: session.place.simulated },
  })
  return (
    <Stack gap="sm" data-testid="signed">
      {view.sections.map(({ heading, rows, note }) => (
        <Stack key={heading} gap={4}>
          <Title order={3} size="h4">
            {heading}
          </Title>
          <Pairs
            of={rows.map(
              ({ label, lines, id }) => [label, <Lines key={label} lines={lines} id={id} />] as const,
            )}
          />
          {note !== undefined && <Text size="sm">{note}</Text>}
        </Stack>
      ))}
      <Accordion variant="contained">
        <Accordion.Item value="exact">
          <Accordion.Control>{words.gesture.exact}</Accordion.Control>
          <Accordion.Panel>
            <ScrollArea.Autosize mah={240} type="auto">
              <Code block tabIndex={0}>
                {JSON.stringify(asked.act, null, 2)}
              </Code>
            </ScrollArea.Autosize>
            <Text size="xs" c="dimmed" className="mono">
              {words.gesture.digest} {asked.challenge}
            </Text>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  )
}

function Lines({ lines, id }: { lines: readonly string[]; id?: string | undefined }) {
  return (
    <>
      {lines.map((line) => (
        <Text key={line} component="div">
          {line}
        </Text>
      ))}
      {id !== undefined && (
        <Text component="div" c="dimmed" className="mono">
          {id}
        </Text>
      )}
    </>
  )
}
