/** Freezes the populations of a period: their digests are logged before anybody knows what is drawn of them. @module */
import { useQueryClient } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { words } from '../../words/words.ts'
import { FormDialog } from './form-dialog.tsx'
import { periodOf, type Days, type Evidence } from './read.ts'

const t = words.evidence.samples

export function Freeze({
  tree,
  days: { from, to },
  onClose,
}: {
  tree: Evidence['tree']
  days: Days
  onClose: () => void
}) {
  const queries = useQueryClient()
  // A period that the log has an entry past: the last day of the log is not over.
  const today = tree.time.slice(0, 10)
  return (
    <FormDialog
      title={t.freeze}
      consequences={t.freezeText}
      fields={[
        { name: 'engagement', label: t.engagement, hint: t.engagementHint },
        { name: 'from', label: words.evidence.period.from, kind: 'date', initial: from < today ? from : '' },
        { name: 'to', label: words.evidence.period.to, kind: 'date', initial: to < today ? to : today },
      ]}
      take={({ engagement = '', from: first = '', to: last = '' }) =>
        said(
          api.POST('/v1/evidence/freezings', {
            body: { engagement: engagement.trim(), ...periodOf({ from: first, to: last }) },
          }),
        )
      }
      onDone={() => void queries.invalidateQueries({ queryKey: ['samples'] })}
      onClose={onClose}
    />
  )
}
