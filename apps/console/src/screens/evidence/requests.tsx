/** What auditors asked for, and the answers, each given once. @module */
import { Group, Paper, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Answer } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { FormDialog } from './form-dialog.tsx'
import { useNames, type EvidenceRequest } from './read.ts'

const t = words.evidence.previews
const WORDS_MAX = 4096

/** @param preview null: of all previews */
export function Requests({ preview }: { preview: string | null }) {
  const requests = useQuery({
    queryKey: ['evidence-requests', preview],
    queryFn: () =>
      said(api.GET('/v1/evidence-requests', { params: { query: preview === null ? {} : { preview } } })),
  })
  return (
    <Answer
      of={requests}
      empty={(data) => data.requests.length === 0}
      nothing={
        <Text size="sm" c="dimmed">
          {t.noRequests}
        </Text>
      }
    >
      {(data) => (
        <Stack gap="sm">
          {data.requests.map((one) => (
            <Request key={one.request} of={one} isOne={preview !== null} />
          ))}
        </Stack>
      )}
    </Answer>
  )
}

function Request({ of, isOne }: { of: EvidenceRequest; isOne: boolean }) {
  const session = useSession()
  const names = useNames()
  const queries = useQueryClient()
  const [answering, setAnswering] = useState(false)
  return (
    <Paper withBorder p="sm" component="article" aria-label={t.request}>
      <Stack gap={6}>
        <Group justify="space-between" gap="sm">
          <Text size="sm" c="dimmed">
            <Time at={of.opened} />
            {of.about === null ? '' : ` · ${t.about(of.about.kind, of.about.id)}`}
            {!isOne && (
              <>
                {' · '}
                <TextLink to="/evidence/previews/$id" params={{ id: of.preview }} inherit>
                  {t.toPreview}
                </TextLink>
              </>
            )}
          </Text>
          <State
            of={of.outcome === null ? 'waiting' : of.outcome === 'provided' ? 'active' : 'closed'}
            label={of.outcome === null ? t.waits : t.outcomes[of.outcome]}
          />
        </Group>
        <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{of.text ?? t.erased}</Text>
        {of.outcome === null ? (
          <Group>
            <ActButton
              size="xs"
              variant="default"
              whyNot={whyNot(session, 'evidence.work')}
              onClick={() => setAnswering(true)}
            >
              {t.answer}
            </ActButton>
          </Group>
        ) : (
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            <strong>{t.answeredBy(names.get(of.person ?? '') ?? of.person ?? '')}</strong>{' '}
            {of.answer ?? t.erased}
          </Text>
        )}
      </Stack>
      {answering && (
        <FormDialog
          title={t.answer}
          consequences={t.answerText}
          fields={[
            {
              name: 'outcome',
              label: t.outcome,
              kind: 'select',
              data: (['provided', 'declined'] as const).map((value) => ({ value, label: t.outcomes[value] })),
            },
            { name: 'answer', label: t.answerWords, kind: 'area', max: WORDS_MAX },
          ]}
          take={({ outcome, answer = '' }) =>
            said(
              api.POST('/v1/evidence-requests/{id}/answer', {
                params: { path: { id: of.request } },
                body: { outcome: outcome === 'provided' ? 'provided' : 'declined', answer },
              }),
            )
          }
          onDone={() => void queries.invalidateQueries({ queryKey: ['evidence-requests'] })}
          onClose={() => setAnswering(false)}
        />
      )}
    </Paper>
  )
}
