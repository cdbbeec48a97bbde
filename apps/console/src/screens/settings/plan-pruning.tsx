/** Planning a pruning: what is older than a day may go, what holds it back, and the gesture over exactly that. @module */
import { Alert, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'

const t = words.settings.retention

type Plan = paths['/v1/log/pruning']['get']['responses'][200]['content']['application/json']

export function PlanPruning() {
  const session = useSession()
  const queries = useQueryClient()
  const [step, setStep] = useState<'none' | 'plan' | 'sign'>('none')
  const [day, setDay] = useState('')
  const before = `${day}T00:00:00Z`
  const planned = useMutation({
    mutationFn: () => said(api.GET('/v1/log/pruning', { params: { query: { before } } })),
  })
  const plan = planned.data
  const mayPrune = plan !== undefined && plan.act !== null && plan.challenge !== null
  return (
    <>
      <ActButton
        size="xs"
        variant="default"
        whyNot={whyNot(session, 'installation.manage')}
        onClick={() => setStep('plan')}
      >
        {t.plan}
      </ActButton>
      {step === 'plan' && (
        <FormDialog
          title={t.plan}
          lead={t.pruningsText}
          submit={mayPrune ? t.prune : t.plan}
          danger={mayPrune}
          pending={planned.isPending}
          error={planned.error}
          ready={day !== ''}
          onSubmit={() => (mayPrune ? setStep('sign') : planned.mutate())}
          onClose={() => setStep('none')}
        >
          <TextInput
            type="date"
            label={t.before}
            value={day}
            onChange={(event) => {
              setDay(event.currentTarget.value)
              planned.reset()
            }}
            required
          />
          {plan !== undefined && <PlanWords plan={plan} />}
        </FormDialog>
      )}
      {step === 'sign' && plan?.act && plan.challenge !== null && (
        <GestureDialog
          title={t.prune}
          consequences={t.pruneText}
          about={<PlanWords plan={plan} />}
          danger
          ask={async () => ({ act: plan.act, challenge: plan.challenge ?? '' })}
          askKey={['prune', plan.challenge]}
          take={(parts) => said(api.POST('/v1/log/prune', { body: { ...parts, before, unreported: false } }))}
          onDone={() => void queries.invalidateQueries({ queryKey: ['prunings'] })}
          onClose={() => setStep('none')}
        />
      )}
    </>
  )
}

function PlanWords({ plan }: { plan: Plan }) {
  return (
    <Alert color={plan.act === null ? 'gray' : 'yellow'} role="status">
      <Stack gap={4}>
        {plan.act === null ? (
          <Text size="sm">{t.nothing}</Text>
        ) : (
          <>
            <Text size="sm">{t.planOf(count(plan.pruned_n), count(plan.from), count(plan.to))}</Text>
            <Text size="sm">{t.kept(count(plan.kept_n))}</Text>
          </>
        )}
        <Text size="sm">{t.heldBack[plan.held_back.by]}</Text>
      </Stack>
    </Alert>
  )
}
