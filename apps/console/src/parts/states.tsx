/** What a screen shows when it has nothing to show yet, nothing at all, or a fault. One look for all screens. @module */
import { Alert, Button, Center, Code, Group, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { CircleAlert, CloudOff, Inbox, RotateCw } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { ApiFault } from '../api/client.ts'
import { relative } from '../shell/format.ts'
import { words } from '../words/words.ts'
import { useNow } from './clock.ts'

export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label={words.states.loading}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={34} />
      ))}
    </Stack>
  )
}

/** @param next what the reader can do about it, such as a button */
export function Empty({ title, children, next }: { title: string; children: ReactNode; next?: ReactNode }) {
  return (
    <Center mih={220} p="md">
      <Stack align="center" gap="xs" maw={440} ta="center">
        <ThemeIcon variant="light" size={44} radius="xl" aria-hidden>
          <Inbox size={22} />
        </ThemeIcon>
        <Title order={2} size="h3">
          {title}
        </Title>
        <Text c="dimmed">{children}</Text>
        {next}
      </Stack>
    </Center>
  )
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const offline = error instanceof ApiFault && error.code === 'OFFLINE'
  const said = error instanceof Error ? error.message : words.states.unknown
  const text = offline ? words.states.offlineText : said
  return (
    <Alert
      color={offline ? 'gray' : 'red'}
      icon={offline ? <CloudOff aria-hidden /> : <CircleAlert aria-hidden />}
      title={offline ? words.states.offline : words.states.failed}
      role="alert"
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{text}</Text>
        <Group gap="sm">
          {again !== undefined && (
            <Button
              size="xs"
              variant="default"
              leftSection={<RotateCw size={14} aria-hidden />}
              onClick={again}
            >
              {words.states.again}
            </Button>
          )}
          {error instanceof ApiFault && <Code>{error.code}</Code>}
        </Group>
      </Stack>
    </Alert>
  )
}

/** Of a query that is asked again after it failed, until it has answered: it says nothing of that itself. */
export function useFault(of: { data: unknown; error: Error | null; errorUpdateCount: number }): Error | null {
  const [kept, setKept] = useState<Error | null>(null)
  const fault = of.error ?? (of.data === undefined && of.errorUpdateCount > 0 ? kept : null)
  if (fault !== kept) setKept(fault)
  return fault
}

/** Above an old answer where a new one cannot be had. @param at when the old one came, milliseconds since 1970 */
export function Stale({ at, error, again }: { at: number; error: Error; again: () => void }) {
  const now = useNow()
  return (
    <Alert color="yellow" mb="sm" role="status" icon={<CloudOff aria-hidden />}>
      <Group gap="sm" justify="space-between">
        <Text size="sm">
          {words.states.stale(relative(at, now))} {error.message}
        </Text>
        <Group gap="sm">
          <Button size="compact-sm" variant="default" onClick={again}>
            {words.states.again}
          </Button>
          {error instanceof ApiFault && <Code>{error.code}</Code>}
        </Group>
      </Group>
    </Alert>
  )
}

/** In the place of what cannot be asked for yet: what it depends on is on its way, or cannot be had. */
export function NotYet({ error, again, rows }: { error: Error | null; again: () => void; rows?: number }) {
  if (error !== null) return <Failed error={error} again={again} />
  return rows === undefined ? <Loading /> : <Loading rows={rows} />
}

/**
 * The answer of a query, in whichever state it is. An old answer stays while a new one cannot be had, and says so.
 * @param empty whether the answer has nothing in it; then `nothing` is shown
 */
export function Answer<T>({
  of,
  children,
  empty,
  nothing,
}: {
  of: UseQueryResult<T>
  children: (data: T) => ReactNode
  empty?: (data: T) => boolean
  nothing?: ReactNode
}) {
  const again = () => void of.refetch()
  const fault = useFault(of)
  if (of.data === undefined) return <NotYet error={fault} again={again} />
  return (
    <>
      {fault !== null && <Stale at={of.dataUpdatedAt} error={fault} again={again} />}
      {empty?.(of.data) === true ? nothing : children(of.data)}
    </>
  )
}
