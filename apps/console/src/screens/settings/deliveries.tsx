/** What channels were told, are to be told, or could not be told. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ConfirmButton } from '../../parts/approve.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import { Text } from '@mantine/core'

const t = words.settings.channels

type Delivery =
  paths['/v1/alert-deliveries']['get']['responses'][200]['content']['application/json']['deliveries'][number]
const STATES = { waiting: 'waiting', taken: 'active', dead: 'revoked' } as const

export function Deliveries() {
  const queries = useQueryClient()
  const deliveries = useQuery({
    queryKey: ['alert-deliveries'],
    queryFn: () => said(api.GET('/v1/alert-deliveries')),
    refetchInterval: 15_000,
  })
  const again = () => void queries.invalidateQueries({ queryKey: ['alert-deliveries'] })
  return (
    <Section title={t.deliveries}>
      <Answer
        of={deliveries}
        empty={(data) => data.deliveries.length === 0}
        nothing={<Text c="dimmed">{t.noDeliveries}</Text>}
      >
        {(data) => (
          <Rows
            label={t.deliveries}
            rows={data.deliveries}
            columns={columns(again)}
            keyOf={({ id }) => id}
            height={320}
          />
        )}
      </Answer>
    </Section>
  )
}

function columns(again: () => void): readonly Column<Delivery>[] {
  return [
    { name: t.when, width: '9rem', cell: ({ time }) => <Time at={time} ago /> },
    { name: t.event, width: '8rem', cell: ({ event }) => event },
    { name: t.state, width: '7rem', cell: ({ state }) => <State of={STATES[state]} label={state} /> },
    { name: t.attempts, width: '5rem', cell: ({ attempts }) => attempts },
    { name: t.why, width: 'minmax(10rem, 2fr)', cell: ({ why }) => why ?? '–' },
    {
      name: words.settings.actions,
      width: '8rem',
      stays: true,
      cell: ({ id, state }) =>
        state === 'dead' && (
          <ConfirmButton
            label={t.again}
            consequences={t.again}
            whyNot={null}
            run={() => said(api.POST('/v1/alert-deliveries/redeliver', { body: { notice: id } }))}
            onDone={again}
          />
        ),
    },
  ]
}
