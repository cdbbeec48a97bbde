/** Chooses the period, in days of UTC. It stands in the address, so that what is seen can be linked to. @module */
import { Group, Select, TextInput } from '@mantine/core'
import { words } from '../../words/words.ts'
import { DAY_MS, isDay, type Days, type Plan } from './read.ts'

const t = words.evidence.period
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export function PeriodPicker({
  days,
  log,
  onChange,
}: {
  days: Days
  log: Plan | undefined
  onChange: (days: Days) => void
}) {
  const usual = log === undefined ? [] : usualPeriods(log)
  const chosen = usual.find(({ days: { from, to } }) => from === days.from && to === days.to)
  return (
    <Group gap="sm" align="flex-end" role="group" aria-label={t.label}>
      <Select
        label={t.usual}
        w={{ base: '100%', xs: 280 }}
        data={usual.map(({ name }) => name)}
        value={chosen?.name ?? null}
        placeholder={t.own}
        allowDeselect={false}
        onChange={(name) => {
          const found = usual.find((one) => one.name === name)
          if (found !== undefined) onChange(found.days)
        }}
      />
      <TextInput
        type="date"
        label={t.from}
        value={days.from}
        max={days.to}
        onChange={({ currentTarget: { value } }) => {
          if (isDay(value) && value < days.to) onChange({ ...days, from: value })
        }}
      />
      <TextInput
        type="date"
        label={t.to}
        value={days.to}
        min={days.from}
        onChange={({ currentTarget: { value } }) => {
          if (isDay(value) && value > days.from) onChange({ ...days, to: value })
        }}
      />
    </Group>
  )
}

/** By the clock of the control plane; each begins no earlier than the log. */
function usualPeriods({ time, started }: Plan): readonly { name: string; days: Days }[] {
  const now = new Date(time)
  const year = now.getUTCFullYear()
  const quarter = Math.floor(now.getUTCMonth() / 3) * 3
  const tomorrow = dayOf(time + DAY_MS)
  const first = dayOf(started)
  const at = (of: number, month: number): string => dayOf(Date.UTC(of, month, 1))
  const all = [
    { name: t.last90, days: { from: dayOf(Date.parse(tomorrow) - 90 * DAY_MS), to: tomorrow } },
    { name: t.month, days: { from: at(year, now.getUTCMonth()), to: at(year, now.getUTCMonth() + 1) } },
    { name: t.lastMonth, days: { from: at(year, now.getUTCMonth() - 1), to: at(year, now.getUTCMonth()) } },
    { name: t.quarter, days: { from: at(year, quarter), to: at(year, quarter + 3) } },
    { name: t.lastQuarter, days: { from: at(year, quarter - 3), to: at(year, quarter) } },
    { name: t.year, days: { from: at(year, 0), to: at(year + 1, 0) } },
    { name: t.all, days: { from: first, to: tomorrow } },
  ]
  const later = (a: string, b: string): string => (a > b ? a : b)
  return all
    .filter(({ days: { to } }) => to > first)
    .map(({ name, days: { from, to } }) => ({
      name: from < first ? t.cut(name) : name,
      days: { from: later(from, first), to },
    }))
    .filter(({ name }) => name !== t.cut(t.last90)) // then it is all there is, which has its own name
}
