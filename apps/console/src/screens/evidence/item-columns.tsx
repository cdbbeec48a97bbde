/** Rows of populations as columns: entries and actions lead to what they are, identifiers are told by name. @module */
import { TextLink } from '../../parts/link.tsx'
import type { Column } from '../../parts/rows.tsx'
import { Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { EntryLink } from './bits.tsx'

export type Row = Readonly<Record<string, unknown>>
const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/
/** What most readers look for stands first. */
const FIRST = ['index', 'time', 'id', 'agent', 'action', 'status']

type Names = ReadonlyMap<string, string>

/** Members of the rows, those that are looked for most first. */
export function columnsOf(rows: readonly Row[], known: Names): readonly Column<{ row: Row; at: number }>[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return names
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => ({
      name: headOf(name),
      width: name === 'index' ? '5rem' : 'minmax(12.5rem, 1fr)',
      cell: ({ row }) => <Cell name={name} value={row[name]} names={known} />,
    }))
}

const HEADS: Readonly<Record<string, string>> = words.evidence.itemHeads

/** As a person reads it. */
function headOf(name: string): string {
  const text = name.replaceAll('_', ' ')
  return HEADS[name] ?? text.charAt(0).toUpperCase() + text.slice(1)
}

function Cell({ name, value, names }: { name: string; value: unknown; names: Names }) {
  if (name === 'index' && typeof value === 'number') return <EntryLink index={value} />
  if (name === 'action' && typeof value === 'string')
    return (
      <TextLink to="/activity/$action" params={{ action: value }} title={value}>
        {value}
      </TextLink>
    )
  if (typeof value === 'string' && TIME.test(value)) return <Time at={value} />
  return <span title={plain(value, NOBODY)}>{plain(value, names)}</span>
}

/** Identifiers as they are: for who points at a name. */
const NOBODY: Names = new Map()

function plain(value: unknown, names: Names): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? words.values.yes : words.values.no
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map((one) => plain(one, names)).join(', ')
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => `${name.replaceAll('_', ' ')}: ${plain(inner, names)}`)
      .join('; ')
  return typeof value === 'string' ? (names.get(value) ?? value) : JSON.stringify(value)
}
