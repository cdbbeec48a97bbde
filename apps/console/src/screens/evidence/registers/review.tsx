/** One review of access: item by item, until it is closed by a gesture. @module */
import { Group, Progress, Select, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../../api/client.ts'
import type { paths } from '../../../api/schema.d.ts'
import { GestureDialog } from '../../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../../parts/act-button.tsx'
import { Rows } from '../../../parts/rows.tsx'
import { Answer, Empty } from '../../../parts/states.tsx'
import { State, Time } from '../../../parts/values.tsx'
import { useSession, whyNot } from '../../../session/session.ts'
import { count } from '../../../shell/format.ts'
import { words } from '../../../words/words.ts'
import { EntryLink } from '../bits.tsx'
import { useNames, useSeparated, type ReviewItem } from '../read.ts'
import { Card, Detail } from './parts.tsx'
import { ActOnItem, AssignItems, DecideItem } from './review-acts.tsx'

const t = words.evidence.registers
const r = t.review
type One = paths['/v1/access-reviews/{id}']['get']['responses'][200]['content']['application/json']
type Filter = keyof typeof r.filters
type OpenItem = { readonly what: 'decide' | 'act'; readonly item: ReviewItem }
type Open = OpenItem | { readonly what: 'close' | 'assign' } | null

const needsAct = ({ decision, acted }: ReviewItem): boolean =>
  (decision === 'revoke' || decision === 'change') && acted === null

export function ReviewDetail({ id }: { id: string }) {
  const one = useQuery({
    queryKey: ['access-reviews', id],
    queryFn: () => said(api.GET('/v1/access-reviews/{id}', { params: { path: { id } } })),
  })
  return <Answer of={one}>{(data) => <Shown of={data} />}</Answer>
}

function Shown({ of }: { of: One }) {
  const session = useSession()
  const [open, setOpen] = useState<Open>(null)
  const [filter, setFilter] = useState<Filter>('all')
  const items = of.items.filter((item) => isIn(item, filter, session.person.id))
  const decided = of.items.filter(({ decision }) => decision !== null).length
  return (
    <Detail
      show="reviews"
      title={r.title(of.period, r.lists[of.list])}
      actions={<Acts of={of} onOpen={setOpen} />}
    >
      <Card>
        <Text size="sm">
          {r.decidedOf(decided, of.items.length)}
          {r.actedOf(of.items.filter(needsAct).length)}. {t.opened} <Time at={of.opened} />, {t.entry}{' '}
          <EntryLink isInText index={of.entry} />
          {of.closing !== null && (
            <>
              . {t.closed}: <EntryLink index={of.closing} />
            </>
          )}
        </Text>
        <Progress value={(decided / Math.max(1, of.items.length)) * 100} aria-label={r.decided} />
      </Card>
      <Group role="search">
        <Select
          label={r.show}
          data={Object.entries(r.filters).map(([value, label]) => ({ value, label }))}
          value={filter}
          allowDeselect={false}
          onChange={(value) => setFilter((value as Filter | null) ?? 'all')}
        />
      </Group>
      {items.length === 0 ? (
        <Empty title={r.noItems}>{r.noItemsText}</Empty>
      ) : (
        <Items of={of} items={items} onOpen={setOpen} />
      )}
      <Dialogs of={of} open={open} onClose={() => setOpen(null)} />
    </Detail>
  )
}

function isIn(item: ReviewItem, filter: Filter, me: string): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'undecided':
      return item.decision === null
    case 'act':
      return needsAct(item)
    case 'mine':
      return item.decision === null && item.reviewer === me
  }
}

function Acts({ of, onOpen }: { of: One; onOpen: (open: Open) => void }) {
  const session = useSession()
  const isSeparated = useSeparated()
  const closed = of.closed === null ? null : r.isClosed
  const own = of.opener === session.person.id && isSeparated ? r.notOpener : null
  const isAll = of.items.every((item) => item.decision !== null && !needsAct(item))
  const refuse = closed ?? whyNot(session, 'access.review')
  return (
    <>
      <ActButton size="xs" variant="default" whyNot={refuse} onClick={() => onOpen({ what: 'assign' })}>
        {r.assign}
      </ActButton>
      <ActButton
        size="xs"
        whyNot={refuse ?? (isAll ? own : r.notAll)}
        onClick={() => onOpen({ what: 'close' })}
      >
        {r.close}
      </ActButton>
    </>
  )
}

