/** Lists that look back from a time in the past: the time stands in the address, and the log says where that is in it. @module */
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../api/client.ts'
import { isUtc } from '../shell/zone.ts'
import { words } from '../words/words.ts'

export interface Until {
  /** Index below which the list begins; null: with the newest, or not known yet. */
  readonly before: number | null
  readonly isKnown: boolean
  readonly error: Error | null
  readonly again: () => void
}

/** @param at RFC 3339; undefined: now, and what comes is heard of */
export function useUntil(at: string | undefined): Until {
  const found = useQuery({
    queryKey: ['checkpoint', 'at', at],
    queryFn: () => said(api.GET('/v1/checkpoints', { params: { query: { at: at ?? '' } } })),
    enabled: at !== undefined,
    staleTime: Infinity,
  })
  const before = found.data?.size ?? null
  const again = () => void found.refetch()
  return { before, isKnown: at === undefined || before !== null, error: found.error, again }
}

/** In the zone in which times are written. */
export function UntilField({
  at,
  onChange,
}: {
  at: string | undefined
  onChange: (at: string | undefined) => void
}) {
  return (
    <TextInput
      type="datetime-local"
      label={isUtc() ? words.values.untilUtc : words.values.until}
      step={1}
      value={at === undefined ? '' : localOf(at)}
      onChange={(event) => {
        const ms = Date.parse(isUtc() ? `${event.currentTarget.value}Z` : event.currentTarget.value)
        onChange(Number.isNaN(ms) ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`)
      }}
      w={{ base: '100%', xs: 205 }}
    />
  )
}

/** As the field of a browser takes it: without a zone. */
function localOf(at: string): string {
  const ms = Date.parse(at)
  if (Number.isNaN(ms)) return ''
  const ahead_ms = isUtc() ? 0 : new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - ahead_ms).toISOString().slice(0, 19)
}
