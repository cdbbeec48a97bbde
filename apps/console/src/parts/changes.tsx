/** What one JSON document changes of another, member by member: was, becomes. @module */
import { Code, Table, Text } from '@mantine/core'
import { words } from '../words/words.ts'
import { labelOf } from './json-pairs.tsx'

const t = words.settings.policies

export interface Change {
  readonly member: string
  readonly was?: unknown
  readonly becomes?: unknown
}

/** How deep members are told apart. Below, a member is said as a whole. */
const DEPTH_MAX = 3

/** The members that differ, by their path. */
export function changesOf(was: unknown, becomes: unknown, path = '', depth = 0): Change[] {
  if (JSON.stringify(was) === JSON.stringify(becomes)) return []
  if (!isObject(was) || !isObject(becomes) || depth === DEPTH_MAX)
    return [
      {
        member: path,
        ...(was === undefined ? {} : { was }),
        ...(becomes === undefined ? {} : { becomes }),
      },
    ]
  return [...new Set([...Object.keys(was), ...Object.keys(becomes)])].flatMap((name) =>
    changesOf(was[name], becomes[name], path === '' ? name : `${path}.${name}`, depth + 1),
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function Changes({ of, none }: { of: readonly Change[]; none: string }) {
  if (of.length === 0) return <Text c="dimmed">{none}</Text>
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table verticalSpacing="xs" layout="fixed" aria-label={t.changes}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" w="24%">
              {words.settings.templates.member}
            </Table.Th>
            <Table.Th scope="col">{t.was}</Table.Th>
            <Table.Th scope="col">{t.becomes}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {of.map((change) => (
            <Table.Tr key={change.member}>
              <Table.Th scope="row" fw={400} className="breaks">
                {labelOf(change.member)}
              </Table.Th>
              <Table.Td>
                <Side of={change.was} isThere={'was' in change} />
              </Table.Td>
              <Table.Td>
                <Side of={change.becomes} isThere={'becomes' in change} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Side({ of, isThere }: { of: unknown; isThere: boolean }) {
  if (!isThere) return <Text c="dimmed">{t.absent}</Text>
  if (typeof of === 'object' && of !== null)
    return (
      <Code block className="wraps">
        {JSON.stringify(of, null, 2)}
      </Code>
    )
  return <span className="breaks">{String(of)}</span>
}
