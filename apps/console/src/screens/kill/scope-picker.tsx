/** What is stopped: one agent, a class, a system, everything. Only what the registers know can be chosen. @module */
import { Radio, Select, SimpleGrid, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import { SCOPE_KINDS, type Scope, type ScopeKind } from './kill-queries.ts'

const t = words.kill

export interface Picked {
  readonly kind: ScopeKind
  readonly id: string | null
}

/** @returns null: nothing that could be stopped was picked yet */
export function scopeOf({ kind, id }: Picked): Scope | null {
  if (kind === 'global') return { kind }
  return id === null ? null : { kind, id }
}

export function ScopePicker({ value, onChange }: { value: Picked; onChange: (to: Picked) => void }) {
  const options = useOptions(value.kind)
  return (
    <Stack gap="sm">
      <Radio.Group label={t.scope} value={value.kind} onChange={(to) => onChange({ kind: to, id: null })}>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt="xs">
          {SCOPE_KINDS.map((kind) => (
            <Radio
              key={kind}
              value={kind}
              label={t.scopes[kind]}
              description={t.scopeHints[kind]}
              color={kind === 'global' ? 'red' : 'blue'}
            />
          ))}
        </SimpleGrid>
      </Radio.Group>
      {value.kind !== 'global' && (
        <Select
          key={value.kind}
          label={t.which[value.kind]}
          placeholder={t.choose}
          data={options}
          value={value.id}
          onChange={(id) => onChange({ kind: value.kind, id })}
          searchable
          limit={SELECT_MAX}
          required
        />
      )}
    </Stack>
  )
}

function useOptions(kind: ScopeKind): readonly { value: string; label: string }[] {
  const agents = useQuery({ queryKey: ['agents'], queryFn: () => said(api.GET('/v1/agents')) })
  const systems = useQuery({ queryKey: ['systems'], queryFn: () => said(api.GET('/v1/systems')) })
  const points = useQuery({ queryKey: ['points'], queryFn: () => said(api.GET('/v1/points')) })
  const known = agents.data?.agents ?? []
  if (kind === 'agent')
    return known.map(({ id, name }) => ({ value: id, label: `${name} · ${id.slice(-6)}` }))
  if (kind === 'class')
    return [...new Set(known.map((agent) => agent.class))].sort().map((value) => ({ value, label: value }))
  const named = (systems.data?.systems ?? []).map(({ id, name }) => ({ value: id, label: name }))
  const labels = new Set(named.map(({ label }) => label))
  const servers = [...new Set((points.data?.points ?? []).flatMap((point) => point.servers))]
    .filter((server) => !labels.has(server))
    .sort()
  return [...named, ...servers.map((value) => ({ value, label: value }))]
}
