/** A line that says which keys a screen has. @module */
import { Group, Kbd, Text } from '@mantine/core'

export function KeyHelp({ label, keys }: { label: string; keys: readonly (readonly [string, string])[] }) {
  return (
    <Group gap="xs" className="no-print" visibleFrom="sm" role="note" aria-label={label}>
      {keys.map(([key, what]) => (
        <Group key={key} gap={4} wrap="nowrap">
          <Kbd size="xs">{key}</Kbd>
          <Text size="sm" c="dimmed">
            {what}
          </Text>
        </Group>
      ))}
    </Group>
  )
}
