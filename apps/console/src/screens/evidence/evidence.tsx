/** What a pack of a period would say: by criterion, by test, the populations, samples, narratives. @module */
import { SimpleGrid, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ButtonLink } from '../../parts/link.tsx'
import { Answer, NotYet } from '../../parts/states.tsx'
import { Figure } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Basis } from './bits.tsx'
import { Criteria } from './criteria.tsx'
import { EvidencePage } from './frame.tsx'
import { Narratives } from './narratives.tsx'
import { PeriodPicker } from './period.tsx'
import { Populations } from './populations.tsx'
import { evidenceQuery, useDays, type Days, type Evidence as Shown } from './read.ts'
import { Samples } from './samples.tsx'
import { Tests } from './tests.tsx'

const t = words.evidence
const VIEWS = ['criteria', 'tests', 'populations', 'samples', 'narratives'] as const
type View = (typeof VIEWS)[number]

export function Evidence() {
  const { days, log, error, again } = useDays()
  const navigate = useNavigate({ from: '/evidence' })
  return (
    <EvidencePage
      at="period"
      actions={
        <ButtonLink to="/evidence/packs" variant="default">
          {t.toPacks}
        </ButtonLink>
      }
    >
      {days === null ? (
        <NotYet error={error} again={again} />
      ) : (
        <>
          <PeriodPicker
            days={days}
            log={log}
            onChange={(to) => void navigate({ search: (old) => ({ ...old, ...to }) })}
          />
          <OfPeriod days={days} />
        </>
      )}
    </EvidencePage>
  )
}

function OfPeriod({ days }: { days: Days }) {
  const evidence = useQuery(evidenceQuery(days))
  return <Answer of={evidence}>{(data) => <Views days={days} data={data} />}</Answer>
}

function Views({ days, data }: { days: Days; data: Shown }) {
  const { show = 'criteria' } = useSearch({ from: '/inside/evidence' })
  const navigate = useNavigate({ from: '/evidence' })
  const view: View = VIEWS.find((one) => one === show) ?? 'criteria'
  return (
    <>
      <Basis tree={data.tree} />
      <Figures data={data} />
      <Tabs
        value={view}
        onChange={(to) =>
          void navigate({
            search: (old) => ({ ...old, show: to ?? undefined, result: undefined, criterion: undefined }),
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {VIEWS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t.views[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="criteria">
          <Criteria data={data} days={days} />
        </Tabs.Panel>
        <Tabs.Panel value="tests">
          <Tests tests={data.tests} days={days} />
        </Tabs.Panel>
        <Tabs.Panel value="populations">
          <Populations of={data.populations} days={days} />
        </Tabs.Panel>
        <Tabs.Panel value="samples">
          <Samples data={data} days={days} />
        </Tabs.Panel>
        <Tabs.Panel value="narratives">
          <Narratives controls={data.controls} days={days} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function Figures({ data: { tests, controls, populations } }: { data: Shown }) {
  const of = (result: Shown['tests'][number]['result']): number =>
    tests.filter((test) => test.result === result).length
  const deviations = tests.reduce((sum, test) => sum + test.deviations_n, 0)
  const rows = populations.reduce((sum, one) => sum + one.count, 0)
  const approved = controls.filter(({ approved: said }) => said?.approval?.current === true).length
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
      <Figure label={t.results.no_deviation} value={of('no_deviation')} note={t.ofTests(tests.length)} />
      <Figure
        label={t.results.deviations}
        value={of('deviations')}
        note={t.deviationsIn(count(deviations))}
      />
      <Figure label={t.results.not_reconciled} value={of('not_reconciled')} note={t.notReconciledNote} />
      <Figure label={t.results.did_not_occur} value={of('did_not_occur')} note={t.didNotOccurNote} />
      <Figure
        label={t.views.populations}
        value={populations.length}
        note={t.rowsAndNarratives(count(rows), approved, controls.length)}
      />
    </SimpleGrid>
  )
}
