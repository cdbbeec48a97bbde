/** The register of consents: all of them, by pseudonym, with filters in the address. @module */
import { Group, Select, Stack } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { api, said } from '../../api/client.ts'
import { TextLink } from '../../parts/link.tsx'
import { Paged } from '../../parts/paged.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { SELECT_MAX } from '../../parts/select-max.ts'
import { words } from '../../words/words.ts'
import { STATES, Terms } from './consent-list.tsx'
import { registerQuery, type ListedConsent } from './queries.ts'

const t = words.consents
const SHOWN = Object.keys(t.states) as (keyof typeof t.states)[]

export function Register() {
  const search = useSearch({ from: '/inside/consents' })
  const navigate = useNavigate({ from: '/consents' })
  const state = SHOWN.find((one) => one === search.state)
  const consents = useInfiniteQuery(registerQuery({ state, notice: search.notice }))
  const notices = useQuery({ queryKey: ['notices'], queryFn: () => said(api.GET('/v1/notices')) })
  const set = (name: 'state' | 'notice') => (to: string | null) =>
    void navigate({ search: (old) => ({ ...old, [name]: to ?? undefined }), replace: true })
  const isFiltered = state !== undefined || search.notice !== undefined
  return (
    <Stack gap="sm">
      <Group role="search" gap="sm">
        <Select
          label={t.state}
          data={SHOWN.map((value) => ({ value, label: t.states[value] }))}
          value={state ?? null}
          onChange={set('state')}
          placeholder={t.any}
          clearable
          w={{ base: '100%', xs: 180 }}
        />
        <Select
          label={t.notice}
          data={(notices.data?.notices ?? []).map(({ id, notice: { name, version } }) => ({
            value: id,
            label: `${name} ${version}`,
          }))}
          value={search.notice ?? null}
          onChange={set('notice')}
          placeholder={t.any}
          searchable
          clearable
          limit={SELECT_MAX}
          w={{ base: '100%', xs: 280 }}
        />
      </Group>
      <Paged
        of={consents}
        empty={(page) => page.consents.length === 0}
        nothing={
          isFiltered ? (
            <Empty title={t.noneFound}>{t.noneFoundText}</Empty>
          ) : (
            <Empty title={t.noneEver}>{t.noneEverText}</Empty>
          )
        }
      >
        {(pages, paging) => (
          <Rows
            {...paging}
            label={t.tabs.register}
            rows={pages.flatMap((page) => page.consents)}
            columns={COLUMNS}
            keyOf={({ id }) => id}
          />
        )}
      </Paged>
    </Stack>
  )
}

const COLUMNS: readonly Column<ListedConsent>[] = [
  {
    name: t.subject,
    width: 'minmax(16rem, 2fr)',
    cell: ({ subject }) => (
      <TextLink to="/consents/$id" params={{ id: subject }} className="mono">
        {subject}
      </TextLink>
    ),
  },
  {
    name: t.state,
    width: '7rem',
    cell: ({ state }) => <State of={STATES[state]} label={t.states[state]} />,
  },
  {
    name: t.notice,
    width: 'minmax(9rem, 1fr)',
    cell: ({ notice: { name, version } }) => `${name} ${version}`,
  },
  {
    name: t.purposes,
    width: 'minmax(11rem, 2fr)',
    cell: ({ purposes, withdrawn }) => <Terms of={purposes} gone={withdrawn} />,
  },
  { name: t.proof, width: 'minmax(8rem, 1fr)', cell: ({ proof }) => t.proofsShort[proof] },
  {
    name: t.given,
    width: '8rem',
    cell: ({ given, given_at }) => (
      <TextLink to="/log/$index" params={{ index: String(given) }}>
        <Time at={given_at * 1000} as="day" />
      </TextLink>
    ),
  },
  { name: t.expires, width: '8rem', cell: ({ expires }) => <Time at={expires * 1000} as="day" /> },
]
