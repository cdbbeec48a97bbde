/**
 * A table of any length: only the rows in view are in the page, and more are asked for as the end comes near. Where it lacks
 * room for its columns each row is a card. Works with a keyboard (arrows move the focus from row to row) and says to a
 * screen reader how many rows there are.
 * @module
 */
import { Box, Loader, Text } from '@mantine/core'
import { useElementSize, useMergedRef } from '@mantine/hooks'
import { defaultKeyExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { usePrinting } from './printing.ts'
import { words } from '../words/words.ts'

export interface Column<T> {
  readonly name: string
  /** As CSS grid takes it: `2fr`, `120px`, `minmax(8rem, 1fr)`. */
  readonly width: string
  readonly cell: (row: T) => ReactNode
  /** Stays in view at the end while the rest scrolls: for what can be done. Only the last column. */
  readonly stays?: boolean
}

const ROW_PX = 44
/** Of one cell in a card, until it is measured. */
const LINE_PX = 32
const REM_PX = 16
/** Some forty pages. */
const PRINTED_MAX = 1_000
/** Rows from the end at which the next page is asked for. */
const AHEAD = 20

export function Rows<T>({
  label,
  rows,
  columns,
  keyOf,
  more,
  loading = false,
  height = 520,
  row_px = ROW_PX,
  onTop,
}: {
  label: string
  rows: readonly T[]
  columns: readonly Column<T>[]
  keyOf: (row: T) => string
  /** Asks for the next page; absent: there is none. */
  more?: (() => void) | undefined
  loading?: boolean
  height?: number | string
  row_px?: number
  /** Told when the reader comes to the first rows or leaves them: what is live waits meanwhile. */
  onTop?: (isAtTop: boolean) => void
}) {
  const frame = useRef<HTMLDivElement>(null)
  const room = useElementSize<HTMLDivElement>()
  const ref = useMergedRef(frame, room.ref)
  const isCards = room.width > 0 && room.width < narrowest(columns) * REM_PX
  const keyAt = (index: number): string | number => {
    const row = rows[index]
    return row === undefined ? index : keyOf(row)
  }
  // The compiler of React cannot see through it; the table is small.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    // What was measured of a card stays with it when others come before it; rows of one height are not looked at.
    getItemKey: isCards ? keyAt : defaultKeyExtractor,
    estimateSize: () => (isCards ? columns.length * LINE_PX : row_px),
    overscan: 12,
  })
  useEffect(() => virtual.measure(), [virtual, isCards])
  const isPrinting = usePrinting()
  const items = isPrinting ? printed(rows.length) : virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more !== undefined && !loading && last >= rows.length - AHEAD) more()
  }, [more, loading, last, rows.length])
  const columnsCss = columns.map(({ width }) => width).join(' ')
  const isShort = virtual.getTotalSize() + 40 < (typeof height === 'number' ? height : Infinity)
  return (
    <Box
      className="rows"
      ref={ref}
      {...(isCards && { 'data-cards': true })}
      role="table"
      aria-label={label}
      aria-rowcount={more === undefined ? rows.length + 1 : -1}
      style={isShort ? { maxHeight: height } : { height }}
      onKeyDown={moveFocus}
      onScroll={(event) => onTop?.(event.currentTarget.scrollTop < row_px)}
      tabIndex={0}
    >
      <Box style={isCards ? {} : { minWidth: `${narrowest(columns)}rem` }}>
        <Box role="rowgroup">
          <Box role="row" data-head aria-rowindex={1} style={{ gridTemplateColumns: columnsCss }}>
            {columns.map(({ name, stays = false }) => (
              <Box key={name} role="columnheader" {...(stays && { 'data-stays': true })}>
                {name}
              </Box>
            ))}
          </Box>
        </Box>
        <Box
          role="rowgroup"
          style={isPrinting ? {} : { height: virtual.getTotalSize(), position: 'relative' }}
        >
          {items.map(({ index, start, size }) => {
            const row = rows[index]
            if (row === undefined) return null
            return (
              <Box
                key={keyOf(row)}
                {...(isCards && { ref: virtual.measureElement })}
                data-index={index}
                role="row"
                data-link
                aria-rowindex={index + 2}
                style={{
                  ...(isPrinting ? {} : placed(start)),
                  ...(isCards ? {} : { gridTemplateColumns: columnsCss, height: size }),
                }}
              >
                {columns.map(({ name, cell, stays = false }) => (
                  <Box key={name} role="cell" data-name={name} {...(stays && { 'data-stays': true })}>
                    {isCards ? <div>{cell(row)}</div> : cell(row)}
                  </Box>
                ))}
              </Box>
            )
          })}
        </Box>
        {isPrinting && (rows.length > PRINTED_MAX || more !== undefined) && (
          <Text size="sm" p="xs">
            {words.states.notPrinted}
          </Text>
        )}
        {loading && (
          <Text size="sm" c="dimmed" p="xs" role="status">
            <Loader size="xs" aria-hidden /> {words.states.more}
          </Text>
        )}
      </Box>
    </Box>
  )
}

/** Below the others, which are not all in the page. */
function placed(start: number) {
  return { position: 'absolute', insetInline: 0, transform: `translateY(${start}px)` } as const
}

function printed(length: number): { index: number; start: number; size: number }[] {
  return Array.from({ length: Math.min(length, PRINTED_MAX) }, (_, index) => ({
    index,
    start: 0,
    size: ROW_PX,
  }))
}

/** What the columns need at least, in rem, so that a row is as wide as its cells. */
function narrowest(columns: readonly { readonly width: string }[]): number {
  const each = columns.map(({ width }) => Number(/([\d.]+)rem/.exec(width)?.[1] ?? 7))
  return each.reduce((sum, rem) => sum + rem + 0.75, 0.75)
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="row"] a, [role="row"] button')]
  const at = links.indexOf(document.activeElement as HTMLElement)
  const next = links[at + (event.key === 'ArrowDown' ? 1 : -1)]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
