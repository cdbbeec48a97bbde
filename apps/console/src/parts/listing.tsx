/** A short table, for registers that people fill by hand. Long ones are {@link Rows}. @module */
import './listing.css'
import { Table, Text } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import type { ReactNode } from 'react'

export interface Cell<T> {
  readonly name: string
  readonly cell: (row: T) => ReactNode
}

export function Listing<T>({
  label,
  rows,
  columns,
  keyOf,
  none,
  minWidth = 640,
}: {
  label: string
  rows: readonly T[]
  columns: readonly Cell<T>[]
  keyOf: (row: T) => string
  /** Said in place of a table without rows. */
  none: string
  /** What the columns need, in pixels: with less room rows are cards. */
  minWidth?: number
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  return (
    <div ref={ref} className="listing" {...(width > 0 && width < minWidth && { 'data-cards': true })}>
      {rows.length === 0 ? <Text c="dimmed">{none}</Text> : <Filled {...{ label, rows, columns, keyOf }} />}
    </div>
  )
}

type Rest<T> = Pick<Parameters<typeof Listing<T>>[0], 'label' | 'rows' | 'columns' | 'keyOf'>

/** The roles are said, because a table that is laid out as cards has none in some browsers. */
function Filled<T>({ label, rows, columns, keyOf }: Rest<T>) {
  return (
    <Table verticalSpacing="xs" highlightOnHover aria-label={label} role="table">
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ name }) => (
            <Table.Th key={name} scope="col">
              {name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody role="rowgroup">
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)} role="row">
            {columns.map(({ name, cell }) => (
              <Table.Td key={name} role="cell" data-name={name}>
                <div>{cell(row)}</div>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
