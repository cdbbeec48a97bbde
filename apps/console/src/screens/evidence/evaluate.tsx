/** What management says of a deviation: drafted by one person, signed by another with a gesture. @module */
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { words } from '../../words/words.ts'
import { FormDialog, type Field } from './form-dialog.tsx'
import type { Evaluation } from './read.ts'

const t = words.evidence
const CHARS_MAX = 4000

interface Ends {
  readonly onDone: () => void
  readonly onClose: () => void
}

export function EvaluateDialog({ deviation, onDone, onClose }: Ends & { deviation: string }) {
  const deficiencies = useQuery({
    queryKey: ['deficiencies'],
    queryFn: () => said(api.GET('/v1/deficiencies')),
  })
  const area = (name: 'cause' | 'extent' | 'compensating' | 'effect', optional = false): Field => ({
    name,
    label: t[name],
    hint: t.hints[name],
    kind: 'area',
    max: CHARS_MAX,
    optional,
  })
  return (
    <FormDialog
      title={t.evaluate}
      consequences={t.evaluateText}
      fields={[
        area('cause'),
        area('extent'),
        area('compensating', true),
        area('effect'),
        {
          name: 'remediation',
          label: t.remediation,
          hint: t.hints.remediation,
          kind: 'select',
          optional: true,
          data: (deficiencies.data?.deficiencies ?? []).map(({ id, title }) => ({
            value: id,
            label: title === null ? id : `${title} (${id})`,
          })),
        },
      ]}
      submit={t.draft}
      take={({ cause = '', extent = '', compensating = '', effect = '', remediation = '' }) =>
        said(
          api.POST('/v1/evaluations', {
            body: {
              deviation,
              cause,
              extent,
              compensating: compensating === '' ? null : compensating,
              effect,
              remediation: remediation === '' ? null : remediation,
            },
          }),
        )
      }
      onDone={onDone}
      onClose={onClose}
    />
  )
}

export function SignEvaluation({ of, onDone, onClose }: Ends & { of: Evaluation }) {
  const params = { path: { id: of.id } }
  return (
    <GestureDialog
      title={t.signEvaluation}
      consequences={t.signEvaluationText(of.said.cause, of.said.effect)}
      ask={() => said(api.GET('/v1/evaluations/{id}/signing', { params }))}
      askKey={['evaluation', of.id]}
      take={(body) => said(api.POST('/v1/evaluations/{id}/sign', { params, body }))}
      onDone={onDone}
      onClose={onClose}
    />
  )
}
