/** The three parts of the form: whom and where, what, for how long. @module */
import {
  Alert,
  Button,
  Group,
  Menu,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Text,
  Textarea,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { duration } from '../../../../server/pages/plain.js'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import type { AgentView } from '../agents/agents.tsx'
import { pointsQuery } from '../../parts/names.ts'
import { useNames } from '../agents/names.ts'
import { actionsOf, shortId } from './chain-model.ts'
import { GrantEditor } from './grant-editor.tsx'
import { emptyForm, type GrantForm } from './grant-form.ts'
import type { Template } from './template.ts'

const t = words.delegations.new
const UNITS = { hours: 3600, days: 86_400 } as const
type Unit = keyof typeof UNITS

export interface Asked {
  readonly jkt: string
  readonly aud: readonly string[]
  readonly grants: readonly GrantForm[]
  readonly ttl_s: number
  readonly depth_max: number
  readonly instruction: string
}

interface Changes {
  readonly asked: Asked
  readonly onChange: (asked: Asked) => void
}

/** @param asked null: no agent is chosen yet */
export function Whom({
  agents,
  agent,
  onAgent,
  asked,
  onChange,
}: {
  agents: readonly AgentView[]
  agent: AgentView | undefined
  onAgent: (id: string | null) => void
  asked: Asked | null
  onChange: (asked: Asked) => void
}) {
  const points = useQuery(pointsQuery).data?.points ?? []
  const keys = agent?.keys.filter(({ revoked }) => !revoked) ?? []
  return (
    <Stack gap="sm">
      <Select
        label={t.agent}
        description={t.agentHint}
        data={agents.map(({ id, name, class: kind }) => ({ value: id, label: `${name}, ${kind}` }))}
        value={agent?.id ?? null}
        onChange={onAgent}
        searchable
        limit={SELECT_MAX}
        required
      />
      {asked !== null && keys.length > 1 && (
        <Select
          label={t.key}
          data={keys.map(({ jkt }) => ({ value: jkt, label: shortId(jkt) }))}
          value={asked.jkt}
          onChange={(jkt) => onChange({ ...asked, jkt: jkt ?? asked.jkt })}
          allowDeselect={false}
        />
      )}
      {asked !== null && (
        <MultiSelect
          label={t.points}
          description={t.pointsHint}
          data={points.map(({ id, name, servers }) => ({
            value: id,
            label: servers.length === 0 ? name : `${name}: ${servers.join(', ')}`,
          }))}
          value={[...asked.aud]}
          onChange={(aud) => onChange({ ...asked, aud })}
          maxValues={16}
          searchable
          limit={SELECT_MAX}
          required
        />
      )}
    </Stack>
  )
}

export function Grants({ template, asked, onChange }: Changes & { template: Template }) {
  const names = useNames()
  const { grants } = asked
  const set = (next: readonly GrantForm[]) => onChange({ ...asked, grants: next })
  return (
    <Stack gap="sm">
      <Alert variant="light" title={t.template(template.class)}>
        <Text size="sm">
          {template.grants === null ? t.templateFree : t.templateGrants(template.grants.length)}
          {template.approvals !== null &&
            ` ${t.templateApprovals(
              template.approvals.m,
              template.approvals.of.map((id) => names.of(id)).join(', '),
            )}`}
        </Text>
      </Alert>
      {grants.map((form, i) => (
        <GrantEditor
          key={form.key}
          form={form}
          number={i + 1}
          onChange={(next) => set(grants.with(i, next))}
          onRemove={grants.length > 1 ? () => set(grants.toSpliced(i, 1)) : undefined}
        />
      ))}
      <Group>
        {template.grants === null ? (
          <Button
            size="xs"
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => set([...grants, emptyForm(null)])}
          >
            {t.addGrant}
          </Button>
        ) : (
          <Menu>
            <Menu.Target>
              <Button size="xs" variant="default" leftSection={<Plus size={14} aria-hidden />}>
                {t.addFromTemplate}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {template.grants.map((base, i) => (
                <Menu.Item key={i} onClick={() => set([...grants, emptyForm(base)])}>
                  {base.server}: {actionsOf(base)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
    </Stack>
  )
}

export function Terms({ template, asked, onChange }: Changes & { template: Template }) {
  const unit: Unit = asked.ttl_s % UNITS.days === 0 ? 'days' : 'hours'
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="xs">
        <NumberInput
          label={t.lifetime}
          description={t.lifetimeMost(duration(template.ttl_s_max))}
          value={asked.ttl_s / UNITS[unit]}
          onChange={(n) => onChange({ ...asked, ttl_s: Math.max(1, Number(n) || 1) * UNITS[unit] })}
          min={1}
          max={Math.floor(template.ttl_s_max / UNITS[unit])}
          allowDecimal={false}
          required
        />
        <Select
          aria-label={t.lifetime}
          data={[
            { value: 'hours', label: t.hours },
            { value: 'days', label: t.days },
          ]}
          value={unit}
          onChange={(next) =>
            onChange({
              ...asked,
              ttl_s: next === 'days' ? UNITS.days : 8 * UNITS.hours,
            })
          }
          allowDeselect={false}
          w={110}
        />
      </Group>
      <NumberInput
        label={t.depth}
        description={t.depthHint(template.depth_max)}
        value={asked.depth_max}
        onChange={(n) => onChange({ ...asked, depth_max: Number(n) || 0 })}
        min={0}
        max={template.depth_max}
        allowDecimal={false}
        maw={320}
      />
      <Textarea
        label={t.instruction}
        description={t.instructionHint}
        value={asked.instruction}
        onChange={(event) => onChange({ ...asked, instruction: event.currentTarget.value })}
        maxLength={4096}
        autosize
        minRows={2}
      />
    </Stack>
  )
}
