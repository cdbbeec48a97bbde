/** Drills of the kill switch, and planning one. spec/kill.md (KIL-17). @module */
import { Group, Radio, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { TextLink } from '../../parts/link.tsx'
import { useNames } from '../../parts/names.ts'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { drillsQuery, scopeText, type Drill, type Scope } from './kill-queries.ts'
import { ScopePicker, scopeOf, type Picked } from './scope-picker.tsx'

const t = words.kill
const COLOURS = { planned: 'waiting', started: 'open', closed: 'closed' } as const

export function Drills() {
  const session = useSession()
  const names = useNames()
  const drills = useQuery(drillsQuery)
  const [planning, setPlanning] = useState(false)
  const refuse = whyNot(session, 'kill')
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <Text c="dimmed" maw={700}>
          {t.drillsText}
        </Text>
        <ActButton whyNot={refuse} onClick={() => setPlanning(true)}>
          {t.plan}
        </ActButton>
      </Group>
      <Answer
        of={drills}
        empty={(data) => data.drills.length === 0}
        nothing={
          <Empty
            title={t.drillsNone}
            next={
              <ActButton variant="default" whyNot={refuse} onClick={() => setPlanning(true)}>
                {t.plan}
              </ActButton>
            }
          >
            {t.drillsNoneText}
          </Empty>
        }
      >
        {(data) => (
          <Rows label={t.drills} rows={data.drills} columns={columns(names)} keyOf={({ id }) => id} />
        )}
      </Answer>
      {planning && <PlanDialog onClose={() => setPlanning(false)} />}
    </Stack>
  )
}

export function DrillState({ of }: { of: Drill['status'] }) {
  return <State of={COLOURS[of]} label={t.statuses[of]} />
}

function columns(names: ReadonlyMap<string, string>): readonly Column<Drill>[] {
  return [
    {
      name: t.scope,
      width: 'minmax(12rem, 2fr)',
      cell: ({ id, scope }) => (
        <TextLink to="/kill" search={{ mode: 'drills', drill: id }}>
          {scopeText(scope, names)}
        </TextLink>
      ),
    },
    { name: t.status, width: '7rem', cell: ({ status }) => <DrillState of={status} /> },
    { name: t.mode, width: '8rem', cell: ({ mode }) => t.modesShort[mode] },
    { name: t.at, width: '12rem', cell: ({ at }) => <Time at={at} /> },
    {
      name: t.planner,
      width: 'minmax(8rem, 1fr)',
      cell: ({ planner }) => names.get(planner) ?? planner,
    },
  ]
}

function PlanDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate({ from: '/kill' })
  const [mode, setMode] = useState<Drill['mode']>('production')
  const [picked, setPicked] = useState<Picked>({ kind: 'agent', id: null })
  const scope = scopeOf(picked)
  const planned = useMutation({
    mutationFn: (on: Scope) => said(api.POST('/v1/drills', { body: { mode, scope: on } })),
    onSuccess: async ({ drill }) => {
      await queries.invalidateQueries({ queryKey: ['drills'] })
      await navigate({ search: { mode: 'drills', drill } })
    },
  })
  return (
    <FormDialog
      title={t.plan}
      lead={t.planText}
      ready={scope !== null}
      onSubmit={() => scope !== null && planned.mutate(scope)}
      pending={planned.isPending}
      error={planned.error}
      onClose={onClose}
      size="lg"
    >
      <Radio.Group label={t.mode} value={mode} onChange={(to) => setMode(to)}>
        <Stack gap="xs" mt="xs">
          {(['production', 'tabletop'] as const).map((one) => (
            <Radio key={one} value={one} label={t.modes[one]} />
          ))}
        </Stack>
      </Radio.Group>
      <ScopePicker value={picked} onChange={setPicked} />
    </FormDialog>
  )
}
