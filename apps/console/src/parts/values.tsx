/** Small values as every screen writes them: a time, an identifier, a state, a pair of name and value. @module */
import {
  ActionIcon,
  Badge,
  Box,
  CopyButton,
  Group,
  Paper,
  Text,
  Tooltip,
  type MantineColor,
} from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import type { ReactNode } from 'react'
import { dateTime, day, relative, utc } from '../shell/format.ts'
import { words } from '../words/words.ts'

/** In the reader's zone or the one they chose, with UTC on hover. @param at milliseconds since 1970, or RFC 3339 */
export function Time({
  at,
  as = 'time',
  ago = false,
}: {
  at: number | string
  as?: 'time' | 'day'
  ago?: boolean
}) {
  const ms = typeof at === 'number' ? at : Date.parse(at)
  return (
    <Tooltip label={utc(ms)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={new Date(ms).toISOString()} tabIndex={-1}>
        {ago ? relative(ms, Date.now()) : as === 'day' ? day(ms) : dateTime(ms)}
      </time>
    </Tooltip>
  )
}

/** An identifier, which can be copied. @param name what people call it; then the identifier stands under it */
export function Id({ of, name }: { of: string; name?: string | null | undefined }) {
  return (
    <Group gap={4} wrap="nowrap" style={{ minWidth: 0 }}>
      <Box style={{ minWidth: 0 }}>
        {name !== undefined && name !== null && <Text component="div">{name}</Text>}
        <Text component="div" className="mono" {...(name && { c: 'dimmed' as const })}>
          {of}
        </Text>
      </Box>
      <CopyButton value={of}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={words.values.copy(of)}
          >
            {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </Group>
  )
}

const COLOURS: Readonly<Record<string, MantineColor>> = {
  active: 'teal',
  allow: 'teal',
  approved: 'teal',
  in_force: 'teal',
  enrolled: 'teal',
  closed: 'gray',
  retired: 'gray',
  left: 'gray',
  removed: 'gray',
  expired: 'gray',
  open: 'orange',
  waiting: 'yellow',
  proposed: 'yellow',
  step_up: 'yellow',
  disabled: 'red',
  suspended: 'red',
  isolated: 'red',
  revoked: 'red',
  refused: 'red',
  deny: 'red',
  critical: 'red',
  high: 'red',
  medium: 'orange',
  low: 'yellow',
}

/** A state by its word; the colour only helps. */
export function State({ of, label }: { of: string; label?: string }) {
  return (
    <Badge variant="light" color={COLOURS[of] ?? 'blue'} tt="none" className="state">
      {label ?? of.replaceAll('_', ' ')}
    </Badge>
  )
}

/** Names and values, as a list that a screen reader reads in pairs. */
export function Pairs({ of }: { of: readonly (readonly [string, ReactNode])[] }) {
  return (
    <Box
      component="dl"
      m={0}
      style={{
        display: 'grid',
        gridTemplateColumns: 'fit-content(14rem) minmax(0, 1fr)',
        gap: '8px 16px',
        alignItems: 'baseline',
      }}
    >
      {of.map(([name, value]) => (
        <Box key={name} style={{ display: 'contents' }}>
          <Text component="dt" c="dimmed" size="sm">
            {name}
          </Text>
          <Box component="dd" m={0} style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
            {value ?? '–'}
          </Box>
        </Box>
      ))}
    </Box>
  )
}

/** A figure that matters, with what it is of. */
export function Figure({ label, value, note }: { label: string; value: ReactNode; note?: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={label}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="xl" fw={650} component="div">
        {value}
      </Text>
      {note !== undefined && (
        <Text size="sm" c="dimmed" component="div">
          {note}
        </Text>
      )}
    </Paper>
  )
}
