/** A short table, for registers that people fill by hand. Long ones are {@link Rows}. @module */
import './listing.css'
import { Table, Text } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import type { ReactNode } from 'react'

export interface Cell<T> {
  readonly name: string
  readonly cell: (row: T) => ReactNode
  /** A number: they stand below each other by their last digits. */
  readonly isNumber?: boolean
  /** What the other cells of its row are about. */
  readonly isHeader?: boolean
}

export function Listing<T>({
  label,
  rows,
  columns,
  keyOf,
  none,
  minWidth = 640,
  fixed = false,
}: {
  label: string
  rows: readonly T[]
  columns: readonly Cell<T>[]
  keyOf: (row: T) => string
  /** Said in place of a table without rows. */
  none: string
  /** What the columns need, in pixels: with less room rows are cards. */
  minWidth?: number
  /** Columns share the room evenly, whatever stands in them. */
  fixed?: boolean
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  return (
    <div ref={ref} className="listing" {...(width > 0 && width < minWidth && { 'data-cards': true })}>
      {rows.length === 0 ? (
        <Text c="dimmed">{none}</Text>
      ) : (
        <Filled {...{ label, rows, columns, keyOf, fixed }} />
      )}
    </div>
  )
}

type Rest<T> = Pick<Parameters<typeof Listing<T>>[0], 'label' | 'rows' | 'columns' | 'keyOf' | 'fixed'>

/** The roles are said, because a table that is laid out as cards has none in some browsers. */
function Filled<T>({ label, rows, columns, keyOf, fixed = false }: Rest<T>) {
  return (
    <Table
      verticalSpacing="xs"
      highlightOnHover
      aria-label={label}
      role="table"
      layout={fixed ? 'fixed' : 'auto'}
    >
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ name, isNumber = false }) => (
            <Table.Th key={name} scope="col" {...(isNumber && { 'data-number': true })}>
              {name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody role="rowgroup">
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)} role="row">
            {columns.map(({ name, cell, isNumber = false, isHeader = false }) => (
              <Table.Td
                key={name}
                role={isHeader ? 'rowheader' : 'cell'}
                data-name={name}
                {...(isNumber && { 'data-number': true })}
              >
                <div>{cell(row)}</div>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
