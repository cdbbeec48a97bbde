/** What was found that acts, registered or not: who answers for it, and what is missing. spec/inventory.md. @module */
import { Group, Select, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { TextLink } from '../../parts/link.tsx'
import { ReasonDialog } from '../../parts/reason-dialog.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { AssignItem } from './assign-item.tsx'
import { ImportInventory } from './inventory-import.tsx'
import { useNames, type Names } from './names.ts'

const t = words.agents.inventory

type Ok<P extends '/v1/inventory' | '/v1/inventory/gaps'> =
  paths[P]['get']['responses'][200]['content']['application/json']
export type Item = Ok<'/v1/inventory'>['items'][number]
type GapCode = Ok<'/v1/inventory/gaps'>['gaps'][number]['gap']
type Open = { readonly item: Item; readonly act: 'assign' | 'remove' } | null

export function Inventory() {
  const session = useSession()
  const { kind, gap } = useSearch({ from: '/inside/agents' })
  const navigate = useNavigate({ from: '/agents' })
  const names = useNames()
  const [importing, setImporting] = useState(false)
  const [open, setOpen] = useState<Open>(null)
  const items = useQuery({ queryKey: ['inventory'], queryFn: () => said(api.GET('/v1/inventory')) })
  const gaps = useQuery({
    queryKey: ['inventory', 'gaps'],
    queryFn: () => said(api.GET('/v1/inventory/gaps', { params: { query: {} } })),
  })
  const missing = new Map<string, GapCode[]>()
  for (const { subject, gap: code } of gaps.data?.gaps ?? [])
    missing.set(subject, [...(missing.get(subject) ?? []), code])
  const refuse = whyNot(session, 'agents.propose')
  const importButton = (
    <ActButton variant="default" whyNot={refuse} onClick={() => setImporting(true)}>
      {t.import}
    </ActButton>
  )
  return (
    <>
      <Group gap="sm" align="flex-end" role="search">
        <Select
          label={t.kind}
          placeholder={words.agents.any}
          data={Object.entries(t.kinds).map(([value, label]) => ({ value, label }))}
          value={kind ?? null}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, kind: value ?? undefined }) })}
          clearable
        />
        <Select
          label={t.gap}
          placeholder={t.anyGap}
          data={Object.entries(t.gapsOf).map(([value, label]) => ({ value, label }))}
          value={gap ?? null}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, gap: value ?? undefined }) })}
          clearable
        />
        {importButton}
      </Group>
      <Answer
        of={items}
        empty={(data) => data.items.length === 0}
        nothing={
          <Empty title={t.none} next={importButton}>
            {t.noneText}
          </Empty>
        }
      >
        {(data) => {
          const rows = data.items.filter(
            (item) =>
              (kind === undefined || item.kind === kind) &&
              (gap === undefined || missing.get(item.id)?.some((code) => code === gap) === true),
          )
          if (rows.length === 0) return <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
          return (
            <Rows
              label={words.agents.tabs.inventory}
              rows={rows}
              columns={columns(names, missing, refuse, setOpen)}
              keyOf={({ id }) => id}
              height="calc(100dvh - 19rem)"
            />
          )
        }}
      </Answer>
      {importing && <ImportInventory onClose={() => setImporting(false)} />}
      {open?.act === 'assign' && <AssignItem item={open.item} onClose={() => setOpen(null)} />}
      {open?.act === 'remove' && <RemoveItem item={open.item} onClose={() => setOpen(null)} />}
    </>
  )
}

function RemoveItem({ item, onClose }: { item: Item; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (reason: string) =>
      said(api.POST('/v1/inventory/{id}/remove', { params: { path: { id: item.id } }, body: { reason } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['inventory'] })
      onClose()
    },
  })
  return (
    <ReasonDialog
      title={t.remove}
      consequences={t.removeText(item.name)}
      danger
      take={(reason) => remove.mutate(reason)}
      pending={remove.isPending}
      error={remove.error}
      onClose={onClose}
      usual={['decommissioned', 'duplicate', 'found_wrongly']}
    />
  )
}

function columns(
  names: Names,
  missing: ReadonlyMap<string, readonly GapCode[]>,
  refuse: string | null,
  open: (open: Open) => void,
): readonly Column<Item>[] {
  return [
    {
      name: t.name,
      width: 'minmax(11rem, 1.6fr)',
      cell: ({ name, status }) => (
        <>
          {name} {status === 'removed' && <State of="removed" label={t.removed} />}
        </>
      ),
    },
    { name: t.kind, width: '6.5rem', cell: ({ kind }) => t.kinds[kind] },
    {
      name: t.gaps,
      width: 'minmax(11rem, 1.4fr)',
      cell: ({ id }) => {
        const codes = missing.get(id) ?? []
        return codes.length === 0 ? (
          '–'
        ) : (
          <Text size="sm" truncate>
            {codes.map((code) => t.gapsOf[code]).join(', ')}
          </Text>
        )
      },
    },
    {
      name: t.owner,
      width: 'minmax(8rem, 1fr)',
      cell: ({ owner }) => (owner === null ? t.nobody : names.of(owner)),
    },
    {
      name: t.agent,
      width: 'minmax(8rem, 1fr)',
      cell: ({ agent }) =>
        agent === null ? (
          '–'
        ) : (
          <TextLink to="/agents/$id" params={{ id: agent }}>
            {names.of(agent)}
          </TextLink>
        ),
    },
    { name: t.secret, width: '8rem', cell: ({ secret }) => t.secrets[secret] },
    {
      name: t.found,
      width: 'minmax(8rem, 1fr)',
      cell: ({ where, origin, point }) => where ?? (point === null ? origin : names.of(point)),
    },
    {
      name: t.act,
      width: '10rem',
      stays: true,
      cell: (item) =>
        item.status === 'removed' ? (
          '–'
        ) : (
          <Group gap={6} wrap="nowrap">
            <ActButton
              size="compact-xs"
              variant="default"
              whyNot={refuse}
              onClick={() => open({ item, act: 'assign' })}
            >
              {t.assign}
            </ActButton>
            <ActButton
              size="compact-xs"
              variant="subtle"
              whyNot={refuse}
              onClick={() => open({ item, act: 'remove' })}
            >
              {t.remove}
            </ActButton>
          </Group>
        ),
    },
  ]
}