function Items({
  of,
  items,
  onOpen,
}: {
  of: One
  items: readonly ReviewItem[]
  onOpen: (open: Open) => void
}) {
  const names = useNames()
  const called = (person: string | null): string =>
    person === null ? words.values.none : (names.get(person) ?? person)
  return (
    <Stack gap={4}>
      <Rows
        label={r.items}
        rows={items}
        keyOf={({ n }) => String(n)}
        height={560}
        columns={[
          { name: r.n, width: '3.5rem', cell: ({ n }) => n },
          { name: r.kind, width: '6rem', cell: ({ kind }) => kind },
          {
            name: r.what,
            width: 'minmax(11rem, 1fr)',
            cell: ({ target }) => <span title={target}>{names.get(target) ?? target}</span>,
          },
          {
            name: r.may,
            width: 'minmax(14rem, 3fr)',
            cell: ({ may }) => <span title={may.join('\n')}>{may.join('; ')}</span>,
          },
          { name: t.owner, width: 'minmax(7rem, 1fr)', cell: ({ owner }) => called(owner) },
          { name: r.reviewer, width: 'minmax(7rem, 1fr)', cell: ({ reviewer }) => called(reviewer) },
          {
            name: r.decision,
            width: '11rem',
            cell: (item) => <Decision of={item} isClosed={of.closed !== null} onOpen={onOpen} />,
          },
        ]}
      />
      <Text size="sm" c="dimmed">
        {count(items.length)}
      </Text>
    </Stack>
  )
}

function Decision({
  of,
  isClosed,
  onOpen,
}: {
  of: ReviewItem
  isClosed: boolean
  onOpen: (open: Open) => void
}) {
  const session = useSession()
  const isSeparated = useSeparated()
  const refuse = isClosed ? r.isClosed : whyNot(session, 'access.review')
  const own = of.owner === session.person.id && isSeparated ? r.notOwnItem : null
  if (of.decision === null)
    return (
      <ActButton
        size="compact-xs"
        variant="default"
        whyNot={refuse ?? own}
        onClick={() => onOpen({ what: 'decide', item: of })}
      >
        {r.decide}
      </ActButton>
    )
  return (
    <Group gap={6} wrap="nowrap">
      <State of={of.decision === 'keep' ? 'active' : 'revoked'} label={r.decisions[of.decision]} />
      {needsAct(of) && (
        <ActButton size="compact-xs" whyNot={refuse} onClick={() => onOpen({ what: 'act', item: of })}>
          {r.act}
        </ActButton>
      )}
      {of.acted !== null && <EntryLink index={of.acted} />}
    </Group>
  )
}

function Dialogs({ of, open, onClose }: { of: One; open: Open; onClose: () => void }) {
  const queries = useQueryClient()
  const params = { path: { id: of.id } }
  const ends = { onClose, onDone: () => void queries.invalidateQueries({ queryKey: ['access-reviews'] }) }
  if (open === null) return null
  switch (open.what) {
    case 'decide':
      return <DecideItem {...ends} review={of.id} item={open.item} />
    case 'act':
      return <ActOnItem {...ends} review={of.id} item={open.item} />
    case 'assign':
      return <AssignItems {...ends} review={of.id} />
    case 'close':
      return (
        <GestureDialog
          {...ends}
          title={r.close}
          consequences={r.closeText}
          ask={() => said(api.GET('/v1/access-reviews/{id}/closing', { params }))}
          askKey={['access-review', of.id]}
          take={(body) => said(api.POST('/v1/access-reviews/{id}/close', { params, body }))}
          names={{ [of.id]: r.title(of.period, r.lists[of.list]) }}
        />
      )
  }
}
