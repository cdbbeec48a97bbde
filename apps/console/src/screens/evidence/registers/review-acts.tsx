/** What is done about items of a review: who decides, the decision, and what follows from it. @module */
import { api, said } from '../../../api/client.ts'
import { words } from '../../../words/words.ts'
import { choice, keyIn, FormDialog, indicesIn } from '../form-dialog.tsx'
import type { ReviewItem } from '../read.ts'
import { usePeopleField } from './open-deficiency.tsx'

const t = words.evidence.registers
const r = t.review

interface Props {
  readonly review: string
  readonly onDone: () => void
  readonly onClose: () => void
}

export function DecideItem({ review, item, ...ends }: Props & { item: ReviewItem }) {
  return (
    <FormDialog
      {...ends}
      title={r.decide}
      consequences={r.decideText(item.target)}
      fields={[choice('decision', r.decision, r.decisions)]}
      take={({ decision }) =>
        said(
          api.POST('/v1/access-reviews/{id}/decide', {
            params: { path: { id: review } },
            body: { item: item.n, decision: keyIn(r.decisions, decision, 'keep') },
          }),
        )
      }
    />
  )
}

export function ActOnItem({ review, item, ...ends }: Props & { item: ReviewItem }) {
  const isChange = item.decision === 'change'
  return (
    <FormDialog
      {...ends}
      title={r.act}
      consequences={isChange ? r.actChangeText(item.target) : r.actRevokeText(item.target)}
      fields={isChange ? [{ name: 'entries', label: t.entries, hint: t.entriesHint, max: 256 }] : []}
      take={({ entries }) =>
        said(
          api.POST('/v1/access-reviews/{id}/act', {
            params: { path: { id: review } },
            body: { item: item.n, entries: indicesIn(entries) },
          }),
        )
      }
    />
  )
}

export function AssignItems({ review, ...ends }: Props) {
  const owner = usePeopleField('owner', r.assignOwner)
  const reviewer = usePeopleField('reviewer', r.reviewer)
  return (
    <FormDialog
      {...ends}
      title={r.assign}
      consequences={r.assignText}
      fields={[owner, reviewer]}
      take={(values) =>
        said(
          api.POST('/v1/access-reviews/{id}/assign', {
            params: { path: { id: review } },
            body: { owner: values['owner'] ?? '', reviewer: values['reviewer'] ?? '' },
          }),
        )
      }
    />
  )
}
