/** What a grant allows, in the words of the page on which it is signed. @module */
import { Text } from '@mantine/core'
import { grantRows } from '../../../../server/pages/grants.js'
import { Pairs } from '../../parts/values.tsx'
import type { Row } from '../../gesture/view.ts'
import type { Grant } from './chain-model.ts'

export function rowsOf(grant: unknown): readonly Row[] {
  return grantRows(grant)
}

/** @param changed labels of rows to be marked, with a word for why */
export function GrantView({
  grant,
  changed = {},
}: {
  grant: Grant
  changed?: Readonly<Record<string, string>>
}) {
  const { from: _from, ...said } = grant
  return (
    <Pairs
      of={rowsOf(said).map(({ label, lines }) => [
        label,
        <span key={label}>
          {lines.map((line) => (
            <Text key={line} component="div" {...(changed[label] !== undefined && { fw: 600 })}>
              {line}
            </Text>
          ))}
          {changed[label] !== undefined && (
            <Text size="xs" c="dimmed" component="div">
              {changed[label]}
            </Text>
          )}
        </span>,
      ])}
    />
  )
}
