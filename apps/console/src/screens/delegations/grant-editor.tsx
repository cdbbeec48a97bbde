/** One grant, as far as it may be narrowed: tools, arguments, limits. @module */
import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Paper,
  Select,
  Stack,
  TagsInput,
  Text,
  Title,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { api, said } from '../../api/client.ts'
import { pointsQuery } from '../../parts/names.ts'
import { words } from '../../words/words.ts'
import { ConstraintRow, LimitRow } from './grant-rows.tsx'
import type { GrantForm } from './grant-form.ts'

const t = words.delegations.new

export const toolsQuery = { queryKey: ['tools'], queryFn: () => said(api.GET('/v1/tools')) } as const

export function GrantEditor({
  form,
  number,
  onChange,
  onRemove,
}: {
  form: GrantForm
  number: number
  onChange: (form: GrantForm) => void
  /** Absent: it is the only one. */
  onRemove?: (() => void) | undefined
}) {
  const tools = useQuery(toolsQuery).data?.tools ?? []
  const points = useQuery(pointsQuery).data?.points ?? []
  const servers = [...new Set([...tools.map((one) => one.server), ...points.flatMap((one) => one.servers)])]
  const set = (change: Partial<GrantForm>) => onChange({ ...form, ...change })
  const { base, server, actions, constraints, limits } = form
  const isAny = base === null || base.actions[0] === '*'
  const known = isAny ? tools.filter((one) => one.server === server).map(({ tool }) => tool) : base.actions
  const isEvery = actions[0] === '*'
  const ofServer = tools.filter((one) => one.server === server && (isEvery || actions.includes(one.tool)))
  const measures = [...new Set(['calls', ...ofServer.flatMap((one) => Object.keys(one.measures))])]
  return (
    <Paper withBorder p="sm" component="fieldset" aria-label={t.grant(number)} className="grant-editor">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={3} size="h4">
            {t.grant(number)}
          </Title>
          {onRemove !== undefined && (
            <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={t.removeGrant}>
              <X size={16} aria-hidden />
            </ActionIcon>
          )}
        </Group>
        <Select
          label={t.server}
          data={base === null ? servers : [base.server]}
          value={server === '' ? null : server}
          onChange={(value) => set({ server: value ?? '', actions: [] })}
          disabled={base !== null}
          searchable
          required
        />
        {!isEvery && (
          <Tools isAny={isAny} known={known} actions={actions} onChange={(next) => set({ actions: next })} />
        )}
        {isAny && server !== '' && (
          <Checkbox
            label={t.everyTool}
            checked={isEvery}
            onChange={(event) => set({ actions: event.currentTarget.checked ? ['*'] : [] })}
          />
        )}
        {constraints.map((one, i) => (
          <ConstraintRow
            key={i}
            of={one}
            onChange={(next) => set({ constraints: constraints.with(i, next) })}
            onRemove={() => set({ constraints: constraints.toSpliced(i, 1) })}
          />
        ))}
        {limits.map((one, i) => (
          <LimitRow
            key={i}
            of={one}
            measures={measures}
            fixed={base?.limits?.[i] !== undefined}
            onChange={(next) => set({ limits: limits.with(i, next) })}
            onRemove={() => set({ limits: limits.toSpliced(i, 1) })}
          />
        ))}
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            onClick={() => set({ constraints: [...constraints, { argument: '', kind: 'in', value: '' }] })}
          >
            {t.addConstraint}
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() =>
              set({ limits: [...limits, { measure: 'calls', unit: '1', per: 'day', max: 100 }] })
            }
          >
            {t.addLimit}
          </Button>
        </Group>
        <Checkbox
          label={<Text size="sm">{t.ask}</Text>}
          checked={form.ask}
          disabled={base?.ask === true}
          onChange={(event) => set({ ask: event.currentTarget.checked })}
        />
      </Stack>
    </Paper>
  )
}

/** Where the template leaves it open, a tool that nobody registered can be named too: it is decided on like any other. */
function Tools({
  isAny,
  known,
  actions,
  onChange,
}: {
  isAny: boolean
  known: readonly string[]
  actions: readonly string[]
  onChange: (actions: string[]) => void
}) {
  const shared = {
    label: t.tools,
    data: [...new Set([...known, ...actions])],
    value: [...actions],
    onChange,
    required: true,
  }
  return isAny ? (
    <TagsInput {...shared} description={t.toolsFree} splitChars={[',', ' ']} />
  ) : (
    <MultiSelect {...shared} description={t.toolsHint} searchable />
  )
}
