/** Outputs: what waits for a review, how much is attested, all of them, and what left without. @module */
import { Tabs } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { TextLink } from '../../parts/link.tsx'
import { Page } from '../../parts/page.tsx'
import { Paged } from '../../parts/paged.tsx'
import { Rows, type Column } from '../../parts/rows.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { State, Time } from '../../parts/values.tsx'
import { useSession } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { OutputCoverage } from './output-coverage.tsx'
import { OutputDeviations } from './output-deviations.tsx'
import { kindText, outputsQuery, standingOf, waitingQuery, type OutputView } from './output-queries.ts'

const t = words.outputs
const TABS = ['waiting', 'coverage', 'all', 'deviations'] as const

export function Outputs() {
  const { show } = useSearch({ from: '/inside/outputs' })
  const navigate = useNavigate({ from: '/outputs' })
  const tab = TABS.find((one) => one === show) ?? 'waiting'
  return (
    <Page title={t.title} lead={t.lead}>
      <Tabs
        value={tab}
        onChange={(to) => void navigate({ search: to === null || to === 'waiting' ? {} : { show: to } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t.tabs[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="waiting">
          <Waiting />
        </Tabs.Panel>
        <Tabs.Panel value="coverage">
          <OutputCoverage />
        </Tabs.Panel>
        <Tabs.Panel value="all">
          <All />
        </Tabs.Panel>
        <Tabs.Panel value="deviations">
          <OutputDeviations />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

type Names = Readonly<Record<string, string>>

function Waiting() {
  const session = useSession()
  const waiting = useQuery(waitingQuery)
  return (
    <Answer
      of={waiting}
      empty={({ outputs }) => outputs.length === 0}
      nothing={<Empty title={t.none}>{t.noneText}</Empty>}
    >
      {({ outputs, names }) => (
        <Rows
          label={t.tabs.waiting}
          rows={outputs}
          columns={[
            ...firstColumns(names),
            {
              name: t.standing,
              width: 'minmax(14rem, 2fr)',
              cell: (output) => standingOf(output, session.now),
            },
          ]}
          keyOf={({ id }) => id}
        />
      )}
    </Answer>
  )
}

function All() {
  const all = useInfiniteQuery(outputsQuery)
  return (
    <Paged
      of={all}
      empty={({ outputs }) => outputs.length === 0}
      nothing={<Empty title={t.noneEver}>{t.noneEverText}</Empty>}
    >
      {(pages, paging) => (
        <Rows
          {...paging}
          label={t.tabs.all}
          rows={pages.flatMap(({ outputs }) => outputs)}
          columns={[
            ...firstColumns(Object.assign({}, ...pages.map(({ names }) => names)) as Names),
            {
              name: t.role,
              width: '9rem',
              cell: ({ role }) =>
                role === null ? (
                  <State of="waiting" label={t.notAttested} />
                ) : (
                  <State of="approved" label={t.roles[role]} />
                ),
            },
            {
              name: t.released,
              width: '12rem',
              cell: ({ released }) => (released === null ? t.notReleased : <Time at={released} />),
            },
          ]}
          keyOf={({ id }) => id}
        />
      )}
    </Paged>
  )
}

function firstColumns(names: Names): readonly Column<OutputView>[] {
  return [
    {
      name: t.kind,
      width: 'minmax(9rem, 1.5fr)',
      cell: ({ id, kind }) => (
        <TextLink to="/outputs/$id" params={{ id }}>
          {kindText(kind)}
        </TextLink>
      ),
    },
    {
      name: t.agent,
      width: 'minmax(9rem, 1.5fr)',
      cell: ({ agent, registrar }) => names[agent ?? registrar] ?? agent ?? registrar,
    },
    { name: t.registered, width: '12rem', cell: ({ registered }) => <Time at={registered} /> },
  ]
}
