/** Opens a deficiency, from a deviation or by hand. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, said } from '../../../api/client.ts'
import { words } from '../../../words/words.ts'
import { endOfDay, FormDialog, indicesIn, type Field } from '../form-dialog.tsx'
import { DAY_MS } from '../read.ts'

const t = words.evidence.registers
/** What most companies give themselves, in days. */
const USUAL_DAYS = 30
/** Entries that one act names. */
const SHOWN_MAX = 64

export function usePeopleField(name: string, label: string, optional = false): Field {
  const people = useQuery({ queryKey: ['people'], queryFn: () => said(api.GET('/v1/people')) })
  return {
    name,
    label,
    kind: 'select',
    optional,
    data: (people.data?.people ?? []).map(({ id, name: called }) => ({ value: id, label: called ?? id })),
  }
}

export function OpenDeficiency({
  deviation,
  criteria,
  entries,
  onClose,
}: {
  deviation: string | null
  criteria: readonly string[]
  entries: readonly number[]
  onClose: () => void
}) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const owner = usePeopleField('owner', t.owner, true)
  return (
    <FormDialog
      title={t.deficiency.open}
      consequences={t.deficiency.openText}
      fields={[
        { name: 'title', label: t.title, max: 256 },
        {
          name: 'criteria',
          label: t.criteria,
          hint: t.deficiency.criteriaHint,
          initial: criteria.join(' '),
        },
        owner,
        {
          name: 'due',
          label: t.due,
          kind: 'date',
          initial: new Date(Date.now() + USUAL_DAYS * DAY_MS).toISOString().slice(0, 10),
        },
        {
          name: 'entries',
          label: t.entries,
          hint: t.entriesHint,
          optional: true,
          max: 1024,
          initial: entries.slice(0, SHOWN_MAX).join(', '),
        },
      ]}
      take={async (values) => {
        const { deficiency } = await said(
          api.POST('/v1/deficiencies', {
            body: {
              title: values['title'] ?? '',
              criteria: (values['criteria'] ?? '').split(/[\s,]+/).filter((one) => one !== ''),
              deviation,
              owner: values['owner'] === '' ? null : (values['owner'] ?? null),
              due: endOfDay(values['due']),
              entries: indicesIn(values['entries']),
            },
          }),
        )
        await queries.invalidateQueries({ queryKey: ['deficiencies'] })
        await navigate({ to: '/evidence/registers', search: { show: 'deficiencies', id: deficiency } })
      }}
      onDone={() => undefined}
      onClose={onClose}
    />
  )
}
