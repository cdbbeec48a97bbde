/** What one JSON document changes of another, member by member: was, becomes. @module */
import { Code, Text } from '@mantine/core'
import { words } from '../words/words.ts'
import { labelOf } from './json-pairs.tsx'
import { Listing, type Cell } from './listing.tsx'

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

const COLUMNS: readonly Cell<Change>[] = [
  {
    name: words.settings.templates.member,
    cell: ({ member }) => <span className="breaks">{labelOf(member)}</span>,
    isHeader: true,
  },
  { name: t.was, cell: (change) => <Side of={change.was} isThere={'was' in change} /> },
  { name: t.becomes, cell: (change) => <Side of={change.becomes} isThere={'becomes' in change} /> },
]

export function Changes({ of, none }: { of: readonly Change[]; none: string }) {
  return (
    <Listing
      label={t.changes}
      rows={of}
      columns={COLUMNS}
      keyOf={({ member }) => member}
      none={none}
      minWidth={520}
      fixed
    />
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
