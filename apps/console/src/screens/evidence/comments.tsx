/** Comments of both sides in a preview, in order. @module */
import { Alert, Button, Group, Paper, Select, Stack, Text, Textarea, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { faultText } from '../../gesture/fault-text.ts'
import { Answer } from '../../parts/states.tsx'
import { Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { EntryLink } from './bits.tsx'
import { useNames, type PreviewGrant } from './read.ts'

const t = words.evidence.previews
const WORDS_MAX = 4096

export function Comments({ preview }: { preview: PreviewGrant }) {
  const names = useNames()
  const comments = useQuery({
    queryKey: ['previews', preview.preview, 'comments'],
    queryFn: () => said(api.GET('/v1/previews/{id}/comments', { params: { path: { id: preview.preview } } })),
  })
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.comments}</Title>
        <Answer
          of={comments}
          empty={(data) => data.comments.length === 0}
          nothing={
            <Text size="sm" c="dimmed">
              {t.noComments}
            </Text>
          }
        >
          {(data) => (
            <Stack gap="sm">
              {data.comments.map(({ entry, person, time, about, text }) => (
                <Stack key={entry} gap={2}>
                  <Text size="sm" c="dimmed">
                    {person === null ? (preview.auditor ?? t.auditor) : (names.get(person) ?? person)},{' '}
                    <Time at={time} /> · {t.about(about.kind, about.id)} · <EntryLink index={entry} />
                  </Text>
                  <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text ?? t.erased}</Text>
                </Stack>
              ))}
            </Stack>
          )}
        </Answer>
        <Say preview={preview} />
      </Stack>
    </Paper>
  )
}

function Say({ preview }: { preview: PreviewGrant }) {
  const session = useSession()
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [criterion, setCriterion] = useState(preview.criteria[0] ?? '')
  const refuse = preview.status === 'granted' ? whyNot(session, 'evidence.work') : t.notGranted
  const sent = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/previews/{id}/comments', {
          params: { path: { id: preview.preview } },
          body: { about: { kind: 'criterion', id: criterion }, text },
        }),
      ),
    onSuccess: async () => {
      setText('')
      await queries.invalidateQueries({ queryKey: ['previews', preview.preview, 'comments'] })
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (refuse === null) sent.mutate()
      }}
    >
      <Stack gap="xs">
        <Textarea
          label={t.say}
          description={refuse ?? t.sayHint}
          disabled={refuse !== null}
          maxLength={WORDS_MAX}
          autosize
          minRows={2}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {sent.isError && (
          <Alert color="red" role="alert">
            {faultText(sent.error)}
          </Alert>
        )}
        <Group align="flex-end">
          <Select
            label={t.aboutLabel}
            data={[...preview.criteria]}
            value={criterion}
            allowDeselect={false}
            onChange={(value) => setCriterion(value ?? '')}
            disabled={refuse !== null}
            w={140}
          />
          <Button
            type="submit"
            variant="default"
            disabled={refuse !== null || text.trim() === ''}
            loading={sent.isPending}
          >
            {t.send}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
