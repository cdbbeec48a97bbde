/** Taking an alert, and being done with it. @module */
import { Radio, Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { words } from '../../words/words.ts'

const t = words.alerts
const TRIAGES = ['unclear', 'real', 'expected', 'false'] as const
const DISPOSITIONS = ['resolved', 'expected', 'false', 'incident'] as const

function useActOnAlert<T>(act: (choice: T) => Promise<unknown>, onClose: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['alerts'] })
      onClose()
    },
  })
}

function Choice<T extends string>({
  label,
  of,
  labels,
  value,
  onChange,
}: {
  label: string
  of: readonly T[]
  labels: Readonly<Record<T, string>>
  value: T | null
  onChange: (to: T) => void
}) {
  return (
    <Radio.Group label={label} value={value} onChange={(to) => onChange(to)} required>
      <Stack gap="xs" mt="xs">
        {of.map((one, at) => (
          <Radio
            key={one}
            value={one}
            label={labels[one]}
            {...(at === 0 ? { 'data-autofocus': true } : {})}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

export function AcknowledgeDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [triage, setTriage] = useState<(typeof TRIAGES)[number] | null>(null)
  const act = useActOnAlert(
    (choice: (typeof TRIAGES)[number]) =>
      said(api.POST('/v1/alerts/{id}/acknowledge', { params: { path: { id } }, body: { triage: choice } })),
    onClose,
  )
  return (
    <FormDialog
      title={t.take}
      lead={t.takeText}
      ready={triage !== null}
      onSubmit={() => triage !== null && act.mutate(triage)}
      pending={act.isPending}
      error={act.error}
      onClose={onClose}
    >
      <Choice label={t.triage} of={TRIAGES} labels={t.triages} value={triage} onChange={setTriage} />
    </FormDialog>
  )
}

export function CloseDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [disposition, setDisposition] = useState<(typeof DISPOSITIONS)[number] | null>(null)
  const act = useActOnAlert(
    (choice: (typeof DISPOSITIONS)[number]) =>
      said(api.POST('/v1/alerts/{id}/close', { params: { path: { id } }, body: { disposition: choice } })),
    onClose,
  )
  return (
    <FormDialog
      title={t.close}
      lead={t.closeText}
      ready={disposition !== null}
      onSubmit={() => disposition !== null && act.mutate(disposition)}
      pending={act.isPending}
      error={act.error}
      onClose={onClose}
    >
      <Choice
        label={t.disposition}
        of={DISPOSITIONS}
        labels={t.dispositions}
        value={disposition}
        onChange={setDisposition}
      />
    </FormDialog>
  )
}
