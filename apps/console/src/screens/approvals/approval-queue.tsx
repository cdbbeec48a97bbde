/** The queue: one line a call, and keys to go through it. Deciding happens where the call is shown. @module */
import { Badge, Group, Paper, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { TextLink } from '../../parts/link.tsx'
import { useNow } from '../../parts/clock.ts'
import { countdown } from '../../parts/duration.ts'
import { KeyHelp } from '../../parts/key-help.tsx'
import { useKeys } from '../../parts/keys.ts'
import { Seen } from '../../parts/seen.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { words } from '../../words/words.ts'
import { queueQuery, type Decision, type Listed } from './approval-queries.ts'

const t = words.approvals
/** Below this the time left is marked. */
const SOON_MS = 60_000

export function ApprovalQueue() {
  const queue = useQuery(queueQuery)
  return (
    <Answer
      of={queue}
      empty={({ approvals }) => approvals.length === 0}
      nothing={<Empty title={t.none}>{t.noneText}</Empty>}
    >
      {({ approvals, names, now }) => (
        // Those whose time is over first are first.
        <Queue
          all={approvals.toSorted((a, b) => a.expires - b.expires)}
          names={names}
          ahead_ms={now - queue.dataUpdatedAt}
        />
      )}
    </Answer>
  )
}

/** @param ahead_ms by which the control plane's clock is ahead of ours */
function Queue({
  all,
  names,
  ahead_ms,
}: {
  all: readonly Listed[]
  names: Readonly<Record<string, string>>
  ahead_ms: number
}) {
  const navigate = useNavigate()
  const [chosen, setChosen] = useState<string | null>(null)
  const now = useNow() + ahead_ms
  const list = useRef<HTMLDivElement>(null)
  const at = Math.max(
    0,
    all.findIndex(({ id }) => id === chosen),
  )
  const go = (to: number) => setChosen(all[Math.min(Math.max(to, 0), all.length - 1)]?.id ?? null)
  const open = (decide?: Decision) => {
    const id = all[at]?.id
    if (id !== undefined)
      void navigate({ to: '/approvals/$id', params: { id }, search: decide === undefined ? {} : { decide } })
  }
  useEffect(() => {
    if (chosen !== null) list.current?.querySelector<HTMLElement>('[data-chosen] a')?.focus()
  }, [chosen])
  const next = () => go(at + 1)
  const previous = () => go(at - 1)
  useKeys({
    j: next,
    k: previous,
    ArrowDown: next,
    ArrowUp: previous,
    Enter: () => open(),
    a: () => open('approve'),
    r: () => open('refuse'),
  })
  return (
    <Stack gap="sm">
      <KeyHelp label={t.keys} keys={t.keysQueue} />
      <Stack gap="xs" ref={list} role="list" aria-label={t.tabs.waiting}>
        {all.map((one, i) => (
          <Item key={one.id} of={one} names={names} isChosen={i === at} left_ms={one.expires - now} />
        ))}
      </Stack>
    </Stack>
  )
}

function Item({
  of,
  names,
  isChosen,
  left_ms,
}: {
  of: Listed
  names: Readonly<Record<string, string>>
  isChosen: boolean
  left_ms: number
}) {
  const isSoon = left_ms < SOON_MS
  return (
    <Paper
      withBorder
      p="sm"
      role="listitem"
      className="choice"
      {...(isChosen ? { 'data-chosen': true } : {})}
    >
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Stack gap={2} style={{ minWidth: 0 }}>
          <TextLink to="/approvals/$id" params={{ id: of.id }} fw={600}>
            <Seen of={`${of.server}: ${of.tool}`} />
          </TextLink>
          <Text size="sm" c="dimmed">
            {names[of.agent] ?? of.agent} · {names[of.point] ?? of.point}
          </Text>
        </Stack>
        <Group gap="xs" wrap="nowrap">
          {of.flow !== undefined && (
            <Badge variant="light" color="orange" tt="none" visibleFrom="sm">
              {t.why}
            </Badge>
          )}
          <Badge
            variant={isSoon ? 'filled' : 'light'}
            color={isSoon ? 'red' : 'gray'}
            tt="none"
            size="lg"
            aria-label={`${t.left} ${countdown(left_ms)}`}
          >
            {countdown(left_ms)}
          </Badge>
        </Group>
      </Group>
    </Paper>
  )
}
