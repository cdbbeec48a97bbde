/** Recording an objection: by which right, to which purposes, with what comes of it. @module */
import { MultiSelect, Select } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { OBJECTION_RIGHTS } from '../../../../../src/log/consent-bodies.ts'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { termLabel } from '../../parts/terms.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import type { ConsentView } from './queries.ts'

const t = words.consents

export function Objection({
  subject: id,
  consents,
  onDone,
  onClose,
}: {
  subject: string
  consents: readonly ConsentView[]
  onDone: () => void
  onClose: () => void
}) {
  const [right, setRight] = useState<(typeof OBJECTION_RIGHTS)[number]>('gdpr_21')
  const [purposes, setPurposes] = useState<string[]>([])
  const terms = useQuery({ queryKey: ['consent-terms'], queryFn: () => said(api.GET('/v1/consent-terms')) })
  const consented = consents.flatMap(({ record }) => record.purposes)
  const known = [...new Set([...consented, ...(terms.data?.purposes ?? [])])]
  const made = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/data-subjects/{id}/objections', {
          params: { path: { id } },
          body: { right, purposes: purposes.length === 0 ? null : purposes },
        }),
      ),
    onSuccess: () => {
      onDone()
      onClose()
    },
  })
  return (
    <FormDialog
      title={t.object}
      lead={t.objectText}
      submit={t.object}
      danger
      pending={made.isPending}
      error={made.error}
      onSubmit={() => made.mutate()}
      onClose={onClose}
    >
      <Select
        label={t.right}
        data={OBJECTION_RIGHTS.map((value) => ({ value, label: t.rights[value] }))}
        value={right}
        onChange={(value) => setRight(OBJECTION_RIGHTS.find((each) => each === value) ?? right)}
        allowDeselect={false}
      />
      <MultiSelect
        label={t.purposes}
        description={t.noPurposes}
        data={known.map((value) => ({ value, label: termLabel(value) }))}
        value={purposes}
        onChange={setPurposes}
        maxValues={16}
        limit={SELECT_MAX}
        searchable
        clearable
      />
    </FormDialog>
  )
}
