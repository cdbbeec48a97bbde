/** The populations of a period: what each is, and how many rows it has. @module */
import { Rows, type Column } from '../../parts/rows.tsx'
import { TextLink } from '../../parts/link.tsx'
import { Empty } from '../../parts/states.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Days, Evidence } from './read.ts'

const t = words.evidence
type One = Evidence['populations'][number]

export function Populations({ of, days }: { of: readonly One[]; days: Days }) {
  if (of.length === 0) return <Empty title={t.noPopulations}>{t.noPopulationsText}</Empty>
  return (
    <Rows
      label={t.views.populations}
      rows={of}
      columns={columns(days)}
      keyOf={({ name }) => name}
      height={640}
    />
  )
}

function columns(days: Days): readonly Column<One>[] {
  return [
    {
      name: t.population,
      width: 'minmax(12rem, 1fr)',
      cell: ({ name }) => (
        <TextLink to="/evidence/populations/$name" params={{ name }} search={{ ...days }}>
          {name.replaceAll('_', ' ')}
        </TextLink>
      ),
    },
    { name: t.rows, width: '6rem', cell: ({ count: n }) => count(n) },
    {
      name: t.definition,
      width: 'minmax(16rem, 3fr)',
      cell: ({ definition }) => <span title={definition}>{definition}</span>,
    },
  ]
}
