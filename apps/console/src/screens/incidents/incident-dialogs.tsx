/** What people do about an incident: contain it, write, say who works on it. @module */
import { Radio, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import { CONTAINED_BY, indicesIn, PHASES } from './incident-queries.ts'

const t = words.incidents

interface Props {
  readonly id: string
  readonly onClose: () => void
}

function useActOnIncident<T>(act: (given: T) => Promise<unknown>, onClose: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['incidents'] })
      onClose()
    },
  })
}

export function ContainDialog({ id, onClose }: Props) {
  const [how, setHow] = useState<(typeof CONTAINED_BY)[number] | null>(null)
  const [text, setText] = useState('')
  const entries = indicesIn(text)
  const act = useActOnIncident(
    (body: { how: (typeof CONTAINED_BY)[number]; entries: number[] }) =>
      said(api.POST('/v1/incidents/{id}/contain', { params: { path: { id } }, body })),
    onClose,
  )
  return (
    <FormDialog
      title={t.contain}
      lead={t.containText}
      ready={how !== null && entries !== null}
      onSubmit={() => how !== null && entries !== null && act.mutate({ how, entries })}
      pending={act.isPending}
      error={act.error}
      onClose={onClose}
    >
      <Radio.Group label={t.how} value={how} onChange={(to) => setHow(to)} required>
        <Stack gap="xs" mt="xs">
          {CONTAINED_BY.map((one, at) => (
            <Radio
              key={one}
              value={one}
              label={t.by[one]}
              {...(at === 0 ? { 'data-autofocus': true } : {})}
            />
          ))}
        </Stack>
      </Radio.Group>
      <TextInput
        label={t.entries}
        description={t.entriesHint}
        error={entries === null ? t.entriesWrong : null}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </FormDialog>
  )
}

export function WriteDialog({ id, onClose }: Props) {
  const [phase, setPhase] = useState<(typeof PHASES)[number]>('note')
  const [text, setText] = useState('')
  const act = useActOnIncident(
    (body: { phase: (typeof PHASES)[number]; text: string }) =>
      said(api.POST('/v1/incidents/{id}/notes', { params: { path: { id } }, body })),
    onClose,
  )
  return (
    <FormDialog
      title={t.write}
      lead={t.writeText}
      ready={text.trim() !== ''}
      onSubmit={() => act.mutate({ phase, text: text.trim() })}
      pending={act.isPending}
      error={act.error}
      onClose={onClose}
      size="lg"
    >
      <Select
        label={t.phase}
        data={PHASES.map((value) => ({ value, label: t.phases[value] }))}
        value={phase}
        onChange={(to) => setPhase(to ?? 'note')}
        allowDeselect={false}
      />
      <Textarea
        label={t.text}
        required
        maxLength={4096}
        autosize
        minRows={4}
        maxRows={14}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
    </FormDialog>
  )
}

export function AssignDialog({ id, onClose }: Props) {
  const [owner, setOwner] = useState<string | null>(null)
  const people = useQuery({ queryKey: ['people'], queryFn: () => said(api.GET('/v1/people')) })
  const standing = (people.data?.people ?? []).filter((one) => one.status === 'enrolled' && one.endorsed)
  const act = useActOnIncident(
    (person: string) =>
      said(api.POST('/v1/incidents/{id}/assign', { params: { path: { id } }, body: { owner: person } })),
    onClose,
  )
  return (
    <FormDialog
      title={t.assign}
      lead={t.assignText}
      ready={owner !== null}
      onSubmit={() => owner !== null && act.mutate(owner)}
      pending={act.isPending}
      error={act.error}
      onClose={onClose}
    >
      <Select
        label={t.person}
        required
        data={standing.map((one) => ({ value: one.id, label: one.name ?? one.id }))}
        value={owner}
        onChange={setOwner}
        searchable
        limit={SELECT_MAX}
        data-autofocus
      />
    </FormDialog>
  )
}
