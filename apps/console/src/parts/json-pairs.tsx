/** Any JSON as readable pairs: names as words, times as times, identifiers with what people call them. @module */
import { Badge, Box, Group, ScrollArea, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { duration } from '../../../server/pages/plain.js'
import { count, milliseconds } from '../shell/format.ts'
import { words } from '../words/words.ts'
import { Pairs, Time } from './values.tsx'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
/** A key, a hash, a signature: what nobody reads as a word. */
const OPAQUE = /^[A-Za-z0-9_+/=.~-]{24,}$/
/** Longer than this it scrolls in a place of its own. */
const LONG_CHARS = 240
/** Items of a list that are shown; the rest stands in the JSON. */
const ITEMS_MAX = 50

type Names = ReadonlyMap<string, string>

/** Units as they stand last in a name (`triage_min`), in seconds; and what says a count. */
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, hours: 3600, days: 86_400 }
const UNIT = /_(ms|s|min|hours|days|n|bytes)$/

/** @param unit of the numbers below a name that has one */
export function JsonPairs({
  of,
  names,
  unit,
}: {
  of: Readonly<Record<string, unknown>>
  names: Names
  unit?: string | undefined
}) {
  return (
    <Pairs
      of={Object.entries(of).map(
        ([name, value]) =>
          [
            labelOf(name),
            <Value key={name} of={value} names={names} unit={UNIT.exec(name)?.[1] ?? unit} />,
          ] as const,
      )}
    />
  )
}

export function labelOf(name: string): string {
  const text = name.replace(UNIT, '').replaceAll(/[_.]/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function Value({
  of,
  names,
  unit,
}: {
  of: unknown
  names: Names
  unit?: string | undefined
}): ReactNode {
  if (of === null || of === undefined || of === '') return '–'
  if (typeof of === 'boolean') return of ? words.values.yes : words.values.no
  if (typeof of === 'number') return numberText(of, unit)
  if (typeof of === 'string') return <TextValue of={of} names={names} />
  if (Array.isArray(of)) return <ListValue of={of} names={names} />
  return (
    <Box className="nested">
      <JsonPairs of={of as Record<string, unknown>} names={names} unit={unit} />
    </Box>
  )
}

/** Beyond this, milliseconds are a moment and no duration. */
const MOMENT_MS = 1e12

function numberText(of: number, unit: string | undefined): ReactNode {
  if (unit === 'ms' && of > MOMENT_MS) return <Time at={of} />
  const seconds = unit === undefined ? undefined : SECONDS[unit]
  if (seconds === undefined) return count(of)
  return unit === 'ms' && of < 1000 ? milliseconds(of) : duration(of * seconds)
}

function TextValue({ of, names }: { of: string; names: Names }) {
  const name = names.get(of)
  if (name !== undefined)
    return (
      <>
        {name}{' '}
        <Text span className="mono" c="dimmed">
          {of}
        </Text>
      </>
    )
  if (TIME.test(of)) return <Time at={of} />
  if (of.length > LONG_CHARS)
    return (
      <ScrollArea.Autosize mah={120} type="auto" className={OPAQUE.test(of) ? 'mono' : ''} tabIndex={0}>
        {of}
      </ScrollArea.Autosize>
    )
  return OPAQUE.test(of) ? <span className="mono">{of}</span> : of
}

function ListValue({ of, names }: { of: readonly unknown[]; names: Names }) {
  if (of.length === 0) return words.values.none
  if (of.every((each) => typeof each !== 'object' || each === null))
    return (
      <Group gap={6}>
        {of.slice(0, ITEMS_MAX).map((each) => (
          <Badge key={String(each)} variant="default" tt="none" fw={400} className="wraps">
            {names.get(String(each)) ?? String(each)}
          </Badge>
        ))}
        {of.length > ITEMS_MAX && <Text size="sm">{words.values.andMore(of.length - ITEMS_MAX)}</Text>}
      </Group>
    )
  return (
    <>
      {of.slice(0, ITEMS_MAX).map((each, index) => (
        <Box key={index} mb={6}>
          <Value of={each} names={names} />
        </Box>
      ))}
      {of.length > ITEMS_MAX && <Text size="sm">{words.values.andMore(of.length - ITEMS_MAX)}</Text>}
    </>
  )
}
