/** Opening an incident, by hand or from an alert. spec/incidents.md (INC-1). @module */
import { Radio, Select, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import { SEVERITIES } from '../alerts/alert-queries.ts'
import { indicesIn } from './incident-queries.ts'
import { agentNamesQuery } from '../../parts/names.ts'

const t = words.incidents
type Severity = (typeof SEVERITIES)[number]

export interface Origin {
  readonly alerts: readonly string[]
  readonly entries: readonly number[]
  readonly severity: Severity
  readonly title: string
  readonly agent: string | null
}

/** @param from the alert that it is opened from; null: by hand */
export function OpenIncident({ from, onClose }: { from: Origin | null; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [kind, setKind] = useState<'manual' | 'tabletop'>('manual')
  const [title, setTitle] = useState(from?.title ?? '')
  const [severity, setSeverity] = useState<Severity>(from?.severity ?? 'medium')
  const [agent, setAgent] = useState(from?.agent ?? null)
  const [text, setText] = useState('')
  const agents = useQuery(agentNamesQuery)
  const entries = from === null ? indicesIn(text) : [...from.entries]
  const opened = useMutation({
    mutationFn: (named: number[]) =>
      said(
        api.POST('/v1/incidents', {
          body: {
            kind: from === null ? kind : 'alert',
            severity,
            title: title.trim(),
            agent,
            alerts: [...(from?.alerts ?? [])],
            entries: named,
          },
        }),
      ),
    onSuccess: async ({ incident: id }) => {
      await queries.invalidateQueries({ queryKey: ['incidents'] })
      await navigate({ to: '/incidents/$id', params: { id } })
    },
  })
  return (
    <FormDialog
      title={t.open}
      lead={from === null ? t.openText : words.alerts.openText}
      ready={title.trim() !== '' && entries !== null}
      onSubmit={() => entries !== null && opened.mutate(entries)}
      pending={opened.isPending}
      error={opened.error}
      onClose={onClose}
    >
      {from === null && (
        <Radio.Group label={t.openKind} value={kind} onChange={(to) => setKind(to)}>
          <Stack gap="xs" mt="xs">
            {(['manual', 'tabletop'] as const).map((one) => (
              <Radio key={one} value={one} label={t.openKinds[one]} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      <TextInput
        label={t.name}
        required
        maxLength={256}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        data-autofocus
      />
      <Select
        label={t.severity}
        data={[...SEVERITIES]}
        value={severity}
        onChange={(to) => setSeverity(to ?? 'medium')}
        allowDeselect={false}
      />
      <Select
        label={t.agent}
        data={(agents.data?.agents ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={agent}
        onChange={setAgent}
        placeholder={t.noAgent}
        searchable
        limit={SELECT_MAX}
        clearable
      />
      {from === null && (
        <TextInput
          label={t.entries}
          description={t.entriesHint}
          error={entries === null ? t.entriesWrong : null}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  )
}
