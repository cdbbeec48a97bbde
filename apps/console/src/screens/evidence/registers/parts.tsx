/** What registers share: a list with what it is for, and a row of it in full. @module */
import { Group, Paper, Stack, Text, Title } from '@mantine/core'
import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { ButtonLink, TextLink } from '../../../parts/link.tsx'
import { words } from '../../../words/words.ts'

const t = words.evidence.registers
export type Register = keyof typeof t.names

export interface RegisterProps {
  /** Of the row that is open. */
  readonly id: string | undefined
}

export function Listed({
  lead,
  actions,
  children,
}: {
  lead: string
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Text c="dimmed" maw={640}>
          {lead}
        </Text>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}

/** To a row of a register. */
export function RowLink({ show, id, children }: { show: Register; id: string; children: ReactNode }) {
  return (
    <TextLink to="/evidence/registers" search={{ show, id }}>
      {children}
    </TextLink>
  )
}

export function Detail({
  show,
  title,
  actions,
  children,
}: {
  show: Register
  title: string
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <Stack gap="md">
      <Group>
        <ButtonLink
          to="/evidence/registers"
          search={{ show }}
          size="compact-sm"
          variant="subtle"
          leftSection={<ArrowLeft size={16} aria-hidden />}
        >
          {t.back}
        </ButtonLink>
      </Group>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Title order={2}>{title}</Title>
        <Group gap="sm">{actions}</Group>
      </Group>
      {children}
    </Stack>
  )
}

export function Card({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        {title !== undefined && <Title order={3}>{title}</Title>}
        {children}
      </Stack>
    </Paper>
  )
}

/** Words of people, with their lines as they wrote them. */
export function Said({ of }: { of: string | null }) {
  return <Text style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{of ?? t.erased}</Text>
}
